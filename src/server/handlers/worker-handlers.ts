import { InstanceState } from "../../gen/belfry/v1/instance_pb.ts";
import type { WorkerService } from "../../gen/belfry/v1/worker_service_pb.ts";
import { firstOf } from "../call/abort.ts";
import type { Handlers } from "../call/handler.ts";
import { toAssignment } from "../mapping/attempt.ts";
import { Findings } from "../mapping/findings.ts";
import { durationOf } from "../mapping/time.ts";
import { complete, fail, heartbeatOf } from "../work/work-results.ts";
import { workStream } from "../work/work-stream.ts";
import type { ServiceEnvironment } from "./environment.ts";

const MAX_WAIT_MS = 5 * 60_000;

export function workerHandlers(environment: ServiceEnvironment): Handlers<typeof WorkerService> {
  const { runtime, limits, draining } = environment;
  const { workers } = runtime;
  return {
    work: workStream(environment),

    async pollInstance({ queue, workerId, wait }, call) {
      const findings = new Findings();
      const waitMs = wait ? durationOf(wait, "wait", findings, { maxMs: MAX_WAIT_MS, roundUp: true }) : 0;
      findings.throwIfAny();
      // A node that goes away gives its waiting pollers an empty answer: they come again, and find another.
      const { signal, release } = firstOf(call.signal, draining);
      try {
        const assignment = await workers.poll({ queue, workerId, waitMs }, signal);
        return assignment === null ? {} : toAssignment(assignment);
      } catch (error) {
        if (draining.aborted && !call.signal.aborted && error === draining.reason) return {};
        throw error;
      } finally {
        release();
      }
    },

    heartbeatInstance: (request) =>
      workers.heartbeat(request.attemptToken, heartbeatOf(request, "", limits.dataMaxBytes)),

    async completeInstance(request) {
      return { state: InstanceState[await complete(workers, request, "", limits.dataMaxBytes)] };
    },

    async failInstance(request) {
      return { state: InstanceState[await fail(workers, request, "")] };
    },
  };
}
