/** Addresses below the platform's host. */
import type { Settings } from "../ports/platform/setting.ts";
import { textOf } from "./read-settings.ts";

/**
 * @param paths one below the other, below the path of `host`, if that has one; the last may have a query of its own. Empty ones are left out.
 * @param query is added to that query.
 */
export function addressOf(
  settings: Settings,
  paths: readonly string[],
  query: Readonly<Record<string, string>> = {},
): string {
  const host = new URL(textOf(settings, "host"));
  // Slashes at the joints go, so that no path begins another host (`//elsewhere`) or another port (`:8080`).
  const below = paths.map((path) => path.replace(/^[/\\]+/u, "")).filter((path) => path !== "");
  const joined = [host.pathname, ...below].reduce((above, path) => `${above.replace(/[/\\]+$/u, "")}/${path}`);
  const url = new URL(`${host.origin}${joined}`);
  for (const [name, value] of Object.entries(query)) {
    url.searchParams.append(name, value);
  }
  return url.href;
}
