/** The services of approvals and pushes over a store in memory that the test fills, and a runtime that answers what the test tells it to. */
import type { PlatformRecord } from "../../../../src/domain/platform/platform.ts";
import { stateOfPlatform } from "../../../../src/domain/platform/platform.ts";
import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { vi } from "vitest";
import type { PlatformPush } from "../../../../src/domain/approval/platform-push.ts";
import { pushDefinitionId } from "../../../../src/domain/approval/platform-push.ts";
import { pushLabels, type PushMetadata } from "../../../../src/domain/approval/push-log.ts";
import type { PushStateRecord, SessionRecord, WorkItemRecord } from "../../../../src/domain/approval/records.ts";
import type { AttemptRecord } from "../../../../src/domain/instance/attempt.ts";
import type { InstanceRecord } from "../../../../src/domain/instance/instance.ts";
import type { ApprovalCommands, TaskCenters } from "../../../../src/runtime/index.ts";
import { rowsOf } from "../../../../src/store/memory/tables.ts";
import { anApiInProcess } from "../../../support/api-in-process.ts";
import type { RecordingLog } from "../../../support/log.ts";
import type { ManualClock } from "../../../support/manual-clock.ts";
import { anInstance } from "../../../support/records.ts";

/** Reports of a stream that are carried out at a time. */
export const REPORTS_AT_A_TIME = 4;

export type ReportCommand = Parameters<ApprovalCommands["report"]>[1];

interface Answers {
  readonly report?: ApprovalCommands["report"];
  readonly pushes?: Partial<TaskCenters["pushes"]>;
}

export interface Approvals {
  readonly clock: ManualClock;
  readonly log: RecordingLog;
  /** What was reported, in that order. */
  readonly reported: (readonly [sessionId: string, command: ReportCommand])[];
  /** How often the store was asked for instances. */
  readonly storePages: () => number;
  put(...instances: readonly InstanceRecord[]): void;
  putSession(record: SessionRecord, ...items: readonly WorkItemRecord[]): void;
  putPushState(state: PushStateRecord): void;
  putPlatform(record: PlatformRecord): void;
  putAttempts(...attempts: readonly AttemptRecord[]): void;
  client<S extends DescService>(service: S): Client<S>;
}

export function approvalsHere({ report, pushes = {} }: Answers = {}): Approvals {
  const reported: (readonly [string, ReportCommand])[] = [];
  const api = anApiInProcess(
    {
      approvals: {
        report: async (sessionId, command) => {
          reported.push([sessionId, command]);
          return (await report?.(sessionId, command)) ?? { pushes: [] };
        },
      },
      pushes,
    },
    { bulkConcurrency: REPORTS_AT_A_TIME },
  );
  const { runtime, clock, log } = api;
  const { tables, queries } = runtime;
  const listing = vi.spyOn(queries, "listInstances");
  return {
    clock,
    log,
    reported,
    storePages: () => listing.mock.calls.length,
    put: (...instances) => runtime.put(...instances),
    putAttempts(...attempts) {
      for (const attempt of attempts) rowsOf(tables.attempts, attempt.instanceId).set(attempt.number, attempt);
    },
    putSession(record, ...items) {
      tables.sessions.set(record.session.id, record);
      for (const item of items) tables.workItems.set(item.item.id, item);
    },
    putPlatform(record) {
      const { id, shard, updatedAt } = record;
      const row = { kind: "platform", id, shard, state: stateOfPlatform(record), updatedAt } as const;
      rowsOf(tables.actorStates, "platform").set(id, row);
    },
    putPushState: (state) => void rowsOf(tables.pushStates, state.platformId).set(state.thirdId, state),
    client: (service) => api.client(service),
  };
}

function aPlatformPush(given: Partial<PlatformPush> = {}): PlatformPush {
  return {
    kind: "push",
    platformId: "p1",
    sessionId: "77",
    workItemId: "9001",
    action: "receive",
    transfer: null,
    note: "",
    origin: "EVENT",
    force: false,
    ...given,
  };
}

export function aMetadata(given: Partial<PushMetadata> = {}): { readonly push: PushMetadata } {
  const thirdId = given.thirdId ?? "77_9001";
  return {
    push: {
      thirdId,
      thirdIds: [thirdId],
      data: [{ kind: "insert", thirdId, body: { subject: "张三的请假" } }],
      result: { class: "ok", code: "", message: "" },
      ...given,
    },
  };
}

type InstanceGiven = NonNullable<Parameters<typeof anInstance>[0]>;

/** A push as the runtime makes it, which waits for its platform. */
export function aPush(
  given: InstanceGiven & { readonly push?: Partial<PlatformPush>; readonly batchId?: string } = {},
): InstanceRecord {
  const { push, batchId = "", ...record } = given;
  const action = aPlatformPush(push);
  const spec = { definitionId: pushDefinitionId(0), action, labels: pushLabels(action, batchId), name: "push" };
  return anInstance({ ...record, spec: { ...spec, ...record.spec } });
}
