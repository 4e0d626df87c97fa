import { createHash } from "node:crypto";

/** A short text that differs when the request differs. */
export function fingerprint(request: unknown): string {
  return createHash("sha256").update(JSON.stringify(request)).digest("base64url").slice(0, 22);
}
