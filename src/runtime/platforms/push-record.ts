/** What is kept of an attempt of a push: rows of what the platform was told, metadata, exchanges. All masked and bounded. */
import type { PlatformPush } from "../../domain/approval/platform-push.ts";
import type { PlannedOperation, PushMetadata, PushResult } from "../../domain/approval/push-log.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Masking } from "../../domain/webhook/masking.ts";
import type { PushPlan } from "../../ports/platform/connector.ts";
import { exchangeOf } from "../webhooks/exchange.ts";
import { storableText } from "../executors/storable.ts";
import type { PushExchange, PushStateTold, PushStatesTold, StepExchange } from "./api.ts";
import type { PlatformFailure, PushReport, PushStep } from "./carry-out.ts";
import type { KnownSession } from "./push-facts.ts";
import { workItemOf } from "./push-facts.ts";

type Planned = Extract<PushPlan, { readonly kind: "push" }>;
const EXCHANGES_BYTES = 64 * 1024;
const DATA_BYTES = 16 * 1024;
const MAX_CODE = 64;
const MAX_MESSAGE = 1024;
const MAX_THIRD_IDS = 100;

export interface PushMade {
  readonly push: PlatformPush;
  readonly pushId: string;
  readonly known: KnownSession;
  readonly planned: Planned;
  readonly report: PushReport;
  readonly at: number;
}

export function statesTold({ push, pushId, known, planned, report, at }: PushMade): PushStatesTold {
  const { platformId, sessionId } = push;
  const items = known.items.map(({ item }) => item);
  const before = new Map(known.states.map((state) => [state.thirdId, state]));
  const { acknowledged, failure } = report;
  const blank = (thirdId: string): PushStateTold =>
    before.get(thirdId) ?? {
      platformId,
      thirdId,
      sessionId,
      workItemId: workItemOf(thirdId, sessionId, items, push.workItemId ?? ""),
      status: null,
      assignees: [],
      pushId: "",
      at,
      failures: 0,
      failure: null,
    };
  const well = { pushId, at, failures: 0, failure: null };
  const told = [...acknowledged].map(([thirdId, belief]) => ({
    ...blank(thirdId),
    ...well,
    status: belief?.status ?? null,
    assignees: belief?.assignees ?? [],
  }));
  const others = [...planned.desired.keys()].filter((thirdId) => !acknowledged.has(thirdId)).map(blank);
  if (failure === null) {
    // What needed no telling is as it should be.
    return { told: [...told, ...others.map((row) => ({ ...row, ...well }))].map(plain), failed: [] };
  }
  const isPermanent = failure.class === "permanent" || failure.class === "not_found";
  const failed = others.map((row) => ({ ...row, failures: row.failures + 1, failure: { pushId, at, isPermanent } }));
  return { told: told.map(plain), failed: failed.map(plain) };
}

/** Rows that were read have a shard, which is not ours to say. */
function plain(row: PushStateTold & { readonly shard?: number }): PushStateTold {
  const { shard: _, ...rest } = row;
  return rest;
}

export function metadataOf(
  { push, known, planned, report }: Pick<PushMade, "push" | "known" | "planned" | "report">,
  masking: Masking,
): JsonObject {
  const thirdIds = [...planned.desired.keys()];
  const data: readonly PlannedOperation[] = planned.operations.map(({ kind, thirdId, body }) => ({
    kind,
    thirdId,
    body: masking.json(body) as JsonObject,
  }));
  const items = known.items.map(({ item }) => item);
  const isOwn = (id: string): boolean => workItemOf(id, push.sessionId, items, "") === push.workItemId;
  const kept: PushMetadata = {
    thirdId: (push.workItemId === null ? undefined : thirdIds.find(isOwn)) ?? thirdIds[0] ?? "",
    thirdIds: thirdIds.slice(0, MAX_THIRD_IDS),
    data: Buffer.byteLength(JSON.stringify(data)) <= DATA_BYTES ? data : [],
    result: resultOf(report.failure),
  };
  return { push: kept };
}

/** Of one for which nothing was sent. */
export function skippedMetadata(code: string, message: string): JsonObject {
  const kept: PushMetadata = { thirdId: "", thirdIds: [], data: [], result: { class: "skipped", code, message } };
  return { push: kept };
}

function resultOf(failure: PlatformFailure | null): PushResult {
  return failure === null ? { class: "ok", code: "", message: "" } : { class: failure.class, ...saidOf(failure) };
}

/** What came of a push, without secrets in what the platform said: it goes into records, logs and events. */
export function maskedReport(report: PushReport, masking: Masking): PushReport {
  const { failure, steps } = report;
  return {
    ...report,
    failure: failure === null ? null : maskedFailure(failure, masking),
    steps: steps.map((step) =>
      step.verdict.class === "ok" ? step : { ...step, verdict: maskedFailure(step.verdict, masking) },
    ),
  };
}

export function maskedFailure<Said extends { readonly code: string; readonly message: string }>(
  said: Said,
  masking: Masking,
): Said {
  return { ...said, code: masking.text(said.code), message: masking.text(said.message) };
}

/** What a platform said, fit for the store. */
export function saidOf({ code, message }: { readonly code: string; readonly message: string }): {
  readonly code: string;
  readonly message: string;
} {
  return { code: storableText(code, MAX_CODE), message: storableText(message, MAX_MESSAGE) };
}

/** The first of them, and the last. */
export function exchangesOf(steps: readonly PushStep[], masking: Masking): PushExchange {
  const kept: StepExchange[] = [];
  const inOrder = steps.toSorted((a, b) => a.sentAt - b.sentAt || placeOf(a) - placeOf(b));
  const shown = inOrder.map((step) => stepExchange(step, masking));
  const last = shown.at(-1);
  let left = EXCHANGES_BYTES - (last === undefined ? 0 : sizeOf(last));
  for (const step of shown.slice(0, -1)) {
    left -= sizeOf(step);
    if (left < 0) {
      break;
    }
    kept.push(step);
  }
  if (last !== undefined) {
    kept.push(last);
  }
  return { steps: kept, stepsLeftOut: steps.length - kept.length };
}

/** Of what was sent in the same millisecond: what was refused came before the token that was fetched for it, and that before what it was fetched for. */
function placeOf({ operation, isRepeated }: PushStep): number {
  return isRepeated ? 0 : operation === "token" ? 1 : 2;
}

export function stepExchange(
  { operation, thirdId, request, reply, verdict }: PushStep,
  masking: Masking,
): StepExchange {
  const sent = { ...request, connectMs: 0, headersMs: 0, wholeMs: 0, keepBytes: 0 };
  const said = verdict.class === "ok" ? { code: "", message: "" } : saidOf(verdict);
  return {
    operation,
    thirdId,
    class: verdict.class,
    code: said.code,
    message: masking.text(said.message),
    exchange: exchangeOf(sent, reply, masking),
  };
}

function sizeOf(step: StepExchange): number {
  return Buffer.byteLength(JSON.stringify(step));
}
