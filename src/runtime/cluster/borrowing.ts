/**
 * Workers of other nodes, for instances that wait here.
 *
 * What waits is told to the nodes that have workers for the queue, when it changes and again with each look, so that a lost notice costs a
 * moment. They lend slots; a slot that nothing needs any more is given back at once. An attempt is decided here, committed here, and then sent
 * (`Deliveries`). That it is over is told when it is durable (B3): until then its worker has it.
 */
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { QueueRest, Taker } from "../queue-parties.ts";
import type { Queues } from "../queues.ts";
import type { Session, Workers } from "../workers.ts";
import { disconnectPolicyOf } from "../workers.ts";
import { Deliveries } from "./deliveries.ts";
import type { Link } from "./link.ts";
import { LOAN_MS } from "./lending.ts";
import type { SlotGrant } from "./protocol.ts";

/** A loan ends here before it ends there. */
const KEEP_MS = LOAN_MS - 1000;
/** A node that was away for so long has lost its workers. */
const LOST_AFTER_MS = 10_000;
/** In so long a time every node that lives is heard. */
const HEARING_MS = 3000;

interface Borrowed {
  readonly node: string;
  readonly session: Session;
  /** When its slots were lent. */
  lentAt: number;
}

/** Who has an attempt: a worker's session with a node. */
export interface Holder {
  readonly node: string;
  readonly session: string;
  readonly workerId: string;
  readonly queue: string;
  /** The worker itself has not said so now: when somebody else is known to have it, that one has. */
  readonly isReminder?: boolean;
}

/** How a session of another node is called here. */
export function remoteId(node: string, session: string): string {
  return `${node}/${session}`;
}

export class Borrowing {
  readonly #clock: Clock;
  readonly #link: Link;
  readonly #queues: Queues;
  readonly #workers: Workers;
  readonly #isAlive: (node: string) => boolean;
  readonly #run: (change: () => void) => void;
  readonly #deliveries: Deliveries;
  readonly #lose: (token: string) => void;
  readonly #afterCommit: (token: string, run: () => void) => void;
  /** Nodes that are not heard any more: when their workers count as lost. */
  readonly #leaving = new Map<string, Timer>();
  readonly #servedBy: (queue: string) => string | null | undefined;
  /** Nodes that have workers for a queue. */
  readonly #suppliers = new Map<string, Set<string>>();
  readonly #sessions = new Map<string, Borrowed>();
  readonly #announced = new Map<string, { left: number; readonly priority: number }>();

  constructor(deps: {
    clock: Clock;
    log: Log;
    link: Link;
    queues: Queues;
    workers: Workers;
    isAlive: (node: string) => boolean;
    /** The one node that takes from this queue; null: nobody knows which; undefined: whoever says so. */
    servedBy: (queue: string) => string | null | undefined;
    run: (change: () => void) => void;
    /** Nobody heard of this attempt. */
    takeBack: (token: string) => void;
    /** Nobody runs this attempt any more. */
    lose: (token: string) => void;
    /** Runs when what was decided of the attempt's instance is durable. */
    afterCommit: (token: string, run: () => void) => void;
  }) {
    this.#clock = deps.clock;
    this.#link = deps.link;
    this.#queues = deps.queues;
    this.#workers = deps.workers;
    this.#isAlive = deps.isAlive;
    this.#servedBy = deps.servedBy;
    this.#run = deps.run;
    this.#deliveries = new Deliveries(deps);
    this.#lose = deps.lose;
    this.#afterCommit = deps.afterCommit;
    this.#link.hear("grant", (from, grant) => this.#granted(from, grant));
    this.#link.hear("supply", (from, { queue }) => {
      this.#supplied(from, queue);
      this.#announced.delete(queue);
      this.#run(() => this.#queues.stir(queue));
    });
  }

  /** Which queues the workers of a node wait for. */
  heard(node: string, queues: readonly string[]): void {
    this.#leaving.get(node)?.cancel();
    this.#leaving.delete(node);
    for (const [queue, nodes] of this.#suppliers) {
      if (nodes.has(node) && !queues.includes(queue) && this.#servedBy(queue) === undefined) {
        this.#unsupplied(node, queue);
      }
    }
    for (const queue of queues) {
      this.#supplied(node, queue);
    }
  }

  /** What could be paired has been. */
  paired(queue: string, { waiting, mostUrgent, unused }: QueueRest): void {
    for (const taker of unused) {
      this.#giveBack(queue, taker);
    }
    this.#findServer(queue, waiting);
    const suppliers = this.#suppliers.get(queue);
    const last = this.#announced.get(queue);
    if (suppliers === undefined) {
      this.#announced.delete(queue);
    } else if (waiting === 0 || mostUrgent === null) {
      if (last !== undefined) {
        this.#announced.delete(queue);
        this.#tell(suppliers, queue, 0, 0);
      }
      if (this.#servedBy(queue) !== undefined) {
        // There are as many of these as origins. Its server is found again when something waits.
        this.#suppliers.delete(queue);
      }
    } else if (last === undefined || last.priority !== mostUrgent || waiting > 2 * last.left) {
      this.#announced.set(queue, { left: waiting, priority: mostUrgent });
      this.#tell(suppliers, queue, waiting, mostUrgent);
    }
  }

  /** Says again what waits, and gives back what lay idle too long. */
  tick(): void {
    const now = this.#clock.monotonic();
    this.#run(() => {
      this.#announced.clear();
      for (const queue of this.#suppliers.keys()) {
        this.#queues.stir(queue);
      }
      for (const { session, lentAt } of this.#sessions.values()) {
        if (now - lentAt > KEEP_MS) {
          this.#giveBack(session.queue, session);
        }
      }
    });
  }

  /** The node that a session is of. */
  nodeOf({ id }: Session): string | undefined {
    return this.#sessions.get(id)?.node;
  }

  /** An attempt of this node's shards runs with a worker of another node. */
  adopt({ node, session, workerId, queue }: Holder, token: string, record: InstanceRecord): void {
    const borrowed = this.#borrowed(node, { queue, session, workerId, heartbeats: true, slots: 0 });
    this.#workers.adopt(borrowed.session, token, disconnectPolicyOf(record));
  }

  /**
   * The node is gone, or was not heard for a while: its slots are gone, and in the end its workers.
   * @param forGood its life is over.
   */
  left(node: string, forGood: boolean): void {
    for (const queue of this.#suppliers.keys()) {
      this.#unsupplied(node, queue);
    }
    const theirs = [...this.#sessions].filter(([, borrowed]) => borrowed.node === node);
    this.#run(() => {
      for (const [, { session }] of theirs) {
        this.#queues.leave(session.queue, session.id);
      }
    });
    this.#leaving.get(node)?.cancel();
    this.#leaving.delete(node);
    if (forGood) {
      this.#loseWorkersOf(node);
    } else if (theirs.length > 0) {
      this.#loseLater(node);
    }
  }

  stop(): void {
    for (const timer of this.#leaving.values()) {
      timer.cancel();
    }
  }

  #loseLater(node: string): void {
    const timer = this.#clock.schedule(LOST_AFTER_MS, () => {
      this.#leaving.delete(node);
      if (this.#link.connectedForMs >= HEARING_MS) {
        this.#loseWorkersOf(node);
      } else {
        this.#loseLater(node); // It is this node that could not hear.
      }
    });
    this.#leaving.set(node, timer);
  }

  #loseWorkersOf(node: string): void {
    for (const [key, borrowed] of this.#sessions) {
      if (borrowed.node === node) {
        const { session } = borrowed;
        this.#sessions.delete(key);
        for (const [token, policy] of this.#workers.close(session)) {
          // Who polled has no stream that could have broken.
          if (policy === "FAIL_AT_ONCE" && session.heartbeats) {
            this.#lose(token);
          }
        }
      }
    }
  }

  #granted(node: string, grant: SlotGrant): void {
    const { queue, slots } = grant;
    if (!this.#isAlive(node)) {
      this.#link.tell(node, "giveBack", { queue, session: grant.session, slots });
      return;
    }
    const borrowed = this.#borrowed(node, grant);
    borrowed.lentAt = this.#clock.monotonic();
    const announced = this.#announced.get(queue);
    if (announced !== undefined) {
      announced.left -= slots;
    }
    const { session } = borrowed;
    this.#run(() => this.#queues.join(queue, session, this.#queues.freeOf(queue, session.id) + slots));
  }

  #borrowed(node: string, { queue, session: id, workerId, heartbeats }: SlotGrant): Borrowed {
    const key = remoteId(node, id);
    const known = this.#sessions.get(key);
    if (known !== undefined) {
      return known;
    }
    const session = this.#workers.openRemote(
      { id: key, queue, workerId, heartbeats },
      {
        assign: (assignment) => this.#deliveries.assign(node, { ...assignment, session: id }),
        signal: (signal) => this.#deliveries.signal(node, signal),
        released: (token, unheard) => {
          if (unheard) {
            this.#link.tell(node, "giveBack", { queue, session: id, slots: 1 });
          } else {
            this.#afterCommit(token, () => this.#deliveries.released(node, token)); // B3
          }
          this.#forgetIfIdle(key);
        },
        moved: (token, to) => {
          if (this.#sessions.get(to.id)?.node !== node) {
            this.#link.tell(node, "elsewhere", { tokens: [token] });
          }
          this.#forgetIfIdle(key);
        },
      },
    );
    const borrowed: Borrowed = { node, session, lentAt: this.#clock.monotonic() };
    this.#sessions.set(key, borrowed);
    return borrowed;
  }

  #giveBack(queue: string, taker: Taker): void {
    const borrowed = this.#sessions.get(taker.id);
    const slots = this.#queues.freeOf(queue, taker.id);
    if (borrowed === undefined) {
      this.#queues.leave(queue, taker.id);
      return;
    }
    if (slots > 0) {
      this.#queues.setFree(queue, taker.id, 0);
      const session = taker.id.slice(borrowed.node.length + 1);
      this.#link.tell(borrowed.node, "giveBack", { queue, session, slots });
    }
    this.#forgetIfIdle(taker.id);
  }

  #forgetIfIdle(key: string): void {
    const borrowed = this.#sessions.get(key);
    if (borrowed !== undefined) {
      const { session } = borrowed;
      if (session.running.size === 0 && this.#queues.freeOf(session.queue, key) === 0) {
        this.#sessions.delete(key);
        this.#queues.leave(session.queue, key);
      }
    }
  }

  /** Whom to tell of a queue that one node takes from; it may be another one than a moment ago. */
  #findServer(queue: string, waiting: number): void {
    const server = this.#servedBy(queue);
    if (server === undefined) {
      return;
    }
    const isKnown = server !== null && this.#suppliers.get(queue)?.has(server) === true;
    if (server === null || !this.#isAlive(server) || (waiting === 0 && !isKnown)) {
      this.#suppliers.delete(queue);
    } else if (!isKnown) {
      this.#announced.delete(queue);
      this.#suppliers.set(queue, new Set([server]));
    }
  }

  #supplied(node: string, queue: string): void {
    const nodes = this.#suppliers.get(queue);
    if (nodes === undefined) {
      this.#suppliers.set(queue, new Set([node]));
    } else {
      nodes.add(node);
    }
  }

  #unsupplied(node: string, queue: string): void {
    const nodes = this.#suppliers.get(queue);
    nodes?.delete(node);
    if (nodes?.size === 0) {
      this.#suppliers.delete(queue);
    }
  }

  #tell(suppliers: ReadonlySet<string>, queue: string, waiting: number, priority: number): void {
    for (const node of suppliers) {
      this.#link.tell(node, "demand", { queue, waiting, priority });
    }
  }
}
