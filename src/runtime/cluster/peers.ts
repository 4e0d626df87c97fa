/**
 * Other nodes as this one hears them: which of a node's lives is the living one, and what of it was heard.
 *
 * Lives are told apart by their names, which grow: the lower one is the earlier one. Since clocks may be wrong, it counts again when the later
 * one has fallen silent.
 */
import type { Clock } from "../../ports/clock.ts";
import { HeardNumbers } from "./heard-numbers.ts";

/** One life of another node. */
export interface Peer {
  readonly incarnation: string;
  /** Messages to this node alone. */
  readonly direct: HeardNumbers;
  /** Messages to all. */
  readonly shared: HeardNumbers;
  /** Monotonic time at which it was heard last. */
  heardAt: number;
}

/** A life that was not heard for so long does not stand in the way of an earlier one. */
const SILENT_MS = 5000;
/** Nodes that are remembered, most of them gone for good. */
const PEERS = 1000;

export class Peers {
  readonly #clock: Clock;
  readonly #peers = new Map<string, Peer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The life of a node that counts; undefined when it was never heard. */
  get(node: string): Peer | undefined {
    return this.#peers.get(node);
  }

  /** A life of a node says something. @returns it, unless it is over. */
  heard(node: string, incarnation: string): Peer | null {
    const heardAt = this.#clock.monotonic();
    const known = this.#peers.get(node);
    if (known?.incarnation === incarnation) {
      known.heardAt = heardAt;
      return known;
    }
    if (known !== undefined && incarnation < known.incarnation && heardAt - known.heardAt <= SILENT_MS) {
      return null;
    }
    const peer: Peer = { incarnation, direct: new HeardNumbers(), shared: new HeardNumbers(), heardAt };
    this.#peers.set(node, peer);
    if (this.#peers.size > PEERS) {
      const [silent] = [...this.#peers].toSorted(([, one], [, other]) => one.heardAt - other.heardAt);
      this.#peers.delete(silent?.[0] ?? "");
    }
    return peer;
  }
}
