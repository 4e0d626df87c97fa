/**
 * Which nodes are alive, as far as this one hears.
 *
 * Each node says that it is alive a few times in the time after which it counts as gone. Nothing rests on this for safety: leases in the store
 * say who owns a shard. Membership says who shall have it, whom to ask, and whose workers are gone.
 */
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Link } from "./link.ts";
import type { Heartbeat, MemberState } from "./protocol.ts";

export interface Member extends Heartbeat {
  readonly node: string;
  readonly incarnation: string;
  /** Monotonic time of the last sign of life. */
  readonly heardAt: number;
}

export interface MembershipEvents {
  /** The nodes that shall have shards are others now, or the same ones in another life. */
  changed(): void;
  /** A node said that it is alive. */
  heard(node: string, heartbeat: Heartbeat): void;
  /** A node came, or came back in another life. */
  joined(node: string): void;
  /** A node is gone. @param forGood its life is over, not only out of hearing. */
  left(node: string, forGood: boolean): void;
}

export interface MembershipOptions {
  readonly nodeId: string;
  readonly incarnation: string;
  readonly heartbeatMs: number;
  /** A node that was not heard for so long is gone. */
  readonly memberTimeoutMs: number;
}

/** Nodes whose goodbye is remembered. */
const GONE = 1000;
/** A node that has just come to reach the store again does not take the others, which may be about to, for cut off from it. */
const STORE_STEADY_MS = 2000;

export class Membership {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: MembershipOptions;
  readonly #self: () => Omit<Heartbeat, "state" | "hello">;
  readonly #events: MembershipEvents;
  readonly #storeReachedForMs: () => number;
  /** The last lives of nodes that said goodbye. */
  readonly #gone = new Map<string, string>();
  readonly #others = new Map<string, Member>();
  readonly #stop = new AbortController();
  #state: MemberState = "active";
  #changedAt: number;

  constructor(deps: {
    link: Link;
    clock: Clock;
    log: Log;
    options: MembershipOptions;
    /** What the others are told of this node. */
    self: () => Omit<Heartbeat, "state" | "hello">;
    /** How long the store has answered this node without a break. */
    storeReachedForMs: () => number;
    events: MembershipEvents;
  }) {
    this.#link = deps.link;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#options = deps.options;
    this.#self = deps.self;
    this.#events = deps.events;
    this.#storeReachedForMs = deps.storeReachedForMs;
    this.#changedAt = deps.clock.monotonic();
    this.#link.hear("alive", (from, heartbeat) => this.#heard(from, heartbeat));
  }

  start(): void {
    this.#link.tellAll("alive", { ...this.#heartbeat(), hello: true });
    void this.#keepSaying();
  }

  /** Says that this node goes away, and nothing more. */
  stop(): void {
    this.#state = "leaving";
    this.#link.tellAll("alive", this.#heartbeat());
    this.#stop.abort();
  }

  /** Says nothing more, as a crash would. */
  abandon(): void {
    this.#stop.abort();
  }

  get state(): MemberState {
    return this.#state;
  }

  become(state: MemberState): void {
    if (this.#state !== state) {
      this.#state = state;
      this.say();
      this.#change();
    }
  }

  /** Tells the others how this node is, out of turn. */
  say(): void {
    this.#link.tellAll("alive", this.#heartbeat());
  }

  /** The network is back: the others are asked who they are. */
  reconnected(): void {
    this.#link.tellAll("alive", { ...this.#heartbeat(), hello: true });
  }

  /** Whether this node is the only one it knows of. */
  get alone(): boolean {
    return this.#others.size === 0;
  }

  isAlive(node: string): boolean {
    return node === this.#options.nodeId || this.#others.has(node);
  }

  /** The other nodes that are alive. */
  get others(): readonly Member[] {
    return [...this.#others.values()];
  }

  /** All that are alive, this one too. */
  members(): readonly Member[] {
    const self: Member = {
      ...this.#heartbeat(),
      node: this.#options.nodeId,
      incarnation: this.#options.incarnation,
      heardAt: this.#clock.monotonic(),
    };
    return [self, ...this.#others.values()].toSorted((one, other) => (one.node < other.node ? -1 : 1));
  }

  /** Nodes that shall have shards: those that are active, and can reach the store as far as is known. */
  active(): readonly string[] {
    const judges = this.#storeReachedForMs() >= STORE_STEADY_MS;
    const nodes = this.#state === "active" ? [this.#options.nodeId] : [];
    for (const { node, state, storeAway } of this.#others.values()) {
      if (state === "active" && !(judges && storeAway === true)) {
        nodes.push(node);
      }
    }
    return nodes.toSorted();
  }

  /** How long the active ones have been the same, in milliseconds. */
  get steadyForMs(): number {
    return this.#clock.monotonic() - this.#changedAt;
  }

  #heartbeat(): Heartbeat {
    return { ...this.#self(), state: this.#state };
  }

  #heard(node: string, heartbeat: Heartbeat): void {
    if (node === this.#options.nodeId) {
      // The two take each other's shards for their own of an earlier life.
      this.#log.error("another process has the name of this node: give each its own BELFRY_NODE_ID", { node });
      return;
    }
    const incarnation = this.#link.incarnationOf(node) ?? "";
    const before = this.#others.get(node);
    if (heartbeat.hello === true) {
      this.#link.tell(node, "alive", this.#heartbeat());
    }
    if (heartbeat.state === "leaving") {
      this.#goodbye(node, incarnation);
      return;
    }
    if (this.#gone.get(node) === incarnation) {
      return; // It was said before the goodbye.
    }
    if (before !== undefined && before.incarnation !== incarnation) {
      this.#others.delete(node);
      this.#events.left(node, true);
    }
    this.#others.set(node, { ...heartbeat, node, incarnation, heardAt: this.#clock.monotonic() });
    this.#events.heard(node, heartbeat);
    if (before?.incarnation !== incarnation) {
      this.#log.info("a node joined the cluster", { member: node, address: heartbeat.address });
      this.#events.joined(node);
    }
    if (
      before?.incarnation !== incarnation ||
      before.state !== heartbeat.state ||
      before.storeAway !== heartbeat.storeAway
    ) {
      this.#change();
    }
  }

  #goodbye(node: string, incarnation: string): void {
    this.#gone.delete(node);
    this.#gone.set(node, incarnation);
    if (this.#gone.size > GONE) {
      const [oldest = ""] = this.#gone.keys();
      this.#gone.delete(oldest);
    }
    this.#forget(node, "leaves", true);
  }

  #forget(node: string, why: string, forGood: boolean): void {
    if (this.#others.delete(node)) {
      this.#log.info("a node left the cluster", { member: node, why });
      this.#link.lost(node);
      this.#events.left(node, forGood);
      this.#change();
    }
  }

  #change(): void {
    this.#changedAt = this.#clock.monotonic();
    this.#events.changed();
  }

  async #keepSaying(): Promise<void> {
    let lookedAt = this.#clock.monotonic();
    for (;;) {
      await this.#clock.sleep(this.#options.heartbeatMs, this.#stop.signal).catch(() => {});
      if (this.#stop.signal.aborted) {
        return;
      }
      this.say();
      const now = this.#clock.monotonic();
      // After a standstill of this process the others have had no chance to be heard.
      const stalled = now - lookedAt > this.#options.memberTimeoutMs / 2;
      lookedAt = now;
      for (const { node, heardAt } of stalled ? [] : this.others) {
        if (now - heardAt > this.#options.memberTimeoutMs) {
          this.#forget(node, "was not heard any more", false);
        }
      }
    }
  }
}
