/**
 * What the runtime offers of task centres: platforms, facts of the process system, pushes. Commands resolve after their decision is durable, and throw
 * BelfryError when they are refused. A repeated `requestId` gives the first answer again.
 */
import type { PlatformPush } from "../../domain/approval/platform-push.ts";
import type { ReportedEvent } from "../../domain/approval/reported-event.ts";
import type { PushStateRecord } from "../../domain/approval/records.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { PlatformRecord, PushPolicy } from "../../domain/platform/platform.ts";
import type { PlatformTrigger } from "../../domain/platform/trigger.ts";
import type { Connector } from "../../ports/platform/connector.ts";
import type { WorkItemFilter } from "../../ports/store/approvals.ts";
import type { ListCursor } from "../../ports/store/queries.ts";

/** A command on a platform. */
export interface PlatformCommand {
  /** Who changes it, as the caller says; may be empty. */
  readonly changedBy: string;
  readonly reason?: string;
  /** Undefined: whatever it is now. */
  readonly etag?: string;
  readonly requestId?: string;
}

/** As a caller gives it: secrets in clear, or masked (`***`) where they stay as they are. */
export interface GivenPlatform {
  readonly name: string;
  readonly connector: string;
  readonly settings: JsonObject;
  /** The platform that this one stands in for is told instead (融合平台); null: it stands for itself. */
  readonly standsFor: string | null;
  readonly policy: PushPolicy;
}

/** What is left out stays; a setting that is null goes back to its default. */
export type ChangedPlatform = Partial<Omit<GivenPlatform, "policy">> & { readonly policy?: Partial<PushPolicy> };

export interface PlatformView {
  /** Secrets are sealed: `shownSettings` masks them. */
  readonly record: PlatformRecord;
  /** Pushes under way, on the node that serves it. */
  readonly underWay: number;
  /** Pushes that wait in the memory of that node. */
  readonly waiting: number;
}

/** What came of asking a platform for a token. */
export interface PlatformTest {
  readonly ok: boolean;
  /** The platform's own code; empty when it is well. */
  readonly code: string;
  /** For a person. */
  readonly message: string;
  /** What was sent and answered, masked: `StepExchange`s. */
  readonly exchanges: readonly StepExchange[];
  readonly view: PlatformView;
}

/** One request of a push, as it is kept: masked and bounded. A type, for it is JSON. */
export type StepExchange = {
  /** The connector's word: `insert`, `complete`; `token` for the fetch of a token. */
  readonly operation: string;
  readonly thirdId: string;
  /** `ok`, `auth`, `transient`, `not_found`, `permanent`. */
  readonly class: string;
  readonly code: string;
  readonly message: string;
  /** As `Exchange` of webhooks. */
  readonly exchange: JsonObject;
};

/** The exchange of an attempt of a push. At most 64 KiB as JSON: what is beyond is left out, and counted. */
export type PushExchange = {
  readonly steps: readonly StepExchange[];
  readonly stepsLeftOut: number;
};

/** A row without its shard: that of the instance that says so. */
export type PushStateTold = Omit<PushStateRecord, "shard">;

/** What a push changes in what is known of its platform. */
export interface PushStatesTold {
  /** Written with the end of the attempt, whatever comes then. */
  readonly told: readonly PushStateTold[];
  /** Written beside when there will be no other attempt. */
  readonly failed: readonly PushStateTold[];
}

export interface PlatformCommands {
  create(command: PlatformCommand & { readonly platform: GivenPlatform }): Promise<PlatformView>;
  get(id: string): Promise<PlatformView>;
  update(id: string, command: PlatformCommand & { readonly change: ChangedPlatform }): Promise<PlatformView>;
  enable(id: string, command: PlatformCommand): Promise<PlatformView>;
  /** What waits for it is skipped. */
  disable(id: string, command: PlatformCommand): Promise<PlatformView>;
  /** With its triggers. @throws BelfryError STATE_FORBIDS while it is enabled */
  remove(id: string, command: PlatformCommand): Promise<void>;
  reset(id: string, command: PlatformCommand): Promise<PlatformView>;
  isolate(id: string, command: PlatformCommand): Promise<PlatformView>;
  /** Fetches a new token; one that needs none is called at its host. Nothing is pushed. */
  test(id: string): Promise<PlatformTest>;
  refreshToken(id: string, command: PlatformCommand): Promise<PlatformTest>;
  createTrigger(
    platformId: string,
    command: PlatformCommand & { readonly trigger: Omit<PlatformTrigger, "id" | "platformId" | "createdAt"> },
  ): Promise<PlatformTrigger>;
  /** @throws BelfryError TRIGGER_NOT_FOUND */
  deleteTrigger(triggerId: string, command: PlatformCommand): Promise<void>;
}

/** An event as a caller reports it. */
export type ReportEvent = Omit<ReportedEvent, "at" | "shard" | "sessionId">;

export interface Reported {
  /** Those that it brought about; none when it was reported before. */
  readonly pushes: readonly { readonly id: string; readonly platformId: string }[];
}

export interface ApprovalCommands {
  /** @throws BelfryError BUSY when the session holds too much */
  report(
    sessionId: string,
    command: {
      readonly event: ReportEvent;
      readonly requestId?: string;
      /** The event as the caller gave it, when that differs: a time that was left out is another each time. */
      readonly asked?: string;
    },
  ): Promise<Reported>;
}

export interface PushAsked {
  readonly push: Omit<PlatformPush, "kind" | "sessionId">;
  readonly requestId?: string;
}

export interface PushCommands {
  /** @throws BelfryError PLATFORM_NOT_FOUND, STATE_FORBIDS (disabled), SESSION_NOT_FOUND, WORK_ITEM_NOT_FOUND */
  push(sessionId: string, asked: PushAsked): Promise<{ readonly instance: InstanceRecord }>;
  /** @throws BelfryError BATCH_RUNNING (metadata batch_id) */
  batch(
    platformId: string,
    command: {
      readonly filter: WorkItemFilter;
      /** Work items that are read at a time. */
      readonly pageSize: number;
      /** Also what the platform was told before. */
      readonly force: boolean;
      readonly requestId?: string;
    },
  ): Promise<{ readonly instance: InstanceRecord }>;
  /** Sweeps now. @param platformId null: all that are enabled */
  reconcile(command: {
    readonly platformId: string | null;
    readonly requestId?: string;
  }): Promise<{ readonly instance: InstanceRecord }>;
}

/**
 * - NEVER_PUSHED: nothing was told yet.
 * - DIFFERS: it was told something else.
 * - FAILED: it was to be told, and that failed; it is tried again.
 * - GIVEN_UP: it failed so often that the sweep leaves it.
 */
export type DriftReason = "NEVER_PUSHED" | "DIFFERS" | "FAILED" | "GIVEN_UP";

/** An id of a platform under which it should believe something else. */
export interface DriftEntry {
  readonly platformId: string;
  readonly sessionId: string;
  /** Empty: of the session as a whole. */
  readonly workItemId: string;
  readonly thirdId: string;
  /** The mapped status; null: it should know nothing of it. */
  readonly desired: string | null;
  /** Null: it knows nothing of it. */
  readonly acknowledged: string | null;
  readonly reason: DriftReason;
  readonly failures: number;
  readonly failedAt: number | null;
  /** The push that told it last, or failed to; may be empty. */
  readonly pushId: string;
}

export interface DriftPage {
  readonly entries: readonly DriftEntry[];
  /** Null: that was all. */
  readonly next: DriftCursor | null;
}

export interface DriftCursor {
  /** Of work items, then sessions without any. */
  readonly stage: "items" | "sessions";
  readonly after: ListCursor | null;
}

/** What callers of any node use: they read, check and seal what is given, and go on to the owner of what it concerns. */
export interface TaskCenters {
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly platforms: PlatformCommands;
  readonly approvals: ApprovalCommands;
  readonly pushes: PushCommands & {
    /**
     * What is told between two pages hides nothing that was there before; it may come twice then.
     * @param asked.startedAt when the first page was asked for.
     * @param asked.limit entries; a few more may come, for those of one session come together.
     */
    drift(asked: {
      readonly platformId: string;
      readonly updatedAfter: number;
      readonly startedAt: number;
      readonly cursor: DriftCursor | null;
      readonly limit: number;
    }): Promise<DriftPage>;
  };
  /** As they are shown: secrets stand as `***`, those that are not set as null. */
  shownSettings(record: PlatformRecord): JsonObject;
}
