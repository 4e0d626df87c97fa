/** Workers of one node for instances of another: what this node lends, what it borrows, and which attempts its workers have. */
import { shardOf } from "../../domain/routing.ts";
import { serverOfQueue } from "../../domain/served-queue.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { AttemptCommands } from "../attempt-commands.ts";
import { instanceOfToken } from "../attempt-token.ts";
import type { Journal } from "../journal.ts";
import type { Exchange, QueueRest } from "../queue-parties.ts";
import type { Queues } from "../queues.ts";
import { isUnavailable } from "../refusals.ts";
import type { Workers } from "../workers.ts";
import type { Holder } from "./borrowing.ts";
import { Borrowing, remoteId } from "./borrowing.ts";
import { Claims } from "./claims.ts";
import type { Cluster } from "./cluster.ts";
import { Lending } from "./lending.ts";
import type { Heartbeat } from "./protocol.ts";
import type { InstanceResident } from "../residents.ts";

/** More are left to their timeouts. */
const UNTOLD = 10_000;

export class WorkerExchange implements Exchange {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #cluster: Cluster;
  readonly #attempts: () => AttemptCommands;
  readonly #everyMs: number;
  readonly #nodeId: string;
  readonly #serve: (queue: string) => boolean;
  /** Queues whose destination or platform is not here: it is looked for again, and may come. */
  readonly #unserved = new Set<string>();
  readonly #workers: Workers;
  readonly #queues: Queues;
  readonly #run: (change: () => void) => void;
  readonly #lending: Lending;
  readonly #borrowing: Borrowing;
  readonly #claims: Claims;
  /** What is to be told of attempts that nobody runs, until it could be. */
  readonly #untold = new Map<string, () => Promise<null>>();
  #timer: Timer | null = null;
  #stopped = false;

  constructor(deps: {
    clock: Clock;
    log: Log;
    cluster: Cluster;
    queues: Queues;
    workers: Workers;
    journal: Journal;
    /** Routed: they go to the owner of the instance. */
    attempts: () => AttemptCommands;
    run: (change: () => void) => void;
    nodeId: string;
    shardCount: number;
    everyMs: number;
    /** Something waits in this queue. @returns whether this node has who serves it. */
    serve: (queue: string) => boolean;
  }) {
    const { clock, log, cluster } = deps;
    const { link, membership, map } = cluster;
    this.#clock = clock;
    this.#log = log;
    this.#cluster = cluster;
    this.#attempts = deps.attempts;
    this.#everyMs = deps.everyMs;
    this.#nodeId = deps.nodeId;
    this.#serve = deps.serve;
    this.#queues = deps.queues;
    this.#run = deps.run;
    this.#workers = deps.workers;
    this.#lending = new Lending({ ...deps, link, demanded: (queue) => this.wanted(queue) });
    this.#borrowing = new Borrowing({
      ...deps,
      link,
      isAlive: (node) => membership.isAlive(node),
      servedBy: (queue) => {
        const server = serverOfQueue(queue);
        const owner = server === null ? undefined : map.ownerOf(shardOf(server, deps.shardCount));
        return owner === deps.nodeId ? null : owner;
      },
      takeBack: (token) => this.takeBack(token),
      lose: (token) => this.lose(token),
      afterCommit: (token, run) => deps.journal.after(shardOf(instanceOfToken(token) ?? "", deps.shardCount), run),
    });
    this.#claims = new Claims({ ...deps, map });
  }

  start(): void {
    this.#timer = this.#clock.schedule(this.#everyMs, () => {
      if (this.#stopped) {
        return;
      }
      this.start();
      this.#stirUnserved();
      for (const part of [this.#lending, this.#borrowing, this.#claims]) {
        try {
          part.tick();
        } catch (error) {
          this.#log.error("a look at workers of other nodes failed; it is done again in a moment", { error });
        }
      }
      for (const [token, say] of this.#untold) {
        this.#untold.delete(token);
        this.#tell(token, say);
      }
    });
  }

  #stirUnserved(): void {
    const queues = [...this.#unserved];
    this.#unserved.clear();
    for (const queue of queues) {
      this.#queues.stir(queue);
    }
    this.#run(() => {});
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#borrowing.stop();
  }

  /** Whether there is anybody to exchange with. */
  get active(): boolean {
    return !this.#cluster.membership.alone;
  }

  nodeBefore(queue: string, mostUrgent: number | null): { readonly node: string; readonly priority: number } | null {
    return isShared(queue) ? this.#lending.nodeBefore(queue, mostUrgent) : null;
  }

  lend(queue: string, node: string, takerId: string): void {
    this.#lending.lend(queue, node, takerId);
  }

  paired(queue: string, left: QueueRest): void {
    if (isShared(queue)) {
      this.#borrowing.paired(queue, left);
    }
  }

  wanted(queue: string): void {
    if (serverOfQueue(queue) !== null && !this.#serve(queue)) {
      this.#unserved.add(queue);
    }
  }

  staffed(queue: string): void {
    if (isAnnounced(queue) && this.active) {
      this.#cluster.link.tellAll("supply", { queue });
    }
  }

  heard(node: string, { queues }: Heartbeat): void {
    this.#borrowing.heard(node, queues);
  }

  joined(node: string): void {
    this.#claims.forgotten(node);
  }

  /** @param forGood its life is over, not only out of hearing. */
  left(node: string, forGood: boolean): void {
    this.#lending.left(node);
    this.#borrowing.left(node, forGood);
  }

  begun(token: string): void {
    this.#claims.begun(token);
  }

  adopt(holder: Holder, token: string, resident: InstanceResident): void {
    this.#borrowing.adopt(holder, token, resident.record);
  }

  /** Whether the attempt is known to be with somebody else. A node knows best which of its own sessions has it. */
  runsElsewhere(token: string, { node, session, isReminder }: Omit<Holder, "workerId" | "queue">): boolean {
    const runner = this.#workers.runnerOf(token);
    if (runner === undefined) {
      return false;
    }
    return isReminder === true
      ? (runner.remote ? this.#borrowing.nodeOf(runner) : this.#nodeId) !== node
      : runner.id !== (node === this.#nodeId ? session : remoteId(node, session));
  }

  /** Nobody runs this attempt any more. @param session it was with; when it is known to be with another one by now, that one goes on. */
  lose(token: string, session?: string): void {
    const holder = session === undefined ? null : { node: this.#nodeId, session };
    this.#tell(token, () => this.#attempts().lose(token, holder));
  }

  /** Nobody ever heard of this attempt. */
  takeBack(token: string): void {
    this.#tell(token, () => this.#attempts().takeBack(token));
  }

  #tell(token: string, say: () => Promise<null>): void {
    say().catch((error: unknown) => {
      if (!isUnavailable(error)) {
        this.#log.error("an attempt that nobody runs could not be ended", { error });
      } else if (this.#stopped || this.#untold.size >= UNTOLD) {
        this.#log.warn("an attempt that nobody runs is left to its timeouts", { error });
      } else {
        this.#untold.set(token, say);
      }
    });
  }
}

/** Requests on NATS and jobs are done by each node for its own instances only. What one actor serves goes through the node that has it. */
function isShared(queue: string): boolean {
  return isAnnounced(queue) || serverOfQueue(queue) !== null;
}

/** Whether nodes must say that they take from a queue: everybody knows who has a destination or a platform. */
export function isAnnounced(queue: string): boolean {
  return !queue.startsWith("$");
}
