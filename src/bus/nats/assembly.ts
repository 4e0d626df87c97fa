import type { Clock, Timer } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Frame } from "./frames.ts";

type Fragment = Extract<Frame, { kind: "fragment" }>;

interface Unfinished {
  readonly number: number;
  readonly pieces: Buffer[];
  bytes: number;
  lastAt: number;
}

export interface AssemblyOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** For all unfinished messages together. Past it the one that has waited longest goes. */
  readonly maxBytes: number;
  /** An unfinished message goes when no piece of it has come for so long. */
  readonly patienceMs: number;
}

/**
 * Puts long messages together.
 *
 * A1. A sender writes the pieces of a message one right after the other, and NATS keeps the order of a sender. So a sender (a life of it) has one
 *     unfinished message at most, and a piece that is not the next one means that the rest is lost.
 * A2. What is unfinished is bounded in bytes and in time. The sizes that a sender claims are not believed: only what has arrived takes memory.
 */
export class Assembly {
  readonly #options: AssemblyOptions;
  /** By sender and life, the one that has waited longest first. */
  readonly #unfinished = new Map<string, Unfinished>();
  #bytes = 0;
  #sweep: Timer | undefined;

  constructor(options: AssemblyOptions) {
    this.#options = options;
  }

  /** The message, when this was its last piece. */
  take(fragment: Fragment): string | undefined {
    const key = `${fragment.life} ${fragment.sender}`;
    const before = this.#unfinished.get(key);
    if (fragment.index === 0) {
      if (before !== undefined) this.#drop(key, "the sender began another one");
    } else if (before === undefined || before.number !== fragment.number || before.pieces.length !== fragment.index) {
      // A1. Without a beginning there is nothing to drop, and the drop of a beginning has been told.
      if (before !== undefined) this.#drop(key, "a piece is missing");
      return undefined;
    }
    const message = this.#unfinished.get(key) ?? { number: fragment.number, pieces: [], bytes: 0, lastAt: 0 };
    // A copy: the piece is part of a buffer of the network that may be larger by far.
    message.pieces.push(Buffer.from(fragment.piece));
    message.bytes += fragment.piece.length;
    message.lastAt = this.#options.clock.monotonic();
    this.#bytes += fragment.piece.length;
    this.#unfinished.delete(key);
    this.#unfinished.set(key, message);
    if (message.pieces.length === fragment.count) return this.#finish(key, message, fragment.totalBytes);
    this.#bound();
    this.#sweep ??= this.#options.clock.schedule(this.#options.patienceMs, () => this.#sweepOut());
    return undefined;
  }

  close(): void {
    this.#sweep?.cancel();
    this.#unfinished.clear();
    this.#bytes = 0;
  }

  #finish(key: string, message: Unfinished, totalBytes: number): string | undefined {
    if (message.bytes !== totalBytes) {
      this.#drop(key, "its pieces are not as long as the whole");
      return undefined;
    }
    this.#forget(key, message);
    return Buffer.concat(message.pieces, message.bytes).toString("utf8");
  }

  #bound(): void {
    for (const key of this.#unfinished.keys()) {
      if (this.#bytes <= this.#options.maxBytes) return;
      this.#drop(key, "unfinished messages take too much memory");
    }
  }

  #sweepOut(): void {
    const { clock, patienceMs } = this.#options;
    const oldest = clock.monotonic() - patienceMs;
    for (const [key, { lastAt }] of this.#unfinished) {
      if (lastAt > oldest) break;
      this.#drop(key, "its rest did not come");
    }
    const [next] = this.#unfinished.values();
    this.#sweep = next && clock.schedule(next.lastAt - oldest, () => this.#sweepOut());
  }

  #drop(key: string, reason: string): void {
    const message = this.#unfinished.get(key);
    if (message === undefined) return;
    this.#forget(key, message);
    this.#options.log.warn("A long message from another node was dropped", { reason, bytes: message.bytes });
  }

  #forget(key: string, message: Unfinished): void {
    this.#unfinished.delete(key);
    this.#bytes -= message.bytes;
  }
}
