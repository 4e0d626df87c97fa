import { Attempts } from "./attempts.ts";
import { Stream } from "./stream.ts";
import type { WorkPlace } from "./work-place.ts";

/** A worker on streams, one after the other, at any node: it comes back with what it has running when a stream breaks. */
export class StreamWorker {
  readonly #place: WorkPlace;
  readonly #id: string;
  readonly #queue: string;
  readonly #slots: number;
  #attempts: Attempts;
  #stream: Stream | null = null;
  #lives = 0;

  constructor(place: WorkPlace, id: string, queue: string, slots: number) {
    this.#place = place;
    this.#id = id;
    this.#queue = queue;
    this.#slots = slots;
    this.#attempts = new Attempts(place);
  }

  /** @returns itself. */
  start(): this {
    this.#connectIn(0);
    return this;
  }

  /** The process dies, and another one starts that knows nothing. */
  crash(): void {
    this.#lives++;
    this.#attempts.forget(this.#attempts.tokens());
    this.#attempts = new Attempts(this.#place);
    this.breakStream();
  }

  /** The connection breaks; both sides find out, each in its time. */
  breakStream(): void {
    this.#stream?.break();
  }

  #connectIn(delayMs: number): void {
    this.#place.time.after(delayMs, () => this.#connect());
  }

  #connect(): void {
    const { dice, cluster, time } = this.#place;
    const machine = dice.oneOf(cluster.living);
    if (machine === undefined) {
      this.#connectIn(dice.between(100, 500));
      return;
    }
    const attempts = this.#attempts;
    const lives = this.#lives;
    const stream = new Stream(this.#place, machine, {
      assigned: (assignment) => {
        if (this.#stream === stream && this.#lives === lives) {
          attempts.take(assignment);
        }
      },
      signalled: (signal) => attempts.signal(signal),
      drained: () => time.after(dice.between(0, 800), () => stream.break()),
      broken: () => {
        if (this.#stream === stream) {
          this.#stream = null;
          this.#connectIn(dice.between(1, 500));
        }
      },
      stale: (tokens) => attempts.forget(tokens),
    });
    this.#stream = stream;
    stream.open({
      queue: this.#queue,
      workerId: `${this.#id}.${lives}`,
      slots: this.#slots,
      running: attempts.tokens(),
    });
  }
}
