/**
 * Many events on one stream. Those of one session are decided in the order of the stream, those of different sessions at the same time; no more
 * are read while so many are under way.
 */
import type { ErrorReason } from "../../domain/error.ts";
import { ApprovalEventSchema } from "../../gen/belfry/v1/approval_pb.ts";
import type {
  BatchReportEventsRequest,
  BatchReportEventsResponseSchema,
  ReportFailureSchema,
} from "../../gen/belfry/v1/work_item_service_pb.ts";
import { checkRequest } from "../call/check-request.ts";
import { errorMessage } from "../errors/details.ts";
import { toBelfryError } from "../errors/to-connect-error.ts";
import { reportOf } from "../mapping/approval-event.ts";
import type { Init } from "../mapping/init.ts";
import { requireField } from "../mapping/required.ts";
import { countFitting } from "../paging/answer-bytes.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { requestIdOf } from "./request-id.ts";

const FAILURES_KEPT = 100;

interface Failure {
  readonly index: number;
  readonly reason: ErrorReason;
  readonly message: string;
  readonly sessionId: string;
}

export async function reportBatch(
  requests: AsyncIterable<BatchReportEventsRequest>,
  environment: ServiceEnvironment,
): Promise<Init<typeof BatchReportEventsResponseSchema>> {
  const counts = { accepted: 0, pushes: 0, failed: 0 };
  const failures: Failure[] = [];
  const lanes = new Lanes(environment.limits.bulkConcurrency);
  let index = 0;
  try {
    for await (const request of requests) {
      const place = index++;
      const sessionId = request.event?.session?.id ?? "";
      await lanes.run(sessionId, async () => {
        try {
          counts.pushes += await reportOne(request, environment);
          counts.accepted += 1;
        } catch (thrown) {
          const error = toBelfryError(thrown, "BatchReportEvents", environment);
          counts.failed += 1;
          keep(failures, { index: place, reason: error.reason, message: errorMessage(error), sessionId });
        }
      });
    }
  } finally {
    // Also when the stream broke off: what was taken is decided before anybody hears of the end.
    await lanes.idle();
  }
  return {
    acceptedCount: BigInt(counts.accepted),
    pushCount: BigInt(counts.pushes),
    failedCount: BigInt(counts.failed),
    failures: failures.slice(0, countFitting(failures)).map(toFailure),
  };
}

async function reportOne(
  request: BatchReportEventsRequest,
  { runtime, clock, limits }: ServiceEnvironment,
): Promise<number> {
  const event = requireField(request.event, "event");
  checkRequest(ApprovalEventSchema, event, "event");
  const { sessionId, ...command } = reportOf(event, { now: clock.now(), dataMaxBytes: limits.dataMaxBytes });
  const { pushes } = await runtime.taskCenters.approvals.report(sessionId, { ...command, ...requestIdOf(request) });
  return pushes.length;
}

/** Keeps the first ones of the stream, in its order, though they end in any. */
function keep(failures: Failure[], failure: Failure): void {
  const at = failures.findLastIndex(({ index }) => index < failure.index) + 1;
  failures.splice(at, 0, failure);
  failures.splice(FAILURES_KEPT);
}

function toFailure({ index, reason, message, sessionId }: Failure): Init<typeof ReportFailureSchema> {
  return { index: BigInt(index), reason, message, sessionId };
}

/** Runs work one after the other for each key, and for all keys together not more than so much at a time. */
class Lanes {
  readonly #limit: number;
  readonly #ends = new Map<string, Promise<void>>();
  #underWay = 0;
  #room = Promise.withResolvers<void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves when there is room for more. @param work never rejects. */
  async run(key: string, work: () => Promise<void>): Promise<void> {
    this.#underWay += 1;
    const end = this.#after(this.#ends.get(key), work);
    this.#ends.set(key, end);
    void this.#forget(key, end);
    while (this.#underWay >= this.#limit) await this.#room.promise;
  }

  async idle(): Promise<void> {
    await Promise.all(this.#ends.values());
  }

  async #after(before: Promise<void> | undefined, work: () => Promise<void>): Promise<void> {
    await before;
    await work();
  }

  async #forget(key: string, end: Promise<void>): Promise<void> {
    await end;
    if (this.#ends.get(key) === end) this.#ends.delete(key);
    this.#underWay -= 1;
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }
}
