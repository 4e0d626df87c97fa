/**
 * A worker's stream.
 *
 * The first message says who the worker is; then both sides talk at any time. Messages of the worker are read one by one and acted upon at
 * once, without waiting for the commits of what they bring; answers leave as they come. Two bounds keep memory in hand: the runtime gives out
 * no more than the worker has slots for, and the stream is not read while too many results are unanswered.
 *
 * The end of the stream closes the session, whatever ended it; what becomes of its attempts is up to their disconnect policy.
 */
import { BelfryError, invalid } from "../../domain/error.ts";
import type { InstanceState } from "../../domain/instance/instance.ts";
import type { HeartbeatInstanceRequest, WorkerService, WorkRequest } from "../../gen/belfry/v1/worker_service_pb.ts";
import type { WorkerOutlet, WorkerSession } from "../../runtime/index.ts";
import type { Handlers } from "../call/handler.ts";
import { toBelfryError } from "../errors/to-connect-error.ts";
import { drainingError } from "../handlers/draining.ts";
import type { ServiceEnvironment } from "../handlers/environment.ts";
import { toAssignment } from "../mapping/attempt.ts";
import { toDuration } from "../mapping/time.ts";
import { WorkBacklog } from "./work-backlog.ts";
import { WorkOutbox } from "./work-outbox.ts";
import { complete, fail, heartbeatOf, receiptOf } from "./work-results.ts";

/** A third of the heartbeat timeout that attempts on a stream have by default. */
const HEARTBEAT_INTERVAL_MS = 20_000;

export function workStream(environment: ServiceEnvironment): Handlers<typeof WorkerService>["work"] {
  const { runtime, closing, draining } = environment;
  return async function* work(requests, call) {
    const incoming = requests[Symbol.asyncIterator]();
    const outbox = new WorkOutbox();
    const onClosing = (): void => outbox.fail(drainingError());
    const onGone = (): void => outbox.fail(call.signal.reason);
    let session: WorkerSession | undefined;
    try {
      const first = await incoming.next();
      if (first.done === true) return;
      const { hello } = first.value;
      if (hello === undefined)
        throw invalid({ field: "hello", description: "must be set in the first message of the stream" });
      const { queue, workerId, running } = hello;
      const slots = first.value.slots ?? 0;
      session = await runtime.workers.open({ queue, workerId, slots, running }, outletTo(outbox));
      call.signal.addEventListener("abort", onGone, { once: true });
      closing.addEventListener("abort", onClosing, { once: true });
      if (call.signal.aborted) onGone();
      if (closing.aborted) onClosing();
      const { id: sessionId, stale } = session;
      outbox.add((pending) => {
        pending.welcome = { sessionId, stale: [...stale], heartbeatInterval: toDuration(HEARTBEAT_INTERVAL_MS) };
        pending.draining ||= draining.aborted;
      });
      void read(first.value, incoming, session, outbox, environment);
      yield* outbox.messages();
    } finally {
      call.signal.removeEventListener("abort", onGone);
      closing.removeEventListener("abort", onClosing);
      session?.close();
    }
  };
}

/** Acts on what the worker sends until it has said its last, and then lets the stream end once everything is answered. */
async function read(
  first: WorkRequest,
  incoming: AsyncIterator<WorkRequest>,
  session: WorkerSession,
  outbox: WorkOutbox,
  environment: ServiceEnvironment,
): Promise<void> {
  const backlog = new WorkBacklog();
  try {
    act(first, outbox, backlog, environment);
    for (let next = await incoming.next(); next.done !== true; next = await incoming.next()) {
      const request = next.value;
      if (request.hello !== undefined)
        throw invalid({ field: "hello", description: "must be set in the first message only" });
      if (request.slots !== undefined) session.setSlots(request.slots);
      act(request, outbox, backlog, environment);
      await roomFor(backlog, outbox, environment.limits.workBacklog);
    }
    // It can report nothing any more, so nothing more is for it.
    session.setSlots(0);
    await backlog.settled();
    outbox.end();
  } catch (error) {
    outbox.fail(error);
  }
}

/** Answers that are still to come, and those that the worker does not take, count alike. */
async function roomFor(backlog: WorkBacklog, outbox: WorkOutbox, limit: number): Promise<void> {
  while (backlog.size + outbox.unsentReceipts >= limit && !outbox.hasEnded) {
    await Promise.race(backlog.size > 0 ? [backlog.oneDone(), outbox.taken()] : [outbox.taken()]);
  }
}

function act(request: WorkRequest, outbox: WorkOutbox, backlog: WorkBacklog, environment: ServiceEnvironment): void {
  const { runtime, limits } = environment;
  const { workers } = runtime;
  const unexpected = (error: unknown): BelfryError => toBelfryError(error, "belfry.v1.WorkerService/Work", environment);

  const answer = (token: string, state: Promise<InstanceState>): void => {
    backlog.add(
      receiptOf(token, state, unexpected).then((receipt) => outbox.add(({ receipts }) => receipts.push(receipt))),
    );
  };
  request.heartbeats.forEach((heartbeat, index) => {
    backlog.add(beat(heartbeat, `heartbeats[${index}].`, outbox, environment, unexpected));
  });
  request.completions.forEach((completion, index) => {
    answer(completion.attemptToken, complete(workers, completion, `completions[${index}].`, limits.dataMaxBytes));
  });
  request.failures.forEach((failure, index) => {
    answer(failure.attemptToken, fail(workers, failure, `failures[${index}].`));
  });
}

/**
 * A heartbeat is answered only when it asks for something. One whose data is refused still counts as a sign of life: the attempt is well, and
 * must not be lost for what its code wanted to remember.
 */
async function beat(
  request: HeartbeatInstanceRequest,
  prefix: string,
  outbox: WorkOutbox,
  { runtime, limits, log }: ServiceEnvironment,
  unexpected: (error: unknown) => BelfryError,
): Promise<void> {
  const { attemptToken } = request;
  let heartbeat = {};
  try {
    heartbeat = heartbeatOf(request, prefix, limits.dataMaxBytes);
  } catch (error) {
    log.warn("The data of a heartbeat was refused; it counts as a sign of life only", { error });
  }
  try {
    const asked = await runtime.workers.heartbeat(attemptToken, heartbeat);
    if (asked.cancelRequested || asked.pauseRequested)
      outbox.add(({ signals }) => signals.push({ attemptToken, ...asked }));
  } catch (error) {
    const { reason } = error instanceof BelfryError ? error : unexpected(error);
    if (reason === "STALE_ATTEMPT") outbox.add(({ signals }) => signals.push({ attemptToken, stale: true }));
    // Anything else passes: the next heartbeat comes soon.
  }
}

function outletTo(outbox: WorkOutbox): WorkerOutlet {
  return {
    assign: (assignments) =>
      outbox.add((pending) => {
        for (const assignment of assignments) pending.assignments.push(toAssignment(assignment));
      }),
    signal: (signals) =>
      outbox.add((pending) => {
        for (const { token, ...asked } of signals) pending.signals.push({ attemptToken: token, ...asked });
      }),
    drain: () =>
      outbox.add((pending) => {
        pending.draining = true;
      }),
  };
}
