import type { SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import type { Session, WorkItem } from "../../domain/approval/session.ts";
import type { DefinitionSpec } from "../../domain/definition/definition.ts";
import type { Supervision } from "../../domain/definition/supervision.ts";
import type { InstanceLife, InstanceSpec } from "../../domain/instance/instance.ts";

/**
 * Records as JSON documents, without what they mostly are.
 *
 * Most members of a record have their usual value most of the time: no key, no progress, the usual retry policy. They are left out, which
 * halves what is written, logged and read. What is left out is part of the stored format: THE VALUES BELOW NEVER CHANGE, whatever becomes of
 * the defaults of the domain.
 */
export interface DocumentForm<Content extends object> {
  /** For JSON.stringify. */
  shorten(content: Content): Partial<Content>;
  complete(document: unknown): Content;
}

const USUAL_RETRY = {
  initialDelayMs: 30_000,
  factor: 2,
  maxDelayMs: 3_600_000,
  jitterMs: 10_000,
  maxRetries: 3,
  nonRetryableCodes: [],
};

const USUAL_TIMEOUTS = {
  scheduleToStartMs: null,
  startToCloseMs: 3_600_000,
  scheduleToCloseMs: null,
  cancelGraceMs: 30_000,
};

export const INSTANCE_SPEC = documentForm<InstanceSpec>({
  definitionId: null,
  userId: "",
  content: "",
  payload: null,
  priority: 3,
  labels: {},
  businessId: "",
  uniqueKey: "",
  orderingKey: "",
  concurrency: null,
  trigger: "SCHEDULE",
  scheduledAt: null,
  retry: USUAL_RETRY,
  timeouts: USUAL_TIMEOUTS,
});

export const INSTANCE_LIFE = documentForm<InstanceLife>({
  attemptCount: 0,
  series: 0,
  seriesStart: 0,
  attempt: null,
  waitingReason: null,
  readyAt: null,
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
});

export const DEFINITION_SPEC = documentForm<DefinitionSpec>({
  userId: "",
  content: "",
  payload: null,
  overlapPolicy: "SKIP",
  maxConcurrent: 0,
  bufferLimit: 1000,
  catchUp: { windowMs: 3_600_000, mode: "FIRE_LAST", maxRate: 10 },
  retry: USUAL_RETRY,
  timeouts: USUAL_TIMEOUTS,
  priority: 3,
  labels: {},
  businessId: "",
  orderingKey: "",
  concurrency: null,
  pauseOnFailures: 0,
});

export const SUPERVISION = documentForm<Supervision>({
  nextDueAt: null,
  lastFiredAt: null,
  lastEndedAt: null,
  counters: {
    active: 0,
    created: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    timedOut: 0,
    notFired: 0,
    occurrences: 0,
    consecutiveFailures: 0,
  },
  gated: 0,
});

/** What a session is beyond its columns. */
export type SessionDocument = Omit<Session, "id" | "appId" | "state" | "createdAt" | "finishedAt"> &
  Pick<SessionRecord, "revision" | "factAt" | "log" | "todos" | "shares" | "knowledge">;

const NO_LINKS = { pc: "", h5: "" };

export const SESSION = documentForm<SessionDocument>({
  title: "",
  serialNumber: "",
  summary: [],
  view: NO_LINKS,
  isQuestionnaire: false,
  isStartAndEnd: false,
  log: [],
  todos: [],
  shares: [],
});

/** What a work item is beyond its columns. */
export type WorkItemDocument = Omit<WorkItem, "id" | "sessionId" | "nodeId" | "state" | "createdAt" | "finishedAt"> &
  Pick<WorkItemRecord, "revision" | "factAt" | "knowledge">;

export const WORK_ITEM = documentForm<WorkItemDocument>({
  handledBy: null,
  opinion: "",
  previousIds: [],
  todo: NO_LINKS,
  view: NO_LINKS,
  data: null,
});

function documentForm<Content extends object>(usual: {
  readonly [Member in keyof Content]?: unknown;
}): DocumentForm<Content> {
  freeze(usual);
  return {
    shorten(content) {
      const shortened: Partial<Content> = {};
      for (const member in content) {
        if (!(member in usual) || !isUsual(content[member], usual[member])) shortened[member] = content[member];
      }
      return shortened;
    },
    complete: (document) => ({ ...usual, ...(document as Partial<Content>) }) as Content,
  };
}

/** Whether a value is the usual one: plain values by identity, lists and objects member by member. */
function isUsual(value: unknown, usual: unknown): boolean {
  if (value === usual) return true;
  if (!isObject(value) || !isObject(usual) || Array.isArray(value) !== Array.isArray(usual)) return false;
  let members = 0;
  for (const member in value) {
    if (value[member] === undefined) continue;
    if (!(member in usual) || !isUsual(value[member], usual[member])) return false;
    members += 1;
  }
  return members === Object.keys(usual).length;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Records share these values. */
function freeze(value: unknown): void {
  if (!isObject(value)) return;
  for (const member of Object.values(value)) freeze(member);
  Object.freeze(value);
}
