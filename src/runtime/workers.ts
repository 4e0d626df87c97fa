/** Workers that are connected to this node: their slots, and which attempt runs with whom. */
import type { InstanceEffect } from "../actors/instance/effects.ts";
import { nextDeadline } from "../actors/instance/deadline.ts";
import type { DisconnectPolicy } from "../domain/action.ts";
import type { Ids } from "../ports/ids.ts";
import type { Assignment, WorkerOutlet } from "./api.ts";
import type { Journal } from "./journal.ts";
import type { Queues, Taker } from "./queues.ts";
import type { InstanceResident } from "./residents.ts";

/** What a stream or a poll has running. */
export interface Session extends Taker {
  readonly queue: string;
  readonly running: Map<string, DisconnectPolicy>;
  slots: number;
  closed: boolean;
  assign(assignment: Assignment): void;
  signal(effect: Extract<InstanceEffect, { kind: "signal" }>): void;
  drain(): void;
  /** An attempt it had is over. */
  released(): void;
}

export class Workers {
  readonly #queues: Queues;
  readonly #journal: Journal;
  readonly #ids: Ids;
  readonly #undelivered: (token: string) => void;
  readonly #sessions = new Map<string, Session>();
  /** Who runs an attempt, by its token. */
  readonly #runners = new Map<string, Session>();

  /** @param deps.undelivered is told of attempts that were started for someone who went away before hearing of it: nobody runs them. */
  constructor(deps: { queues: Queues; journal: Journal; ids: Ids; undelivered: (token: string) => void }) {
    this.#queues = deps.queues;
    this.#journal = deps.journal;
    this.#ids = deps.ids;
    this.#undelivered = deps.undelivered;
  }

  /** A stream joins; its assignments and signals leave in batches, one a commit. */
  openStream(worker: { queue: string; workerId: string; slots: number }, outlet: WorkerOutlet): Session {
    const assignments: Assignment[] = [];
    const signals: Extract<InstanceEffect, { kind: "signal" }>[] = [];
    let flushing = false;
    const flush = (): void => {
      if (flushing) {
        return;
      }
      flushing = true;
      queueMicrotask(() => {
        flushing = false;
        if (session.closed) {
          for (const { token } of assignments.splice(0)) {
            this.#undelivered(token);
          }
          return;
        }
        if (assignments.length > 0) {
          outlet.assign(assignments.splice(0));
        }
        if (signals.length > 0) {
          outlet.signal(signals.splice(0));
        }
      });
    };
    const session: Session = this.#session(worker, true, {
      assign: (assignment) => {
        assignments.push(assignment);
        flush();
      },
      signal: (effect) => {
        signals.push(effect);
        flush();
      },
      drain: () => outlet.drain(),
      released: () => this.offerSlots(session),
    });
    return session;
  }

  /** One poll joins; it takes one instance. */
  openPoll(
    worker: { queue: string; workerId: string },
    outlet: Pick<Session, "assign" | "drain" | "released">,
  ): Session {
    return this.#session({ ...worker, slots: 1 }, false, { ...outlet, signal: () => {} });
  }

  /** Lets a session take instances. */
  admit(session: Session): void {
    this.#sessions.set(session.id, session);
    this.#queues.join(session.queue, session, session.slots - session.running.size);
  }

  /** A worker that reconnected still runs this attempt. */
  adopt(session: Session, token: string, policy: DisconnectPolicy): void {
    // Its old stream may not be known to be broken yet, and has nothing to do with the attempt any more.
    this.#runners.get(token)?.running.delete(token);
    session.running.set(token, policy);
    this.#runners.set(token, session);
  }

  setSlots(session: Session, slots: number): void {
    session.slots = slots;
    this.offerSlots(session);
  }

  /** The session takes nothing more. @returns the attempts it had. */
  close(session: Session): ReadonlyMap<string, DisconnectPolicy> {
    session.closed = true;
    this.#sessions.delete(session.id);
    this.#queues.leave(session.queue, session.id);
    for (const token of session.running.keys()) {
      if (this.#runners.get(token) === session) {
        this.#runners.delete(token);
      }
    }
    return session.running;
  }

  /** The attempt that just started goes to its worker when it is durable. */
  dispatch(resident: InstanceResident): void {
    const { record } = resident;
    const { attempt } = record.life;
    if (attempt === null) {
      return;
    }
    const deadline = nextDeadline(record.state, record.life, {
      ...record.spec,
      timeouts: { ...record.spec.timeouts, heartbeatMs: null },
    });
    const assignment: Assignment = {
      instance: record,
      token: attempt.token,
      number: attempt.number,
      deadlineAt: deadline?.at ?? null,
    };
    this.#journal.after(resident.shard, () => {
      const session = this.#runners.get(attempt.token);
      if (session !== undefined) {
        session.assign(assignment);
      } else if (resident.record.life.attempt?.token === attempt.token) {
        this.#undelivered(attempt.token);
      }
    });
  }

  signal(resident: InstanceResident, effect: Extract<InstanceEffect, { kind: "signal" }>): void {
    const session = this.#runners.get(effect.token);
    if (session !== undefined) {
      this.#journal.after(resident.shard, () => session.signal(effect));
    }
  }

  /** An attempt is over: its slot is free. */
  release(token: string): void {
    const session = this.#runners.get(token);
    if (session !== undefined) {
      this.#runners.delete(token);
      session.running.delete(token);
      session.released();
    }
  }

  /** Attempts whose instances are no longer this node's free their slots here; the worker's reports go to the new owner. */
  dropAttempts(isLost: (token: string) => boolean): void {
    for (const token of this.#runners.keys()) {
      if (isLost(token)) {
        this.release(token);
      }
    }
  }

  /** Tells every worker that this node goes away. */
  drain(): void {
    for (const session of this.#sessions.values()) {
      session.drain();
    }
  }

  /** What a session can take from now on. */
  offerSlots(session: Session): void {
    if (!session.closed) {
      this.#queues.setFree(session.queue, session.id, session.slots - session.running.size);
    }
  }

  #session(
    worker: { queue: string; workerId: string; slots: number },
    heartbeats: boolean,
    outlet: Pick<Session, "assign" | "signal" | "drain" | "released">,
  ): Session {
    const session: Session = {
      ...worker,
      ...outlet,
      id: this.#ids.uuid(),
      heartbeats,
      running: new Map(),
      closed: false,
      started: (resident, token) => {
        const { action } = resident.record.spec;
        session.running.set(token, action.kind === "worker" ? action.disconnectPolicy : "WAIT_FOR_HEARTBEAT");
        this.#runners.set(token, session);
      },
    };
    return session;
  }
}
