/**
 * What is kept of a push beside its instance (推送日志, R-079): the instance's metadata. It is written with the end of each attempt, masked and bounded.
 */
import type { JsonObject } from "../json.ts";
import type { InstanceRecord } from "../instance/instance.ts";
import type { PlatformPush } from "./platform-push.ts";

// Types, not interfaces: they are JSON objects.

/** One operation that was planned. */
export type PlannedOperation = {
  readonly kind: string;
  readonly thirdId: string;
  readonly body: JsonObject;
};

export type PushResult = {
  /** `ok`, `auth`, `transient`, `not_found`, `permanent`, `skipped`. */
  readonly class: string;
  /** The platform's own; empty when it was taken. */
  readonly code: string;
  /** For a person. */
  readonly message: string;
};

export type PushMetadata = {
  /** The first that it is about; empty: it was skipped before it had any. */
  readonly thirdId: string;
  readonly thirdIds: readonly string[];
  /** At most 16 KiB; empty beyond. */
  readonly data: readonly PlannedOperation[];
  readonly result: PushResult;
};

export const PUSH_STATES = ["RETRYING", "SUCCEEDED", "FAILED", "SKIPPED", "SUPERSEDED"] as const;
export type PushState = (typeof PUSH_STATES)[number];

/** What a push came to, or that it has not yet. */
export function pushStateOf({ state, life }: Pick<InstanceRecord, "state" | "life">): PushState {
  switch (state) {
    case "COMPLETED":
      return pushMetadataOf(life.metadata)?.result.class === "skipped" ? "SKIPPED" : "SUCCEEDED";
    case "FAILED":
    case "TIMED_OUT":
      return "FAILED";
    case "CANCELLED":
      return life.error?.code === "SUPERSEDED" ? "SUPERSEDED" : "FAILED";
    default:
      return "RETRYING";
  }
}

export function pushMetadataOf(metadata: JsonObject | null): PushMetadata | null {
  return (metadata?.["push"] as PushMetadata | undefined) ?? null;
}

/** Labels by which pushes are found. */
export function pushLabels(push: PlatformPush, batchId: string): Readonly<Record<string, string>> {
  const { platformId, sessionId, workItemId, action, origin } = push;
  return {
    platform: platformId,
    session: sessionId,
    ...(workItemId === null ? {} : { work_item: workItemId }),
    action,
    origin: origin.toLowerCase(),
    ...(batchId === "" ? {} : { batch: batchId }),
  };
}
