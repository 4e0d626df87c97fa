/** What a worker says on its stream: heartbeats and results, each answered on its own, so that one bad result harms no other. */
import { BelfryError } from "../../domain/error.ts";
import type { InstanceState } from "../../domain/instance/instance.ts";
import { InstanceState as ProtoInstanceState } from "../../gen/belfry/v1/instance_pb.ts";
import type {
  CompleteInstanceRequest,
  FailInstanceRequest,
  HeartbeatInstanceRequest,
  WorkReceiptSchema,
} from "../../gen/belfry/v1/worker_service_pb.ts";
import type { Failure, Heartbeat, WorkerCommands } from "../../runtime/index.ts";
import { executionErrorOf, progressOf } from "../mapping/attempt.ts";
import { Findings } from "../mapping/findings.ts";
import type { Init } from "../mapping/init.ts";
import { dataOf } from "../mapping/json.ts";
import { durationOf } from "../mapping/time.ts";

/** @throws BelfryError INVALID_FIELD, PAYLOAD_TOO_LARGE. */
export function heartbeatOf(request: HeartbeatInstanceRequest, prefix: string, dataMaxBytes: number): Heartbeat {
  const findings = new Findings();
  const progress = progressOf(request.progress, `${prefix}progress`, findings);
  findings.throwIfAny();
  const metadata = dataOf(request.metadata, `${prefix}metadata`, dataMaxBytes);
  return { ...(progress && { progress }), ...(metadata && { metadata }) };
}

/** @throws BelfryError INVALID_FIELD. */
function failureOf(request: FailInstanceRequest, prefix: string): Failure {
  const findings = new Findings();
  const retryDelayMs =
    request.retryDelay && durationOf(request.retryDelay, `${prefix}retryDelay`, findings, { roundUp: true });
  findings.throwIfAny();
  return {
    error: executionErrorOf(request.error),
    retryable: request.retryable ?? true,
    ...(retryDelayMs !== undefined && { retryDelayMs }),
  };
}

export async function complete(
  workers: Pick<WorkerCommands, "complete">,
  request: CompleteInstanceRequest,
  prefix: string,
  dataMaxBytes: number,
): Promise<InstanceState> {
  return workers.complete(request.attemptToken, dataOf(request.result, `${prefix}result`, dataMaxBytes) ?? null);
}

export async function fail(
  workers: Pick<WorkerCommands, "fail">,
  request: FailInstanceRequest,
  prefix: string,
): Promise<InstanceState> {
  return workers.fail(request.attemptToken, failureOf(request, prefix));
}

/** A refusal is an answer, too; what nobody expected goes on to `unexpected`, which makes one of it. */
export async function receiptOf(
  token: string,
  state: Promise<InstanceState>,
  unexpected: (error: unknown) => BelfryError,
): Promise<Init<typeof WorkReceiptSchema>> {
  try {
    return { attemptToken: token, accepted: true, state: ProtoInstanceState[await state] };
  } catch (error) {
    const { reason } = error instanceof BelfryError ? error : unexpected(error);
    return { attemptToken: token, accepted: false, reason };
  }
}
