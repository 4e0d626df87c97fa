import type { Assignment, WorkerSession, WorkerSignal } from "../../../src/runtime/index.ts";
import type { StartedRuntime } from "../../../src/runtime/runtime.ts";
import type { Machine } from "../world/cluster.ts";
import type { Life } from "../world/life.ts";
import type { WorkPlace } from "./work-place.ts";

interface StreamEnds {
  assigned(assignment: Assignment): void;
  signalled(signal: WorkerSignal): void;
  drained(): void;
  broken(): void;
  stale(tokens: readonly string[]): void;
}

/** A stream between a worker and a node: in order, until it breaks. */
export class Stream {
  readonly #place: WorkPlace;
  readonly #life: Life | null;
  readonly #runtime: StartedRuntime | null;
  readonly #ends: StreamEnds;
  #session: WorkerSession | null = null;
  #broken = false;
  #nodeKnows = false;
  #lastAt = 0;

  constructor(place: WorkPlace, { life, runtime }: Machine, ends: StreamEnds) {
    this.#place = place;
    this.#life = life;
    this.#runtime = runtime;
    this.#ends = ends;
    life?.onDeath(() => this.break());
  }

  open(hello: { queue: string; workerId: string; slots: number; running: readonly string[] }): void {
    const life = this.#life;
    const runtime = this.#runtime;
    if (life === null || runtime === null) {
      this.break();
      return;
    }
    const outlet = {
      assign: (assignments: readonly Assignment[]) => {
        if (life.crosses("worker", () => `assigns ${assignments.map(({ token }) => token).join(", ")}`)) {
          for (const assignment of assignments) {
            this.#place.handOut(assignment.token);
            this.#toWorker(() => this.#ends.assigned(assignment));
          }
        }
      },
      signal: (signals: readonly WorkerSignal[]) => {
        for (const signal of signals) {
          this.#toWorker(() => this.#ends.signalled(signal));
        }
      },
      drain: () => this.#toWorker(() => this.#ends.drained()),
    };
    const { time, dice } = this.#place;
    time.after(dice.between(0.1, 1), () =>
      life.enter(
        "worker",
        () => `a stream of ${hello.workerId} opens for ${hello.queue}, running ${hello.running.join(", ")}`,
        () => {
          void this.#opened(() => runtime.workers.open(hello, outlet));
        },
      ),
    );
  }

  async #opened(open: () => Promise<WorkerSession>): Promise<void> {
    try {
      const session = await open();
      this.#session = session;
      this.#toWorker(() => this.#ends.stale(session.stale));
      if (this.#nodeKnows) {
        session.close();
      }
    } catch {
      this.break();
    }
  }

  break(): void {
    if (this.#broken) {
      return;
    }
    this.#broken = true;
    const { time, dice } = this.#place;
    time.after(dice.between(0.1, 50), () => this.#ends.broken());
    // The node may find out much later.
    time.after(dice.chance(0.8) ? dice.between(0.1, 50) : dice.between(50, 4000), () =>
      this.#life?.enter(
        "worker",
        () => "a stream is found to be broken",
        () => {
          this.#nodeKnows = true;
          this.#session?.close();
        },
      ),
    );
  }

  #toWorker(deliver: () => void): void {
    const { time, dice } = this.#place;
    const at = Math.max(this.#lastAt, time.now + dice.between(0.1, 1));
    this.#lastAt = at;
    time.after(at - time.now, () => {
      if (!this.#broken && this.#life?.alive === true) {
        deliver();
      }
    });
  }
}
