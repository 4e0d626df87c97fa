/**
 * Records with sensible defaults. What a test does not name is of no matter to it; what it names stands in the test. Parts (`spec`, `life`,
 * `supervision`) may be given in part. Each record without an id gets the next one, so that later records have greater ids.
 */
import { queueOf } from "../../src/domain/action.ts";
import type { DefinitionRecord, DefinitionSpec } from "../../src/domain/definition/definition.ts";
import type { OccurrenceRecord } from "../../src/domain/definition/occurrence.ts";
import { type DefinitionCounters, NO_COUNTERS } from "../../src/domain/definition/supervision.ts";
import type { Supervision, SupervisorRecord } from "../../src/domain/definition/supervision.ts";
import type { StatusEvent } from "../../src/domain/event/status-event.ts";
import type { AttemptRecord } from "../../src/domain/instance/attempt.ts";
import {
  type FinalState,
  type InstanceLife,
  type InstanceRecord,
  type InstanceSpec,
} from "../../src/domain/instance/instance.ts";
import type { RunningAttempt } from "../../src/domain/instance/instance.ts";
import { DEFAULT_CATCH_UP } from "../../src/domain/policy/catch-up.ts";
import { DEFAULT_BUFFER_LIMIT } from "../../src/domain/policy/overlap.ts";
import { DEFAULT_PRIORITY } from "../../src/domain/policy/priority.ts";
import { DEFAULT_RETRY_POLICY } from "../../src/domain/policy/retry.ts";
import { DEFAULT_TIMEOUTS } from "../../src/domain/policy/timeouts.ts";
import type { Schedule } from "../../src/domain/schedule/schedule.ts";
import type { ActorStateRecord } from "../../src/ports/store/actor-states.ts";
import type { QueueEntry, RequestRecord } from "../../src/ports/store/journal.ts";
import { MANUAL_START_AT, sequentialIds } from "./manual-clock.ts";

const ids = sequentialIds();

type In<Whole, Parts extends keyof Whole> = Partial<Omit<Whole, Parts>> & {
  readonly [Part in Parts]?: Partial<Whole[Part]>;
};

export function aSchedule(given: Partial<Schedule> = {}): Schedule {
  return {
    timing: { kind: "every", intervalMs: 60_000, fixedDelay: false },
    timeZone: "UTC",
    anchorAt: MANUAL_START_AT,
    jitterMs: 0,
    excludedDates: [],
    exclusions: [],
    gapPolicy: "RUN_AFTER",
    foldPolicy: "ONCE",
    ...given,
  };
}

export function aDefinitionSpec(given: Partial<DefinitionSpec> = {}): DefinitionSpec {
  return {
    name: "watch-servers",
    userId: "user1",
    content: "监控服务器状态",
    payload: null,
    schedule: aSchedule(),
    action: { kind: "worker", queue: "agents", disconnectPolicy: "WAIT_FOR_HEARTBEAT" },
    overlapPolicy: "SKIP",
    maxConcurrent: 0,
    bufferLimit: DEFAULT_BUFFER_LIMIT,
    catchUp: DEFAULT_CATCH_UP,
    retry: DEFAULT_RETRY_POLICY,
    timeouts: DEFAULT_TIMEOUTS,
    priority: DEFAULT_PRIORITY,
    labels: {},
    businessId: "",
    orderingKey: "",
    concurrency: null,
    pauseOnFailures: 0,
    ...given,
  };
}

export function aDefinition(given: In<DefinitionRecord, "spec"> = {}): DefinitionRecord {
  const createdAt = given.createdAt ?? MANUAL_START_AT;
  return {
    id: ids.uuid(),
    shard: 0,
    revision: 1,
    state: "ACTIVE",
    stateReason: "",
    createdAt,
    updatedAt: createdAt,
    ...given,
    spec: aDefinitionSpec(given.spec),
  };
}

type SupervisionParts = Partial<Omit<Supervision, "counters">> & { readonly counters?: Partial<DefinitionCounters> };

/** A supervisor's row; `aSupervisor(definition)` is the one of that definition. */
export function aSupervisor(
  of: Pick<DefinitionRecord, "id" | "shard">,
  given: { readonly wakeAt?: number | null; readonly supervision?: SupervisionParts } = {},
): SupervisorRecord {
  return {
    definitionId: of.id,
    shard: of.shard,
    wakeAt: given.wakeAt ?? null,
    supervision: {
      takenUntil: MANUAL_START_AT,
      nextDueAt: null,
      lastFiredAt: null,
      lastEndedAt: null,
      gated: 0,
      ...given.supervision,
      counters: { ...NO_COUNTERS, ...given.supervision?.counters },
    },
  };
}

export function anOccurrence(given: Partial<OccurrenceRecord> = {}): OccurrenceRecord {
  const scheduledAt = given.scheduledAt ?? MANUAL_START_AT;
  return {
    definitionId: "definition",
    shard: 0,
    scheduledAt,
    outcome: "FIRED",
    reason: "",
    instanceId: null,
    decidedAt: scheduledAt,
    ...given,
  };
}

export function anInstanceSpec(given: Partial<InstanceSpec> = {}): InstanceSpec {
  return {
    definitionId: "definition",
    userId: "user1",
    name: "watch-servers",
    content: "监控服务器状态",
    payload: null,
    action: { kind: "worker", queue: "agents", disconnectPolicy: "WAIT_FOR_HEARTBEAT" },
    priority: DEFAULT_PRIORITY,
    labels: {},
    businessId: "",
    uniqueKey: "",
    orderingKey: "",
    concurrency: null,
    trigger: "MANUAL",
    scheduledAt: null,
    retry: DEFAULT_RETRY_POLICY,
    timeouts: DEFAULT_TIMEOUTS,
    ...given,
  };
}

export function aLife(given: Partial<InstanceLife> = {}): InstanceLife {
  const openedAt = given.openedAt ?? MANUAL_START_AT;
  return {
    attemptCount: 0,
    series: 0,
    seriesStart: 0,
    attempt: null,
    waitingReason: "NO_WORKER",
    stateAt: openedAt,
    readyAt: openedAt,
    openedAt,
    nextAttemptAt: null,
    cancelRequestedAt: null,
    stateReason: "",
    paused: null,
    progress: null,
    metadata: null,
    result: null,
    error: null,
    workerId: "",
    startedAt: null,
    endedAt: null,
    ...given,
  };
}

/** A new instance that waits for a worker. */
export function anInstance(given: In<InstanceRecord, "spec" | "life"> = {}): InstanceRecord {
  const createdAt = given.createdAt ?? MANUAL_START_AT;
  return {
    id: ids.uuid(),
    shard: 0,
    revision: 1,
    state: "PENDING",
    createdAt,
    wakeAt: null,
    ...given,
    spec: anInstanceSpec(given.spec),
    life: aLife({ openedAt: createdAt, ...given.life }),
  };
}

export function anAttemptUnderWay(given: Partial<RunningAttempt> = {}): RunningAttempt {
  const startedAt = given.startedAt ?? MANUAL_START_AT;
  return {
    number: 1,
    token: "token",
    workerId: "worker1",
    startedAt,
    seenAt: startedAt,
    heartbeatMs: 60_000,
    ...given,
  };
}

/** The next revision of an instance, with this changed. */
export function changed(
  instance: InstanceRecord,
  change: Partial<Pick<InstanceRecord, "state" | "wakeAt">> & { readonly life?: Partial<InstanceLife> },
): InstanceRecord {
  return { ...instance, ...change, revision: instance.revision + 1, life: { ...instance.life, ...change.life } };
}

/** The revision of an instance that ended in this state. */
export function ended(instance: InstanceRecord, state: FinalState, life: Partial<InstanceLife> = {}): InstanceRecord {
  return changed(instance, {
    state,
    wakeAt: null,
    life: { attempt: null, waitingReason: null, readyAt: null, endedAt: instance.createdAt + 1000, ...life },
  });
}

export function anAttempt(given: Partial<AttemptRecord> = {}): AttemptRecord {
  const startedAt = given.startedAt ?? MANUAL_START_AT;
  return {
    instanceId: "instance",
    shard: 0,
    number: 1,
    series: 0,
    workerId: "worker1",
    outcome: "SUCCEEDED",
    error: null,
    startedAt,
    endedAt: startedAt + 1000,
    ...given,
  };
}

/** The place of an instance in the queue that its action names (`agents` when it names none). */
export function anEntry(of: InstanceRecord, given: Partial<QueueEntry> = {}): QueueEntry {
  const { action, priority, definitionId } = of.spec;
  return {
    queue: queueOf(action) ?? "agents",
    priority,
    definitionId: definitionId ?? "",
    instanceId: of.id,
    shard: of.shard,
    ...given,
  };
}

export function aRequest(given: Partial<RequestRecord> = {}): RequestRecord {
  return {
    key: `TriggerDefinition/${ids.uuid()}`,
    shard: 0,
    fingerprint: "fingerprint",
    answer: "answer",
    createdAt: MANUAL_START_AT,
    ...given,
  };
}

/** The state of a destination. */
export function anActorState(given: Partial<ActorStateRecord> = {}): ActorStateRecord {
  return {
    kind: "destination",
    id: "https://hooks.example.com",
    shard: 0,
    state: { revision: 1 },
    updatedAt: MANUAL_START_AT,
    ...given,
  };
}

export function anEvent(given: Partial<StatusEvent> = {}): StatusEvent {
  return {
    shard: 0,
    sequence: 1,
    resource: "instance",
    resourceId: "instance",
    name: "created",
    at: MANUAL_START_AT,
    data: {},
    ...given,
  };
}
