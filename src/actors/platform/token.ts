/**
 * The access token of a platform: how long it is used, when it is fetched anew, and what comes of asking for one.
 *
 * - **P1** A token is used until 300 s before the platform says that it expires, and for 60 s at least: `expiresAt` is that instant.
 * - **P2** It is replaced ahead of that instant, beside the pushes and only when there are pushes, and that is tried once: when it fails, the
 *   token serves until its end, and the push that comes then waits for the next.
 * - **P3** A token that the platform did not take is forgotten once, however many pushes hear of it: the first of them brings a new one, and what
 *   the others say is about a token that is gone. Sealing is never the same twice, so that a new token is told from an old one.
 * - **P4** No token, no push: a failure to get one that was needed counts against the breaker, once for all pushes that waited. One ahead of time
 *   doesn't: the platform works as long as the token does.
 * - **P5** What was asked for with other settings than those of now says nothing.
 * - **P6** Who could not give a token that was needed is not asked again for 5 s, whatever the breaker makes of it, and nothing is pushed until then:
 *   what waits costs no attempt. A caller may ask all the same.
 *
 * One fetch at a time is up to the node that has the actor. When the clock was put back, a token is used for longer; the platform says when not.
 */
import type { PlatformRecord, PlatformToken, TokenFailure } from "../../domain/platform/platform.ts";
import { aheadFrom } from "../../domain/platform/token-health.ts";
import { announce } from "../breaker/effects.ts";
import { tell } from "../throttle/throttled.ts";
import { haveSameCredentials } from "./changes.ts";
import type { PlatformEventOf } from "./events.ts";
import type { PlatformContext, PlatformStep } from "./pushing.ts";
import { hasToken, restFrom, restUntilOf } from "./token-rest.ts";

const MARGIN_MS = 300_000;
const MIN_VALIDITY_MS = 60_000;
/** What a platform may mean by a number without end. */
const MAX_VALIDITY_MS = 365 * 86_400_000;

export type TokenNeed =
  /** This one is used, and none is to be fetched. */
  | { readonly kind: "none"; readonly token: PlatformToken }
  /** This one is used; another is to be fetched now, beside the pushes. */
  | { readonly kind: "ahead"; readonly token: PlatformToken }
  /** A push waits until one is there, which is to be fetched now. */
  | { readonly kind: "now" }
  /** There is none, and none is to be fetched until then: it failed just now. `allowanceOf` lets nothing through. */
  | { readonly kind: "wait"; readonly until: number; readonly failure: TokenFailure };

/** What a push of now needs first, of a platform whose connector has tokens. */
export function tokenNeedOf(record: PlatformRecord, at: number): TokenNeed {
  const { token, tokenFailure } = record;
  if (token === null || at >= token.expiresAt) {
    const until = restUntilOf(record, at);
    return tokenFailure === null || until === null ? { kind: "now" } : { kind: "wait", until, failure: tokenFailure };
  }
  const from = aheadFrom(token);
  const isTried = tokenFailure !== null && tokenFailure.at >= from; // P2
  return { kind: at < from || isTried ? "none" : "ahead", token };
}

/** P1 */
function validityMs(expiresInMs: number): number {
  const told = Number.isNaN(expiresInMs) ? 0 : Math.floor(expiresInMs - MARGIN_MS);
  return Math.min(Math.max(told, MIN_VALIDITY_MS), MAX_VALIDITY_MS);
}

type Answered = PlatformEventOf<"TOKEN_OBTAINED"> | PlatformEventOf<"TOKEN_FAILED">;

/** P5 */
export function isOfNow({ record }: PlatformContext, { askedWith = record }: Answered): boolean {
  return haveSameCredentials(record, askedWith);
}

/** P3 */
export function isCurrent({ record }: PlatformContext, { sealed }: PlatformEventOf<"TOKEN_REFUSED">): boolean {
  return record.token?.sealed === sealed;
}

/** P4 */
export function isMissing({ record }: PlatformContext, { at }: Answered): boolean {
  return !hasToken(record, at);
}

export function obtain({ record }: PlatformContext, event: PlatformEventOf<"TOKEN_OBTAINED">): PlatformStep {
  const { at, sealed, expiresInMs } = event;
  const expiresAt = at + validityMs(expiresInMs);
  return {
    record: { ...record, token: { sealed, obtainedAt: at, expiresAt }, tokenFailure: null },
    effects: [announce("token_refreshed", { expireTime: new Date(expiresAt).toISOString() })],
  };
}

/** Keeps why there is no new one, for people to see. */
export function fail({ record }: PlatformContext, event: PlatformEventOf<"TOKEN_FAILED">): PlatformStep {
  return noted(record, event, null);
}

/** Pushes need one that can't be had. */
export function failPushes({ record }: PlatformContext, event: PlatformEventOf<"TOKEN_FAILED">): PlatformStep {
  const { at, sentAt = at, code, isPermanent } = event;
  const cause = isPermanent ? "AUTH" : (event.cause ?? "CONNECTION");
  const message = `no access token: ${code}, ${event.message}`;
  const resting = noted(record, event, restFrom(at)); // P6
  const told = tell(resting.record, record.policy.breaker, { type: "FAILED", at, sentAt, cause, message });
  return { record: told.record, effects: [...resting.effects, ...told.effects] };
}

function noted(
  record: PlatformRecord,
  { at, code, message }: PlatformEventOf<"TOKEN_FAILED">,
  retryAt: number | null,
): PlatformStep {
  return {
    record: { ...record, tokenFailure: { code, message, at, retryAt } },
    effects: [announce("token_failed", { code, message })],
  };
}

/** Nobody is told: the fetch that follows tells. */
export function forget({ record }: PlatformContext, { at }: PlatformEventOf<"TOKEN_REFUSED">): PlatformStep {
  const message = "The platform did not take the access token";
  const retryAt = record.tokenFailure?.retryAt ?? null; // P6
  return {
    record: { ...record, token: null, tokenFailure: { code: "TOKEN_REFUSED", message, at, retryAt } },
    effects: [],
  };
}
