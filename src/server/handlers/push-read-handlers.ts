import { pushMetadataOf, type PushResult } from "../../domain/approval/push-log.ts";
import type { AttemptRecord } from "../../domain/instance/attempt.ts";
import {
  ListDriftRequestSchema,
  ListExchangesRequestSchema,
  ListPushLogsRequestSchema,
  type ListDriftRequest,
  type PushService,
} from "../../gen/belfry/v1/push_service_pb.ts";
import type { DriftCursor, PushExchange } from "../../runtime/index.ts";
import type { Handlers } from "../call/handler.ts";
import { withWaitingReason, withWaitingReasons } from "../destinations/waiting-reasons.ts";
import { explainPush } from "../explain/push.ts";
import { Findings } from "../mapping/findings.ts";
import { toDrift, toPushExchanges, toPushLog } from "../mapping/push.ts";
import { optionalInstantOf } from "../mapping/time.ts";
import { countFitting } from "../paging/answer-bytes.ts";
import { listCursorOf, mismatch, pageOf, type CursorPart, type Page } from "../paging/page-token.ts";
import { pushLogFilterOf } from "../pushes/push-log-filter.ts";
import { readPushLogs } from "../pushes/push-log-page.ts";
import { readPush } from "./approvals-found.ts";
import type { ServiceEnvironment } from "./environment.ts";

type Reads = "listPushLogs" | "getPushError" | "listExchanges" | "listDrift";

/** What the reconciliation looks at, too. */
const DRIFT_SPAN_MS = 3 * 86_400_000;
/** Attempts that are read at a time: each may have 64 KiB of exchange. */
const ATTEMPTS_BATCH = 16;

export function pushReadHandlers(environment: ServiceEnvironment): Pick<Handlers<typeof PushService>, Reads> {
  const { runtime, queries, approvals, clock } = environment;

  return {
    async listPushLogs(request) {
      const filter = await pushLogFilterOf(request, approvals);
      const page = pageOf(ListPushLogsRequestSchema, request);
      const { shown, next } = await readPushLogs(queries, filter, listCursorOf(page), page.size);
      const waited = await withWaitingReasons(shown, environment);
      return {
        pushLogs: waited.map(toPushLog),
        nextPageToken: next === null ? "" : page.tokenFor([next.at, next.id]),
      };
    },

    async getPushError({ pushLogId }) {
      const push = await withWaitingReason(await readPush(queries, pushLogId), environment);
      const [attempt] = await queries.listAttempts(pushLogId, null, 1);
      const index = attempt === undefined ? -1 : tellingStep(attempt, pushMetadataOf(push.life.metadata)?.result);
      const step = (attempt?.exchange as PushExchange | undefined)?.steps[index] ?? null;
      return {
        ...explainPush(push, step, clock.now()),
        lastExchange: attempt === undefined ? undefined : toPushExchanges(attempt)[index],
        pushLog: toPushLog(push),
      };
    },

    async listExchanges(request) {
      const page = pageOf(ListExchangesRequestSchema, request);
      const after = exchangeCursorOf(page);
      await readPush(queries, request.pushLogId);
      const found: Placed[] = [];
      let before = after === null ? null : after.attempt + 1;
      for (let isEnd = false; !isEnd && found.length <= page.size;) {
        const attempts = await queries.listAttempts(request.pushLogId, before, ATTEMPTS_BATCH);
        found.push(...attempts.flatMap(placed).filter((each) => after === null || follows(after, each)));
        before = attempts.at(-1)?.number ?? null;
        isEnd = attempts.length < ATTEMPTS_BATCH;
      }
      const shown = found.slice(0, Math.min(page.size, countFitting(found.map(({ exchange }) => exchange))));
      const last = shown.at(-1);
      return {
        exchanges: shown.map(({ exchange }) => exchange),
        nextPageToken:
          last !== undefined && found.length > shown.length ? page.tokenFor([last.attempt, last.index]) : "",
      };
    },

    async listDrift(request) {
      const asked = updatedAfterOf(request);
      const page = pageOf(ListDriftRequestSchema, request);
      const { cursor, ...span } = driftFrom(page, asked, clock.now());
      const { entries, next } = await runtime.taskCenters.pushes.drift({
        platformId: request.platformId,
        ...span,
        cursor,
        limit: page.size,
      });
      return {
        entries: entries.map(toDrift),
        nextPageToken: next === null ? "" : page.tokenFor(partsOf(next, span)),
      };
    },
  };
}

/** The request that its result tells of, or else the last that failed; of an attempt that did well the last. -1: nothing was sent. */
function tellingStep({ exchange, outcome }: AttemptRecord, result: PushResult | undefined): number {
  const { steps = [] } = (exchange ?? {}) as Partial<PushExchange>;
  if (outcome === "SUCCEEDED") return steps.length - 1;
  const told = steps.findLastIndex((step) => step.class === result?.class && step.code === result.code);
  const failed = told === -1 ? steps.findLastIndex((step) => step.class !== "ok") : told;
  return failed === -1 ? steps.length - 1 : failed;
}

interface ExchangePlace {
  readonly attempt: number;
  /** Among those of its attempt. */
  readonly index: number;
}

interface Placed extends ExchangePlace {
  readonly exchange: ReturnType<typeof toPushExchanges>[number];
}

function placed(attempt: AttemptRecord): readonly Placed[] {
  return toPushExchanges(attempt).map((exchange, index) => ({ attempt: attempt.number, index, exchange }));
}

function follows(after: ExchangePlace, { attempt, index }: ExchangePlace): boolean {
  return attempt < after.attempt || (attempt === after.attempt && index > after.index);
}

/** @throws BelfryError PAGE_TOKEN_MISMATCH */
function exchangeCursorOf({ cursor }: Page): ExchangePlace | null {
  if (cursor === null) return null;
  const [attempt, index, ...rest] = cursor;
  if (typeof attempt !== "number" || typeof index !== "number" || rest.length > 0) throw mismatch();
  return { attempt, index };
}

/** The same for all pages: time goes on between them. */
interface DriftSpan {
  readonly updatedAfter: number;
  readonly startedAt: number;
}

function partsOf({ stage, after }: DriftCursor, { updatedAfter, startedAt }: DriftSpan): readonly CursorPart[] {
  return [updatedAfter, startedAt, stage, ...(after === null ? [] : [after.at, after.id])];
}

/** @throws BelfryError INVALID_FIELD */
function updatedAfterOf(request: ListDriftRequest): number | undefined {
  const findings = new Findings();
  const asked = optionalInstantOf(request.updatedAfter, "updatedAfter", findings, "up");
  findings.throwIfAny();
  return asked;
}

/** @throws BelfryError PAGE_TOKEN_MISMATCH */
function driftFrom(
  { cursor: parts }: Page,
  asked: number | undefined,
  now: number,
): DriftSpan & { readonly cursor: DriftCursor | null } {
  if (parts === null) return { updatedAfter: asked ?? now - DRIFT_SPAN_MS, startedAt: now, cursor: null };
  const [updatedAfter, startedAt, stage, at, id, ...rest] = parts;
  if (
    typeof updatedAfter !== "number" ||
    typeof startedAt !== "number" ||
    (stage !== "items" && stage !== "sessions") ||
    rest.length > 0
  ) {
    throw mismatch();
  }
  const span = { updatedAfter, startedAt };
  if (at === undefined) return { ...span, cursor: { stage, after: null } };
  if (typeof at !== "number" || typeof id !== "string") throw mismatch();
  return { ...span, cursor: { stage, after: { at, id } } };
}
