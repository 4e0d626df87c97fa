/** This node's part in the cluster: whom it hears, which shards it has and gives, and where commands go. */
import type { Bus } from "../../ports/bus.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { ShardStore } from "../../ports/store/shards.ts";
import type { NodeView, ShardView } from "../api.ts";
import type { Journal } from "../journal.ts";
import type { RuntimeOptions } from "../options.ts";
import type { Ownership } from "../ownership.ts";
import { draining, nodeNotFound, outcomeUnknown } from "../refusals.ts";
import { Acquisition } from "./acquisition.ts";
import { HandOver } from "./hand-over.ts";
import { Link, NodeUnreachable } from "./link.ts";
import { Membership } from "./membership.ts";
import { Placement } from "./placement.ts";
import type { Heartbeat } from "./protocol.ts";
import { Router } from "./router.ts";
import { ShardMap } from "./shard-map.ts";

export interface ClusterEvents {
  heard(node: string, heartbeat: Heartbeat): void;
  joined(node: string): void;
  /** @param forGood its life is over, not only out of hearing. */
  left(node: string, forGood: boolean): void;
  /** The network came back, or went away. */
  connected(is: boolean): void;
  /** Shards are about to be handed over: what can be settled before is. */
  leaving(shards: readonly number[]): Promise<void>;
}

export class Cluster {
  readonly link: Link;
  readonly map: ShardMap;
  readonly membership: Membership;
  readonly router: Router;
  readonly #placement: Placement;
  readonly #acquisition: Acquisition;
  readonly #handOver: HandOver;
  readonly #ownership: Ownership;
  readonly #store: ShardStore;
  readonly #clock: Clock;
  readonly #options: RuntimeOptions;
  readonly #events: ClusterEvents;
  #goesAway = false;

  constructor(deps: {
    bus: Bus;
    clock: Clock;
    log: Log;
    store: ShardStore;
    ownership: Ownership;
    journal: Journal;
    options: RuntimeOptions;
    incarnation: string;
    realm: string;
    self: () => Omit<Heartbeat, "state" | "hello">;
    events: ClusterEvents;
  }) {
    const { clock, log, options, store, ownership, journal, incarnation, events } = deps;
    this.#ownership = ownership;
    this.#store = store;
    this.#clock = clock;
    this.#options = options;
    this.#events = events;
    this.link = new Link({
      bus: deps.bus,
      clock,
      log,
      options: { nodeId: options.nodeId, realm: deps.realm, incarnation, maxAsked: options.maxRouted },
    });
    const { link } = this;
    this.map = new ShardMap(clock, options.shardCount);
    const { map } = this;
    this.membership = new Membership({
      link,
      clock,
      log,
      options: { ...options, incarnation },
      self: () => ({ ...deps.self(), ...(this.#acquisition.reachesStore ? {} : { storeAway: true }) }),
      storeReachedForMs: () => this.#acquisition.reachedForMs,
      events: {
        changed: () => {
          this.#acquisition.look();
          this.#handOver.look();
        },
        heard: (node, heartbeat) => events.heard(node, heartbeat),
        joined: (node) => events.joined(node),
        left: (node, forGood) => {
          this.#handOver.left(node);
          events.left(node, forGood);
        },
      },
    });
    const { membership } = this;
    this.#placement = new Placement(() => membership, options.shardCount);
    const shared = { clock, log, options, store, ownership, membership, placement: this.#placement, map, link };
    this.#acquisition = new Acquisition({
      ...shared,
      isGiving: (shard) => this.#handOver.isGiving(shard),
      came: (shards) => this.#handOver.came(shards),
    });
    this.#handOver = new HandOver({
      ...shared,
      journal,
      leaving: (shards) => events.leaving(shards),
      reclaim: (shards) => this.#acquisition.acquire(shards),
    });
    this.router = new Router({ clock, options, ownership, membership, map, link });
    link.answer("drain", async (_, ask) => {
      this.#setDraining(ask.draining);
      return null;
    });
  }

  start(): void {
    this.link.open((connected) => {
      if (connected) {
        this.membership.reconnected();
      }
      this.#events.connected(connected);
    });
    this.membership.start();
    this.#acquisition.start();
    this.#handOver.start();
  }

  /** Resolves when commands can be answered for the first time, here or elsewhere. */
  get established(): Promise<void> {
    return this.#acquisition.established;
  }

  /** Shards were lost: others have them, or they are to be acquired anew. */
  lost(shards: ReadonlySet<number>): void {
    for (const shard of shards) {
      this.map.doubt(shard, this.#options.nodeId);
    }
  }

  /** Whether some node can answer commands. */
  get answers(): boolean {
    return (
      this.#ownership.shards().some(({ shard }) => this.#ownership.open(shard) !== null) ||
      this.membership.others.some(({ shards }) => shards > 0)
    );
  }

  nodes(): readonly NodeView[] {
    const placed = new Map<string, number>();
    for (let shard = 0; shard < this.#options.shardCount; shard++) {
      const node = this.#placement.ownerOf(shard) ?? "";
      placed.set(node, (placed.get(node) ?? 0) + 1);
    }
    const now = this.#clock.monotonic();
    return this.membership.members().map(({ node, heardAt, incarnation: _, hello: __, storeAway: ___, ...member }) => ({
      ...member,
      nodeId: node,
      placedShards: placed.get(node) ?? 0,
      silentMs: Math.max(0, Math.round(now - heardAt)),
    }));
  }

  async shards(): Promise<readonly ShardView[]> {
    return (await this.#store.list()).map((lease) => ({ ...lease, placedOn: this.#placement.ownerOf(lease.shard) }));
  }

  async drain(nodeId: string, isDraining: boolean): Promise<void> {
    if (nodeId === this.#options.nodeId) {
      this.#setDraining(isDraining);
      return;
    }
    if (!this.membership.isAlive(nodeId)) {
      throw nodeNotFound(nodeId);
    }
    try {
      await this.link.ask(nodeId, "drain", { draining: isDraining }, this.#options.answerMs);
    } catch (error) {
      throw error instanceof NodeUnreachable ? (error.sent ? outcomeUnknown() : nodeNotFound(nodeId)) : error;
    }
  }

  /** Begins to give every shard to others, and goes on to answer. */
  beginDrain(): void {
    this.#goesAway = true;
    this.membership.become("draining");
  }

  #setDraining(is: boolean): void {
    if (this.#goesAway) {
      throw draining();
    }
    this.membership.become(is ? "draining" : "active");
  }

  /** Gives away every shard that somebody takes. */
  async giveAway(): Promise<void> {
    this.beginDrain();
    await this.#acquisition.stop();
    await this.#handOver.stop();
    await this.#handOver.giveAway();
  }

  /** Releases the shards that nobody took, and leaves. */
  async leave(): Promise<void> {
    await this.#ownership.release();
    this.membership.stop();
    this.link.close();
  }

  async abandon(): Promise<void> {
    this.membership.abandon();
    this.link.close();
    await Promise.all([this.#acquisition.stop(), this.#handOver.stop(), this.#ownership.abandon()]);
  }
}
