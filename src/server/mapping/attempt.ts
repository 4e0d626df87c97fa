import type { AttemptRecord } from "../../domain/instance/attempt.ts";
import type { ExecutionError, InstanceRecord } from "../../domain/instance/instance.ts";
import type { Progress } from "../../domain/instance/instance.ts";
import {
  AttemptOutcome,
  type AttemptSchema,
  type ExecutionError as ProtoExecutionError,
  type Progress as ProtoProgress,
} from "../../gen/belfry/v1/instance_pb.ts";
import type { WorkAssignmentSchema } from "../../gen/belfry/v1/worker_service_pb.ts";
import type { Assignment } from "../../runtime/index.ts";
import { toExchange } from "./exchange.ts";
import type { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { toWorkersInstance } from "./instance.ts";
import { toOptionalTimestamp, toTimestamp } from "./time.ts";

/** Longer texts of an error are cut: a report of a failure is never refused for its length. */
const MAX_CODE = 128;
const MAX_MESSAGE = 8192;
const MAX_TRACEBACK = 65_536;

export function toAttempt(attempt: AttemptRecord): Init<typeof AttemptSchema> {
  return {
    number: attempt.number,
    series: attempt.series,
    workerId: attempt.workerId,
    outcome: AttemptOutcome[attempt.outcome],
    error: attempt.error ?? undefined,
    startTime: toTimestamp(attempt.startedAt),
    endTime: toTimestamp(attempt.endedAt),
    exchange: toExchange(attempt.exchange),
  };
}

/** The attempt under way, as others than its worker may see it; undefined when there is none. */
export function toRunningAttempt({ life }: InstanceRecord): Init<typeof AttemptSchema> | undefined {
  const { attempt } = life;
  if (attempt === null) return undefined;
  return {
    number: attempt.number,
    series: life.series,
    workerId: attempt.workerId,
    outcome: AttemptOutcome.RUNNING,
    startTime: toTimestamp(attempt.startedAt),
    exchange: toExchange(attempt.handedOn?.exchange),
  };
}

/** What a worker gets. */
export function toAssignment(assignment: Assignment): Init<typeof WorkAssignmentSchema> {
  const { instance, token, number, deadlineAt } = assignment;
  const { attempt, series, workerId } = instance.life;
  return {
    instance: toWorkersInstance(instance),
    attempt: {
      number,
      series,
      token,
      workerId,
      outcome: AttemptOutcome.RUNNING,
      startTime: toOptionalTimestamp(attempt?.startedAt),
      deadline: toOptionalTimestamp(deadlineAt),
    },
  };
}

export function progressOf(
  progress: ProtoProgress | undefined,
  field: string,
  findings: Findings,
): Omit<Progress, "at"> | undefined {
  if (progress === undefined) return undefined;
  const { percent, step, message } = progress;
  // Written so that NaN fails.
  if (!(percent >= 0 && percent <= 100)) findings.add(`${field}.percent`, "must be from 0 to 100");
  return { percent, step, message };
}

export function executionErrorOf(error: ProtoExecutionError | undefined): ExecutionError {
  return {
    code: cut(error?.code ?? "", MAX_CODE),
    message: cut(error?.message ?? "", MAX_MESSAGE),
    traceback: cutStart(error?.traceback ?? "", MAX_TRACEBACK),
  };
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).toWellFormed();
}

/** The end of a traceback says most. */
function cutStart(text: string, length: number): string {
  return text.length <= length ? text : text.slice(-length).toWellFormed();
}
