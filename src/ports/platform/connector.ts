/**
 * A connector (适配器) speaks with one kind of third-party task centre. It is pure: it says what is to be sent and what an answer means; the platform actor
 * sends, holds the token, and repeats.
 *
 * A push is planned from the facts as they stand: operations in order, each a request. An operation that the platform refuses because it does not know the
 * item is repaired at most once, by operations that come before its repetition.
 */
import type { Belief, PushFacts } from "../../domain/approval/push-facts.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Violation } from "../../domain/violation.ts";
import type { SettingSpec, Settings } from "./setting.ts";

export interface Connector {
  /** `jinzhi` */
  readonly name: string;
  /** 金智任务中心 */
  readonly title: string;
  readonly capability: "任务中心";
  readonly category: "任务中心";
  /** Names of the installations that it is made for, told to whoever chooses one; empty: it is for any. */
  readonly environments: readonly string[];
  readonly settings: readonly SettingSpec[];
  /**
   * Settings as they were given (secrets opened), checked one by one and against each other, with defaults for what is missing or null.
   *
   * @returns what breaks a rule, too; fields are `settings.<name>`. Settings with violations are not to be used.
   */
  read(given: JsonObject): SettingsRead;
  /** @returns what is to be sent for these facts, or why nothing is. Of a deleted session (`isDeleted`) never more than its deletion. */
  plan(facts: PushFacts, settings: Settings): PushPlan;
  /** Null: it needs no token. */
  readonly token: TokenProtocol | null;
  /** @param token as `TokenProtocol` gave it; empty when it needs none. */
  requestOf(operation: Operation, context: RequestContext): PlatformRequest;
  verdictOf(operation: Operation, answer: PlatformAnswer, settings: Settings): PlatformVerdict;
  /** Operations after which one that was not found is repeated; none: it is not. */
  repairOf(operation: Operation, facts: PushFacts, settings: Settings): readonly Operation[];
  /** Where the platform has its own: how often a request is repeated that it asked to have repeated (`retryAfterMs`), and after which waits. */
  retriesOf?(settings: Settings): Retries;
}

export interface SettingsRead {
  readonly settings: Settings;
  readonly violations: readonly Violation[];
}

export interface Retries {
  readonly max: number;
  /** @param retry 0 for the first. */
  delayMs(retry: number): number;
}

export interface RequestContext {
  readonly settings: Settings;
  readonly token: string;
  /** Now. */
  readonly at: number;
  /** The same for every attempt of this operation. */
  readonly idempotencyKey: string;
}

export type PushPlan =
  | { readonly kind: "skip"; readonly reason: string }
  | {
      readonly kind: "push";
      /** What the platform is to believe afterwards, by third id: a status, or null when it is to know nothing of it. */
      readonly desired: ReadonlyMap<string, string | null>;
      /** Numbers of those who shall have it, as far as the platform is told: with the desired status they say whether two pushes are equal. */
      readonly assignees: readonly string[];
      readonly operations: readonly Operation[];
    };

export interface Operation {
  /** The connector's own word: `insert`, `complete`, `delete_todo`. */
  readonly kind: string;
  readonly thirdId: string;
  /** The payload as the connector will send it; part of the log. */
  readonly body: JsonObject;
  /** What becomes of the operations after it when it fails for good. */
  readonly onFailure: "stop" | "go-on";
  /**
   * What the platform believes when it succeeded, by third id; null: it knows nothing of it. Of ids that are not named it believes what it believed before.
   */
  readonly acknowledges: ReadonlyMap<string, Belief | null>;
}

export interface PlatformRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty: none. */
  readonly body: string;
}

export type PlatformAnswer =
  | { readonly kind: "answered"; readonly status: number; readonly body: string }
  /** No answer came: the message says why. */
  | { readonly kind: "failed"; readonly message: string };

export type PlatformVerdict =
  | { readonly class: "ok" }
  | {
      /**
       * - `auth`: the token was not taken; a forced refresh and one repetition, which costs no attempt.
       * - `transient`: the same request may succeed later.
       * - `not_found`: the platform does not know the item.
       * - `permanent`: the same request fails again.
       */
      readonly class: "auth" | "transient" | "not_found" | "permanent";
      /** The platform's own, e.g. `40001`, `2004`; `HTTP_503`; `NO_ANSWER`. */
      readonly code: string;
      /** For a person, without secrets. */
      readonly message: string;
      /** The platform says how long to wait, in milliseconds. */
      readonly retryAfterMs?: number;
    };

export interface TokenProtocol {
  requestOf(settings: Settings, at: number): PlatformRequest;
  /** What the answer gave. */
  tokenOf(answer: PlatformAnswer, settings: Settings): TokenVerdict;
}

export type TokenVerdict =
  | { readonly class: "ok"; readonly token: string; readonly expiresInMs: number }
  | { readonly class: "transient" | "permanent"; readonly code: string; readonly message: string };
