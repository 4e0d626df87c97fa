import { createRequire } from "node:module";

/** The version of this Belfry, as its package says. */
export function ownVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)("../../package.json");
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "unknown";
}
