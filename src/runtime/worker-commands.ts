import type { InstanceEvent } from "../actors/instance/events.ts";
import type { DisconnectPolicy } from "../domain/action.ts";
import { BelfryError } from "../domain/error.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Assignment, WorkerCommands, WorkerOutlet, WorkerSession } from "./api.ts";
import { instanceOfToken } from "./attempt-token.ts";
import type { CommandDeps } from "./definition-commands.ts";
import { staleAttempt } from "./refusals.ts";
import type { InstanceResident } from "./residents.ts";
import type { Session, Workers } from "./workers.ts";

/** Metadata of one instance, merged, as JSON. */
const MAX_METADATA_BYTES = 262_144;

export function workerCommands({
  clock,
  journal,
  activation,
  decisions,
  gate,
  workers,
  lose,
  takeBack,
}: CommandDeps & {
  workers: Workers;
  lose: (token: string) => void;
  takeBack: (token: string) => void;
}): WorkerCommands {
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
      if (!decisions.instance(resident, event())) {
        throw staleAttempt();
      }
      const value = answer(resident);
      return journal.committed(resident.shard, () => value);
    });
  }

  function close(session: Session): void {
    if (session.closed) {
      return;
    }
    for (const [token, policy] of workers.close(session)) {
      if (policy === "FAIL_AT_ONCE") {
        lose(token);
      }
    }
  }

  return {
    open: (worker, outlet) => gate.pass(() => open(worker, outlet)),
    poll: (worker, signal) => gate.passWaiting(() => poll(worker, signal)),
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
    complete: (token, result) =>
      report(
        token,
        () => ({ type: "COMPLETE", at: clock.now(), token, result }),
        ({ record }) => record.state,
      ),
    fail: (token, failure) =>
      report(
        token,
        () => ({ type: "FAIL", at: clock.now(), token, chance: decisions.chance(), ...failure }),
        ({ record }) => record.state,
      ),
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
    const stale: string[] = [];
    for (const token of worker.running) {
      const policy = await runningPolicy(token);
      if (policy === null) {
        stale.push(token);
      } else {
        workers.adopt(session, token, policy);
      }
    }
    decisions.run(() => workers.admit(session));
    return {
      id: session.id,
      stale,
      setSlots: (slots) => decisions.run(() => workers.setSlots(session, slots)),
      close: () => close(session),
    };
  }

  /** The disconnect policy of an attempt that is still under way; null when it is over. */
  async function runningPolicy(token: string): Promise<DisconnectPolicy | null> {
    const id = instanceOfToken(token);
    const record = id === null ? undefined : (await activation.instance(id))?.record;
    if (record?.life.attempt?.token !== token) {
      return null;
    }
    return record.spec.action.kind === "worker" ? record.spec.action.disconnectPolicy : "WAIT_FOR_HEARTBEAT";
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

/** What heartbeats add up to is bounded as a whole: each may be small, and there may be many. */
function requireRoom(known: JsonObject | null, more: JsonObject | undefined): void {
  if (
    more !== undefined &&
    known !== null &&
    Buffer.byteLength(JSON.stringify({ ...known, ...more })) > MAX_METADATA_BYTES
  ) {
    throw new BelfryError(
      "PAYLOAD_TOO_LARGE",
      `The metadata of the instance would grow past ${MAX_METADATA_BYTES} bytes as JSON. Report fewer or smaller keys.`,
      { metadata: { field: "metadata", limit_bytes: String(MAX_METADATA_BYTES) } },
    );
  }
}
