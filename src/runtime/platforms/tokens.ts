/**
 * Access tokens of the platforms whose actors this node has.
 *
 * One fetch at a time for a platform, whoever asks: as the actor is on one node, that holds for the whole cluster. What comes of it is told to the actor,
 * which says when one is used, fetched ahead, or not asked for again yet (`src/actors/platform/token.ts`).
 */
import { haveSameCredentials } from "../../actors/platform/changes.ts";
import { tokenNeedOf } from "../../actors/platform/token.ts";
import { BelfryError } from "../../domain/error.ts";
import type { PlatformRecord, PlatformToken } from "../../domain/platform/platform.ts";
import { Masking } from "../../domain/webhook/masking.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SecretBox } from "../../ports/secret-box.ts";
import type { WebhookReply } from "../../ports/webhook-client.ts";
import type { Account } from "./account.ts";
import { askedFor, causeOf } from "./breaker-cause.ts";
import type { Granted, PlatformFailure, PushStep, SendToPlatform, TokenSource } from "./carry-out.ts";
import { answerOf } from "./carry-out.ts";
import type { PlatformResident, Platforms } from "./platform-kind.ts";
import { maskedFailure } from "./push-record.ts";

/** What a fetch came to. */
export interface FetchedToken {
  readonly granted: Exclude<Granted, { readonly kind: "wait" }>;
  /** By the secret box; empty: none came. */
  readonly sealed: string;
  readonly step: PushStep;
}

export interface NotedTokens extends TokenSource {
  /** The fetches that the push brought about or waited for. */
  readonly steps: readonly PushStep[];
  /** The tokens that it got: to be masked. */
  readonly given: readonly string[];
}

export interface TokenDeps {
  readonly clock: Clock;
  readonly box: SecretBox;
  readonly platforms: () => Platforms;
  sendTo(record: PlatformRecord): SendToPlatform;
}

/** A token is for the place and the account that it was asked of: a push of other settings than those of now begins anew, with these. */
const SETTINGS_CHANGED: Granted = {
  kind: "wait",
  failure: { class: "transient", code: "SETTINGS_CHANGED", message: "The settings of the platform were changed." },
};

export class Tokens {
  readonly #deps: TokenDeps;
  /** With what they are asked for: after a change of the settings another is asked for beside. */
  readonly #fetching = new Map<string, { readonly account: Account; readonly fetched: Promise<FetchedToken> }>();
  /** By the token of a record, which is another object when it changes. */
  readonly #open = new WeakMap<PlatformToken, string>();

  constructor(deps: TokenDeps) {
    this.#deps = deps;
  }

  /** Where one push gets its tokens from. */
  sourceFor(resident: PlatformResident, account: Account): NotedTokens {
    let used = "";
    const steps: PushStep[] = [];
    const given: string[] = [];
    const take = async (): Promise<Granted> => {
      if (!haveSameCredentials(resident.record, account.madeOf)) {
        return SETTINGS_CHANGED;
      }
      const need = tokenNeedOf(resident.record, this.#deps.clock.now());
      if (need.kind === "wait") {
        const { code, message } = need.failure;
        return { kind: "wait", failure: { class: "transient", code, message } };
      }
      const opened = need.kind === "now" ? null : this.#opened(resident, need.token);
      if (opened === null) {
        const fetched = await this.fetch(resident, account);
        steps.push(fetched.step);
        used = fetched.sealed;
        given.push(...(fetched.granted.kind === "token" ? [fetched.granted.token] : []));
        return fetched.granted;
      }
      if (need.kind === "ahead") {
        // A defect of the connector shows when a push needs the next one.
        this.fetch(resident, account).catch(() => {});
      }
      used = need.kind === "now" ? "" : need.token.sealed;
      given.push(opened);
      return { kind: "token", token: opened };
    };
    return {
      steps,
      given,
      current: take,
      instead: () => {
        this.#tell(resident, { type: "TOKEN_REFUSED", at: this.#deps.clock.now(), sealed: used });
        return take();
      },
    };
  }

  /** A new one, whatever there is: joins the fetch under way. Rejects for defects alone. */
  fetch(resident: PlatformResident, account: Account): Promise<FetchedToken> {
    const known = this.#fetching.get(resident.id);
    if (known?.account === account) {
      return known.fetched;
    }
    const fetched = this.#fetch(resident, account).finally(() => {
      if (this.#fetching.get(resident.id)?.fetched === fetched) {
        this.#fetching.delete(resident.id);
      }
    });
    this.#fetching.set(resident.id, { account, fetched });
    return fetched;
  }

  async #fetch(
    resident: PlatformResident,
    { connector, settings, secrets, madeOf: askedWith }: Account,
  ): Promise<FetchedToken> {
    const { clock, box, sendTo } = this.#deps;
    const { token: protocol } = connector;
    if (protocol === null) {
      throw new Error(`connector "${connector.name}" has no tokens`);
    }
    const { record } = resident;
    const sentAt = clock.now();
    const request = protocol.requestOf(settings, sentAt);
    // Not given up with the push that asked: others wait for it too. It has its time limit.
    const reply = await sendTo(record)(request, new AbortController().signal);
    const verdict = protocol.tokenOf(answerOf(reply), settings);
    const at = clock.now();
    const step = { operation: "token", thirdId: "", request, reply, sentAt, isRepeated: false };
    if (verdict.class === "ok") {
      const sealed = box.seal(verdict.token);
      this.#tell(resident, { type: "TOKEN_OBTAINED", at, sealed, expiresInMs: verdict.expiresInMs, askedWith });
      return {
        granted: { kind: "token", token: verdict.token },
        sealed,
        step: { ...step, verdict: { class: "ok" } },
      };
    }
    const { code, message } = maskedFailure(verdict, new Masking(secrets));
    const isPermanent = verdict.class === "permanent";
    this.#tell(resident, {
      type: "TOKEN_FAILED",
      at,
      sentAt,
      code,
      message,
      isPermanent,
      askedWith,
      cause: isPermanent ? "AUTH" : causeOf(reply),
    });
    this.#holdIfAsked(resident, reply, { at, sentAt, message });
    const failure: PlatformFailure = { class: isPermanent ? "auth" : "transient", code, message };
    return { granted: { kind: "failed", failure }, sealed: "", step: { ...step, verdict: failure } };
  }

  /** Where no push goes without the token, the platform is left alone for as long as it asks for. */
  #holdIfAsked(
    resident: PlatformResident,
    reply: WebhookReply,
    { at, sentAt, message }: { readonly at: number; readonly sentAt: number; readonly message: string },
  ): void {
    const retryAfterMs = askedFor(reply, at);
    const { tokenFailure } = resident.record;
    const isNeeded = tokenFailure?.at === at && tokenFailure.retryAt !== null;
    if (isNeeded && retryAfterMs > 0) {
      const outcome = { ok: false, cause: causeOf(reply), message, retryAfterMs } as const;
      this.#tell(resident, { type: "PUSHED", at, sentAt, outcome });
    }
  }

  /** Null: no key opens it; it is forgotten. */
  #opened(resident: PlatformResident, token: PlatformToken): string | null {
    const known = this.#open.get(token);
    if (known !== undefined) {
      return known;
    }
    const { sealed } = token;
    try {
      const opened = this.#deps.box.open(sealed);
      this.#open.set(token, opened);
      return opened;
    } catch (error) {
      if (!(error instanceof BelfryError)) {
        throw error;
      }
      this.#tell(resident, { type: "TOKEN_REFUSED", at: this.#deps.clock.now(), sealed });
      return null;
    }
  }

  #tell(resident: PlatformResident, event: Parameters<Platforms["decide"]>[1]): void {
    this.#deps.platforms().hear(resident, [event]);
  }
}
