/** Addresses below the platform's host. */
import { textOf } from "../read-settings.ts";
import type { Settings } from "../setting.ts";

/** @param path below the path of `host`, if that has one; it may have a query of its own. */
export function addressOf(settings: Settings, path: string, query: Readonly<Record<string, string>>): string {
  const host = new URL(textOf(settings, "host"));
  // Slashes at the joint go, so that no path begins another host (`//elsewhere`) or another port (`:8080`).
  const below = `${host.pathname.replace(/\/+$/u, "")}/${path.replace(/^[/\\]+/u, "")}`;
  const url = new URL(`${host.origin}${below}`);
  for (const [name, value] of Object.entries(query)) {
    url.searchParams.append(name, value);
  }
  return url.href;
}
