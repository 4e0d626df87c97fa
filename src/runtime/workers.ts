/** Workers that are connected to this node: their slots, and which attempt runs with whom. */
import type { InstanceEffect } from "../actors/instance/effects.ts";
import { nextDeadline } from "../actors/instance/deadline.ts";
import type { DisconnectPolicy } from "../domain/action.ts";
import type { InstanceRecord } from "../domain/instance/instance.ts";
import type { Ids } from "../ports/ids.ts";
import type { Assignment, WorkerOutlet, WorkerSignal } from "./api.ts";
import type { Journal } from "./journal.ts";
import type { Taker } from "./queue-parties.ts";
import type { Queues } from "./queues.ts";
import type { InstanceResident } from "./residents.ts";

/** What a stream or a poll has running; or a worker of another node, of instances of this one. */
export interface Session extends Taker {
  readonly queue: string;
  readonly running: Map<string, DisconnectPolicy>;
  slots: number;
  /** Slots that are promised to other nodes. */
  lent: number;
  closed: boolean;
  assign(assignment: Assignment): void;
  signal(signal: WorkerSignal): void;
  drain(): void;
  /** An attempt it had is over. @param unheard its worker never heard of it. */
  released(token: string, unheard: boolean): void;
  /** Its worker has connected anew, with an attempt that it had. */
  moved(token: string, to: Session): void;
}

type SessionOutlet = Pick<Session, "assign" | "signal" | "drain" | "released" | "moved">;

export class Workers {
  readonly #queues: Queues;
  readonly #journal: Journal;
  readonly #ids: Ids;
  readonly #undelivered: (token: string) => void;
  readonly #begun: (token: string) => void;
  readonly #sessions = new Map<string, Session>();
  /** Who runs an attempt, by its token. */
  readonly #runners = new Map<string, Session>();
  /** Attempts that were decided and are not durable yet: their workers have not heard of them. */
  readonly #unheard = new Set<string>();
  #draining = false;

  /**
   * @param deps.undelivered is told of attempts that were started for someone who went away before hearing of it: nobody runs them.
   * @param deps.begun is told of attempts that begin here, of instances of this node.
   */
  constructor(deps: {
    queues: Queues;
    journal: Journal;
    ids: Ids;
    undelivered: (token: string) => void;
    begun: (token: string) => void;
  }) {
    this.#queues = deps.queues;
    this.#journal = deps.journal;
    this.#ids = deps.ids;
    this.#undelivered = deps.undelivered;
    this.#begun = deps.begun;
  }

  /** A stream joins; its assignments and signals leave in batches, one a commit. */
  openStream(worker: { queue: string; workerId: string; slots: number }, outlet: WorkerOutlet): Session {
    const assignments: Assignment[] = [];
    const signals: WorkerSignal[] = [];
    let flushing = false;
    const tellAll = (told: readonly WorkerSignal[]): void => {
      if (told.length > 0) {
        outlet.signal(told);
      }
    };
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
        // What frees a slot is told before what takes it.
        const given = new Set(assignments.map(({ token }) => token));
        const [later, first] = [signals.filter(({ token }) => given.has(token)), signals.splice(0)];
        tellAll(first.filter(({ token }) => !given.has(token)));
        if (assignments.length > 0) {
          outlet.assign(assignments.splice(0));
        }
        tellAll(later);
      });
    };
    const session: Session = this.#session(
      { ...worker, heartbeats: true },
      {
        assign: (assignment) => {
          assignments.push(assignment);
          flush();
        },
        signal: (signal) => {
          signals.push(signal);
          flush();
        },
        drain: () => outlet.drain(),
        released: (token) => {
          outlet.released?.(token);
          this.offerSlots(session);
        },
        moved: () => {},
      },
    );
    return session;
  }

  /** One poll joins; it takes one instance. */
  openPoll(worker: { queue: string; workerId: string }, outlet: Omit<SessionOutlet, "signal" | "moved">): Session {
    return this.#session({ ...worker, slots: 1 }, { ...outlet, signal: () => {}, moved: () => {} });
  }

  /** A worker of another node, whose slots are lent one by one. */
  openRemote(
    worker: { queue: string; workerId: string; id: string; heartbeats: boolean },
    outlet: Omit<SessionOutlet, "drain">,
  ): Session {
    return this.#session({ ...worker, slots: 0, remote: true }, { ...outlet, drain: () => {} });
  }

  /** A session of a worker here; undefined when it is gone. */
  sessionOf(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  /** Attempts that workers on streams of this node have. */
  attempts(): readonly { readonly token: string; readonly session: Session }[] {
    return [...this.#runners]
      .filter(([token, { remote }]) => !remote && !this.#unheard.has(token))
      .map(([token, session]) => ({ token, session }));
  }

  /** Who runs this attempt, as far as is known here. */
  runnerOf(token: string): Session | undefined {
    return this.#runners.get(token);
  }

  /** An attempt of an instance of another node, for a worker here. @returns false when it has no room for it any more. */
  accept(session: Session, assignment: Assignment): boolean {
    if (this.#draining || session.closed || roomOf(session) <= 0) {
      return false;
    }
    session.running.set(assignment.token, disconnectPolicyOf(assignment.instance));
    this.#runners.set(assignment.token, session);
    this.offerSlots(session);
    session.assign(assignment);
    return true;
  }

  /** Tells the worker that has this attempt, when it is here. */
  tell(signal: WorkerSignal): void {
    const session = this.#runners.get(signal.token);
    if (session?.remote === false) {
      session.signal(signal);
    }
  }

  /** Lets a session take instances. */
  admit(session: Session): void {
    this.#sessions.set(session.id, session);
    this.#queues.join(session.queue, session, roomOf(session));
  }

  /** A worker that reconnected still runs this attempt. */
  adopt(session: Session, token: string, policy: DisconnectPolicy): void {
    // Its old stream may not be known to be broken yet, and has nothing to do with the attempt any more.
    const before = this.#runners.get(token);
    if (before !== undefined && before !== session) {
      before.running.delete(token);
      before.moved(token, session);
    }
    session.running.set(token, policy);
    this.#runners.set(token, session);
  }

  /** The worker that has this attempt has connected to another node: its old stream here has nothing to do with it any more. */
  forget(token: string): void {
    const session = this.#runners.get(token);
    if (session?.remote === false) {
      this.#runners.delete(token);
      session.running.delete(token);
    }
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
    // By when it must have ended; heartbeats it gives anyway.
    const silent = { ...record.life, attempt: { ...attempt, heartbeatMs: null } };
    const deadline = nextDeadline(record.state, silent, record.spec);
    const assignment: Assignment = {
      instance: record,
      token: attempt.token,
      number: attempt.number,
      deadlineAt: deadline?.at ?? null,
    };
    this.#journal.after(resident.shard, () => {
      this.#unheard.delete(attempt.token);
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
      const { kind: _, ...signal } = effect;
      this.#journal.after(resident.shard, () => session.signal(signal));
    }
  }

  /** An attempt is over: its slot is free. */
  release(token: string): void {
    const session = this.#runners.get(token);
    if (session !== undefined) {
      this.#runners.delete(token);
      session.running.delete(token);
      session.released(token, this.#unheard.delete(token));
    }
  }

  /**
   * The instances of these attempts are another node's now. Their workers go on, and are made known to the new owner. Attempts that nobody has
   * heard of free their slots.
   * @returns those: they may be durable, and nobody runs them.
   */
  dropAttempts(isLost: (token: string) => boolean): readonly string[] {
    const unheard: string[] = [];
    for (const [token, session] of this.#runners) {
      if (!isLost(token)) {
        continue;
      }
      if (this.#unheard.has(token)) {
        unheard.push(token);
        this.release(token);
      } else if (session.remote) {
        this.#runners.delete(token);
        session.running.delete(token);
      }
    }
    return unheard;
  }

  /** Tells every worker that this node goes away. Attempts of other nodes that are on their way are refused from now on. */
  drain(): void {
    this.#draining = true;
    for (const session of this.#sessions.values()) {
      session.drain();
    }
  }

  /** What a session can take from now on. */
  offerSlots(session: Session): void {
    if (!session.closed) {
      this.#queues.setFree(session.queue, session.id, roomOf(session));
    }
  }

  #session(
    worker: {
      queue: string;
      workerId: string;
      slots: number;
      id?: string;
      heartbeats?: boolean;
      remote?: boolean;
    },
    outlet: SessionOutlet,
  ): Session {
    const session: Session = {
      heartbeats: false,
      remote: false,
      id: worker.id ?? this.#ids.uuid(),
      ...worker,
      ...outlet,
      running: new Map(),
      lent: 0,
      closed: false,
      started: (resident, token) => {
        session.running.set(token, disconnectPolicyOf(resident.record));
        this.#runners.set(token, session);
        this.#unheard.add(token);
        this.#begun(token);
      },
    };
    return session;
  }
}

function roomOf({ slots, running, lent }: Session): number {
  return slots - running.size - lent;
}

export function disconnectPolicyOf({ spec }: InstanceRecord): DisconnectPolicy {
  return spec.action.kind === "worker" ? spec.action.disconnectPolicy : "WAIT_FOR_HEARTBEAT";
}
