import type { InstanceEvent } from "../actors/instance/events.ts";
import { BelfryError } from "../domain/error.ts";
import type { InstanceState } from "../domain/instance/instance.ts";
import { isFinal } from "../domain/instance/instance.ts";
import type { Assignment, ExecutorCommands, WorkerCommands, WorkerOutlet, WorkerSession } from "./api.ts";
import { instanceOfToken } from "./attempt-token.ts";
import type { AttemptCommands, ClaimedAttempt } from "./attempt-commands.ts";
import type { ReportCommands } from "./cluster/routed-commands.ts";
import type { CommandDeps } from "./definition-commands.ts";
import { requireRoom } from "./metadata-room.ts";
import { isUnavailable, staleAttempt } from "./refusals.ts";
import type { PushStatesTold } from "./platforms/api.ts";
import type { InstanceResident } from "./residents.ts";
import type { Session, Workers } from "./workers.ts";

/** How long a worker that connects waits until the owners of its attempts' instances know of it. */
const CLAIM_MS = 1000;
/** It is made known when the shard has an owner again. Until then the worker goes on. */
const UNCLAIMED: ClaimedAttempt = { policy: "WAIT_FOR_HEARTBEAT", cancelRequested: false, pauseRequested: false };

/** What workers report of attempts whose instances are this node's. */
export function reportCommands({ clock, journal, activation, decisions, gate }: CommandDeps): ReportCommands {
  /** The instance of an attempt; throws STALE_ATTEMPT when the token was not made here, or its instance is gone. */
  async function holder(token: string): Promise<InstanceResident> {
    const id = instanceOfToken(token);
    const resident = id === null ? null : await activation.instance(id);
    if (resident === null) {
      throw staleAttempt();
    }
    return resident;
  }

  /** What a worker says of its attempt. */
  function report<Value>(
    token: string,
    event: () => InstanceEvent,
    answer: (resident: InstanceResident) => Value,
    check: (resident: InstanceResident) => void = () => {},
  ): Promise<Value> {
    return gate.pass(async () => {
      const resident = await holder(token);
      check(resident);
      const value = decisions.run(() => {
        if (!decisions.instance(resident, event())) {
          throw staleAttempt();
        }
        return answer(resident);
      });
      return journal.committed(resident.shard, () => value);
    });
  }

  return {
    heartbeat: (token, { progress, metadata }) =>
      report(
        token,
        () => ({
          type: "HEARTBEAT",
          at: clock.now(),
          token,
          ...(progress === undefined ? {} : { progress }),
          ...(metadata === undefined ? {} : { metadata }),
        }),
        ({ record }) => ({
          cancelRequested: record.life.cancelRequestedAt !== null,
          pauseRequested: record.state === "PAUSED",
        }),
        ({ record }) => requireRoom(record.life.metadata, metadata),
      ),
    complete: (token, result, { pushStates, ...kept } = {}) =>
      report(
        token,
        () => ({ type: "COMPLETE", at: clock.now(), token, result, ...kept }),
        (resident) => stateWith(resident, pushStates),
      ),
    awaitResult: (token, { withinMs, exchange }) =>
      report(
        token,
        () => ({ type: "HAND_ON", at: clock.now(), token, withinMs, exchange }),
        ({ record }) => record.state,
      ),
    fail: (token, { pushStates, ...failure }) =>
      report(
        token,
        () => ({ type: "FAIL", at: clock.now(), token, chance: decisions.chance(), ...failure }),
        (resident) => stateWith(resident, pushStates),
      ),
  };

  /** What a platform was told is in the commit with the end of the attempt that told it. */
  function stateWith({ record, shard }: InstanceResident, pushStates: PushStatesTold | undefined): InstanceState {
    if (pushStates !== undefined) {
      const { told, failed } = pushStates;
      for (const row of isFinal(record.state) ? [...told, ...failed] : told) {
        journal.open.pushState({ ...row, shard });
      }
    }
    return record.state;
  }
}

/** What workers that are connected to this node ask for. */
export function workerCommands({
  clock,
  decisions,
  gate,
  workers,
  nodeId,
  reports,
  attempts,
  lose,
  takeBack,
}: Pick<CommandDeps, "clock" | "decisions" | "gate"> & {
  readonly workers: Workers;
  readonly nodeId: string;
  /** Routed to the owners of the instances. */
  readonly reports: ReportCommands;
  readonly attempts: AttemptCommands;
  readonly lose: (token: string, session: string) => void;
  readonly takeBack: (token: string) => void;
}): WorkerCommands & ExecutorCommands {
  function close(session: Session): void {
    if (session.closed) {
      return;
    }
    for (const [token, policy] of workers.close(session)) {
      if (policy === "FAIL_AT_ONCE") {
        lose(token, session.id);
      }
    }
  }

  /** An attempt that is reported to be over, or was over, has no place with its worker any more, whoever owns its instance. */
  async function ending<Value>(token: string, report: Promise<Value>): Promise<Value> {
    const value = await known(token, report);
    release(token);
    return value;
  }

  async function known<Value>(token: string, report: Promise<Value>): Promise<Value> {
    try {
      return await report;
    } catch (error) {
      if (error instanceof BelfryError && error.reason === "STALE_ATTEMPT") {
        release(token);
      }
      throw error;
    }
  }

  function release(token: string): void {
    decisions.run(() => workers.release(token));
  }

  return {
    open: (worker, outlet) => gate.passWaiting(() => open(worker, outlet)),
    poll: (worker, signal) => gate.passWaiting(() => poll(worker, signal)),
    heartbeat: (token, heartbeat) => known(token, reports.heartbeat(token, heartbeat)),
    complete: (token, result, kept) => ending(token, reports.complete(token, result, kept)),
    fail: (token, failure) => ending(token, reports.fail(token, failure)),
    awaitResult: (token, delivered) => ending(token, reports.awaitResult(token, delivered)),
    giveBack: async (token) => {
      await attempts.takeBack(token);
      release(token);
    },
  };

  async function open(
    worker: {
      readonly queue: string;
      readonly workerId: string;
      readonly slots: number;
      readonly running: readonly string[];
    },
    outlet: WorkerOutlet,
  ): Promise<WorkerSession> {
    const session = workers.openStream(worker, outlet);
    const claims = await Promise.all(worker.running.map((token) => claimSoon(token, session)));
    const stale = worker.running.filter((_, index) => claims[index] === null);
    claims.forEach((claimed, index) => {
      if (claimed !== null) {
        workers.adopt(session, worker.running[index] ?? "", claimed.policy);
      }
    });
    decisions.run(() => workers.admit(session));
    return {
      id: session.id,
      stale,
      setSlots: (slots) => decisions.run(() => workers.setSlots(session, slots)),
      close: () => close(session),
    };
  }

  /** A worker is not kept waiting for shards that move: it goes on with what it has, which is made known a moment later. */
  async function claimSoon(token: string, session: Session): Promise<ClaimedAttempt | null> {
    const soon = new AbortController();
    const waited = clock.sleep(CLAIM_MS, soon.signal).then(
      () => UNCLAIMED,
      () => UNCLAIMED,
    );
    try {
      return await Promise.race([claim(token, session), waited]);
    } finally {
      soon.abort();
    }
  }

  /** Makes an attempt that a worker still has known to the owner of its instance; null when it is over. */
  async function claim(token: string, { id, workerId, queue }: Session): Promise<ClaimedAttempt | null> {
    if (instanceOfToken(token) === null) {
      return null;
    }
    try {
      return await attempts.claim(token, { node: nodeId, session: id, workerId, queue });
    } catch (error) {
      if (isUnavailable(error)) {
        return UNCLAIMED;
      }
      throw error;
    }
  }

  function poll(
    worker: { readonly queue: string; readonly workerId: string; readonly waitMs: number },
    signal?: AbortSignal,
  ): Promise<Assignment | null> {
    const { promise, resolve } = Promise.withResolvers<Assignment | null>();
    let over = false;
    let expired = false;
    const session = workers.openPoll(worker, {
      assign: (assignment) => {
        if (over) {
          // The caller went away between the decision and its commit: nobody will run it.
          workers.close(session);
          takeBack(assignment.token);
        } else {
          finish(assignment);
        }
      },
      // What it was about to get was called off, or lost with its shard, before it was durable.
      released: () => {
        if (over) {
          workers.close(session);
        } else if (expired) {
          finish(null);
        } else {
          workers.offerSlots(session);
        }
      },
      drain: () => giveUp(),
    });
    const timer = clock.schedule(worker.waitMs, () => giveUp());
    const abort = (): void => giveUp(true);
    signal?.addEventListener("abort", abort, { once: true });
    function finish(assignment: Assignment | null): void {
      over = true;
      timer.cancel();
      signal?.removeEventListener("abort", abort);
      if (assignment !== null || session.running.size === 0) {
        workers.close(session);
      }
      resolve(assignment);
    }
    function giveUp(gone = false): void {
      expired = true;
      // An attempt that is being committed for a caller who still waits is delivered.
      if (!over && (gone || session.running.size === 0)) {
        finish(null);
      }
    }
    decisions.run(() => workers.admit(session));
    if (signal?.aborted === true) {
      giveUp(true);
    }
    return promise;
  }
}
