import { Attempts } from "./attempts.ts";
import type { WorkPlace } from "./work-place.ts";

/** A worker that polls. */
export class Poller {
  readonly #place: WorkPlace;
  readonly #id: string;
  readonly #queue: string;
  readonly #attempts: Attempts;

  constructor(place: WorkPlace, id: string, queue: string) {
    this.#place = place;
    this.#id = id;
    this.#queue = queue;
    this.#attempts = new Attempts(place);
  }

  start(): void {
    void this.#poll();
  }

  async #poll(): Promise<void> {
    const { dice, cluster, calls, time } = this.#place;
    const machine = dice.oneOf(cluster.living);
    if (machine !== undefined) {
      const waitMs = dice.between(0, 3000);
      const abort = new AbortController();
      if (dice.chance(0.2)) {
        const { life } = machine;
        time.after(dice.between(0, waitMs), () =>
          life?.enter(
            "call",
            () => `the caller of a poll of ${this.#id} is gone`,
            () => abort.abort(),
          ),
        );
      }
      const answer = await calls.make(
        machine,
        `poll of ${this.#id} for ${this.#queue}`,
        ({ workers }) => workers.poll({ queue: this.#queue, workerId: this.#id, waitMs }, abort.signal),
        (assignment) => {
          if (assignment !== null) {
            this.#place.handOut(assignment.token);
          }
        },
      );
      if (answer.kind === "ok" && answer.value !== null && !abort.signal.aborted) {
        this.#attempts.take(answer.value);
      }
    }
    time.after(dice.between(50, 500), () => void this.#poll());
  }
}
