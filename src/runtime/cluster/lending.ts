/**
 * Free slots of workers here, lent to nodes whose instances wait.
 *
 * This node alone says who has a slot of its workers, so none is used twice (W1). A slot that is lent counts as taken until an attempt comes
 * for it, or it is given back, or the loan is over; an attempt that comes later is taken when there is room, and refused otherwise, so that its
 * instance waits on as if nothing had been (W2). Among those who wait the most urgent comes first, equals take turns, and
 * whoever was passed over too often counts as most urgent (W3). An attempt that is sent again gets the answer that it got (W4).
 *
 * Nobody knows which loan an attempt, or a slot that comes back, is for. It is taken to be for the latest one, so that a loan whose notice was
 * lost grows old and ends, however much comes and goes meanwhile.
 */
import { PATIENCE } from "../../actors/queue/queue.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Queues } from "../queues.ts";
import type { Workers } from "../workers.ts";
import type { Link } from "./link.ts";
import type { Assignment } from "../api.ts";
import type { RemoteAssignment, SlotGrant } from "./protocol.ts";

/** A loan that nobody made use of. */
export const LOAN_MS = 5000;
/** What waits elsewhere is said again more often than this. */
const DEMAND_MS = 2500;
/** Attempts that came are remembered for at least so long, in case they are sent again. */
const REMEMBERED_MS = 20_000;

interface Demand {
  waiting: number;
  readonly priority: number;
  readonly heardAt: number;
  /** Slots that more urgent ones got since it got one. */
  passed: number;
}

export class Lending {
  readonly #clock: Clock;
  readonly #link: Link;
  readonly #queues: Queues;
  readonly #workers: Workers;
  readonly #run: (change: () => void) => void;
  readonly #demanded: (queue: string) => void;
  /** By queue, then by node. */
  readonly #demands = new Map<string, Map<string, Demand>>();
  /** When each slot was lent, the latest last; by node, then by session. */
  readonly #loans = new Map<string, Map<string, number[]>>();
  /** By node, then by session: about to be told. */
  readonly #grants = new Map<string, Map<string, SlotGrant>>();
  /** Attempts that came of late, and whether they were taken; and those that came before. */
  #came = new Map<string, boolean>();
  #cameBefore = new Map<string, boolean>();
  #rememberedSince = 0;
  #turn = 0;

  /** @param deps.run runs changes as one: what waits is paired with free slots at the end. */
  constructor(deps: {
    clock: Clock;
    link: Link;
    queues: Queues;
    workers: Workers;
    run: (change: () => void) => void;
    /** Something waits in this queue on another node. */
    demanded: (queue: string) => void;
  }) {
    this.#clock = deps.clock;
    this.#link = deps.link;
    this.#queues = deps.queues;
    this.#workers = deps.workers;
    this.#run = deps.run;
    this.#demanded = deps.demanded;
    this.#link.hear("demand", (from, { queue, waiting, priority }) => this.#heard(from, queue, waiting, priority));
    this.#link.hear("giveBack", (from, { session, slots }) => this.#run(() => this.#returned(from, session, slots)));
    this.#link.hear("released", (_, { tokens }) =>
      this.#run(() => {
        for (const token of tokens) {
          this.#workers.release(token);
        }
      }),
    );
    this.#link.hear("elsewhere", (_, { tokens }) => {
      for (const token of tokens) {
        this.#workers.forget(token);
      }
    });
    this.#link.hear("signals", (_, { signals }) => {
      this.#run(() => {
        for (const signal of signals) {
          this.#workers.tell(signal);
          if (signal.stale) {
            this.#workers.release(signal.token);
          }
        }
      });
    });
    this.#link.answer("assign", async (from, { assignments }) => this.#taking(from, assignments));
  }

  /** W3. */
  nodeBefore(queue: string, mostUrgent: number | null): { readonly node: string; readonly priority: number } | null {
    const demands = this.#demands.get(queue);
    if (demands === undefined) {
      return null;
    }
    let best = mostUrgent ?? Number.POSITIVE_INFINITY;
    for (const demand of demands.values()) {
      best = Math.min(best, urgencyOf(demand));
    }
    const inTurn: (string | null)[] = [...demands]
      .filter(([, demand]) => urgencyOf(demand) === best)
      .map(([node]) => node);
    if (mostUrgent === best) {
      inTurn.push(null);
    }
    this.#turn = (this.#turn + 1) % Number.MAX_SAFE_INTEGER;
    const node = inTurn[this.#turn % inTurn.length] ?? null;
    const priority = node === null ? best : (demands.get(node)?.priority ?? best);
    for (const [other, demand] of demands) {
      demand.passed = other === node ? 0 : demand.passed + Number(demand.priority > priority);
    }
    return node === null ? null : { node, priority };
  }

  /** W1. */
  lend(queue: string, node: string, sessionId: string): void {
    const session = this.#workers.sessionOf(sessionId);
    const demands = this.#demands.get(queue);
    const demand = demands?.get(node);
    if (demand !== undefined && --demand.waiting <= 0) {
      this.#forget(queue, node);
    }
    if (session === undefined) {
      return;
    }
    session.lent++;
    const loans = mapIn(this.#loans, node);
    const lentAt = loans.get(sessionId);
    if (lentAt === undefined) {
      loans.set(sessionId, [this.#clock.monotonic()]);
    } else {
      lentAt.push(this.#clock.monotonic());
    }
    const { workerId, heartbeats } = session;
    const grants = mapIn(this.#grants, node);
    const slots = (grants.get(sessionId)?.slots ?? 0) + 1;
    if (this.#grants.size === 1 && grants.size === 0) {
      queueMicrotask(() => this.#tellGrants());
    }
    grants.set(sessionId, { queue, session: sessionId, workerId, heartbeats, slots });
  }

  /** The node is gone: it gives nothing back. */
  left(node: string): void {
    this.#run(() => {
      for (const [queue, demands] of this.#demands) {
        if (demands.has(node)) {
          this.#forget(queue, node);
        }
      }
      for (const [session, { length }] of this.#loans.get(node) ?? []) {
        this.#returned(node, session, length);
      }
    });
  }

  /** What is too old counts no more. */
  tick(): void {
    const now = this.#clock.monotonic();
    for (const [queue, demands] of this.#demands) {
      for (const [node, { heardAt }] of demands) {
        if (now - heardAt > DEMAND_MS) {
          this.#forget(queue, node);
        }
      }
    }
    this.#run(() => {
      for (const [node, loans] of this.#loans) {
        for (const [session, lentAt] of loans) {
          const over = lentAt.filter((at) => now - at > LOAN_MS).length;
          this.#returned(node, session, over, "earliest");
        }
      }
    });
    if (now - this.#rememberedSince > REMEMBERED_MS) {
      this.#rememberedSince = now;
      this.#cameBefore = this.#came;
      this.#came = new Map();
    }
  }

  #heard(node: string, queue: string, waiting: number, priority: number): void {
    if (waiting <= 0) {
      this.#forget(queue, node);
      return;
    }
    const demands = mapIn(this.#demands, queue);
    const before = demands.get(node);
    const passed = before?.priority === priority ? before.passed : 0;
    demands.set(node, { waiting, priority, heardAt: this.#clock.monotonic(), passed });
    this.#demanded(queue);
    this.#run(() => this.#queues.stir(queue));
  }

  #forget(queue: string, node: string): void {
    const demands = this.#demands.get(queue);
    demands?.delete(node);
    if (demands?.size === 0) {
      this.#demands.delete(queue);
    }
  }

  #tellGrants(): void {
    for (const [node, grants] of this.#grants) {
      for (const grant of grants.values()) {
        this.#link.tell(node, "grant", grant);
      }
    }
    this.#grants.clear();
  }

  /** So many loans are over. */
  #returned(node: string, sessionId: string, slots: number, which: "latest" | "earliest" = "latest"): void {
    const back = this.#endLoans(node, sessionId, slots, which);
    const session = this.#workers.sessionOf(sessionId);
    if (session !== undefined && back > 0) {
      session.lent -= back;
      this.#workers.offerSlots(session);
    }
  }

  /** @returns how many there were. */
  #endLoans(node: string, sessionId: string, slots: number, which: "latest" | "earliest" = "latest"): number {
    const loans = this.#loans.get(node);
    const lentAt = loans?.get(sessionId);
    if (loans === undefined || lentAt === undefined) {
      return 0;
    }
    const ended = Math.min(slots, lentAt.length);
    lentAt.splice(which === "latest" ? lentAt.length - ended : 0, ended);
    if (lentAt.length === 0) {
      loans.delete(sessionId);
      if (loans.size === 0) {
        this.#loans.delete(node);
      }
    }
    return ended;
  }

  /** W2. @returns those that were refused. */
  #taking(from: string, assignments: readonly RemoteAssignment[]): readonly string[] {
    const refused: string[] = [];
    this.#run(() => {
      for (const { session, ...assignment } of assignments) {
        const { token } = assignment;
        const isTaken = this.#came.get(token) ?? this.#cameBefore.get(token) ?? this.#take(from, session, assignment);
        this.#came.set(token, isTaken); // W4
        if (!isTaken) {
          refused.push(token);
        }
      }
    });
    return refused;
  }

  #take(from: string, sessionId: string, assignment: Assignment): boolean {
    const session = this.#workers.sessionOf(sessionId);
    if (session === undefined) {
      return false;
    }
    session.lent -= this.#endLoans(from, sessionId, 1);
    const isTaken = this.#workers.accept(session, assignment);
    if (!isTaken) {
      this.#workers.offerSlots(session);
    }
    return isTaken;
  }
}

/** W3. */
function urgencyOf({ priority, passed }: Demand): number {
  return passed >= PATIENCE ? 1 : priority;
}

function mapIn<Value>(maps: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}
