import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";

/** What goes into a process from outside, or out of it: where it can stand still, or die. */
export type Port = "timer" | "store" | "bus" | "call" | "worker" | "web";

/**
 * One run of a process, from its start to its death. All that reaches it comes through `enter`: while it stands still (a long garbage
 * collection, a suspended machine) that waits, and once it is dead nothing happens any more. It may die at any crossing of a port, before or
 * after its effect, which is at any await of the code.
 */
export class Life {
  /** Where it runs: what stays when it dies. */
  readonly machine: string;
  /** `a.2`: the second life on machine `a`. */
  readonly name: string;
  readonly #world: { readonly time: Scheduler; readonly trace: Trace };
  readonly #died = new Set<() => void>();
  #pausedUntil = 0;
  #crossingsLeft = Number.POSITIVE_INFINITY;
  alive = true;

  constructor(world: { readonly time: Scheduler; readonly trace: Trace }, machine: string, name: string) {
    this.#world = world;
    this.machine = machine;
    this.name = name;
  }

  /** Something reaches the process. */
  enter(port: Port, what: () => string, run: () => void): void {
    const { time, trace } = this.#world;
    if (!this.alive) {
      return;
    }
    const lateMs = this.#pausedUntil - time.now;
    if (lateMs > 0) {
      time.after(lateMs, () => this.enter(port, what, run));
      return;
    }
    if (this.crosses(port, what)) {
      if (port !== "timer") {
        trace.add(this.name, what);
      }
      run();
    }
  }

  /** @returns whether the process is still alive after crossing. */
  crosses(port: Port, what: () => string): boolean {
    if (this.alive && --this.#crossingsLeft <= 0) {
      this.#world.trace.add(this.name, () => `dies at: ${port} ${what()}`);
      this.die();
    }
    return this.alive;
  }

  standStill(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#world.time.now + ms);
  }

  get standing(): boolean {
    return this.#pausedUntil > this.#world.time.now;
  }

  /** Lets it die at a crossing to come. */
  dieAfter(crossings: number): void {
    this.#crossingsLeft = crossings;
  }

  die(): void {
    if (this.alive) {
      this.alive = false;
      for (const told of this.#died) {
        told();
      }
      this.#died.clear();
    }
  }

  /** Calls back when it dies. @returns what takes that back. */
  onDeath(told: () => void): () => void {
    this.#died.add(told);
    return () => {
      this.#died.delete(told);
    };
  }
}
