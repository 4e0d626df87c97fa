/** The secrets that sign what is delivered: one, and during a rotation those before it. */
import type { DestinationRecord, SigningSecret } from "../../domain/webhook/destination.ts";
import type { DestinationEventOf } from "./events.ts";

/** Each of them adds a signature to every request. */
const MAX_SECRETS = 5;

/** Those that sign at `at`, the newest first. */
export function liveSecrets({ secrets }: Pick<DestinationRecord, "secrets">, at: number): readonly SigningSecret[] {
  return secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt > at);
}

/** A new one in front. Those before it sign for `overlapMs` more, or as long as they had, if that is less; past five the oldest goes. */
export function rotated(
  record: Pick<DestinationRecord, "secrets">,
  { at, id, sealed, overlapMs }: DestinationEventOf<"ROTATE_SECRET">,
): readonly SigningSecret[] {
  const until = at + overlapMs;
  const before = liveSecrets(record, at).map((secret) => ({
    ...secret,
    expiresAt: Math.min(secret.expiresAt ?? until, until),
  }));
  return liveSecrets({ secrets: [{ id, sealed, createdAt: at, expiresAt: null }, ...before] }, at).slice(
    0,
    MAX_SECRETS,
  );
}
