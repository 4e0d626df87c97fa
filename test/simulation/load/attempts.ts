/**
 * What workers do with what they are given: finish, fail, go on for long, fall silent, forget it, report late and twice, at any node.
 */
import type { Assignment, Heartbeat, WorkerSignal } from "../../../src/runtime/index.ts";
import type { Report } from "./reports.ts";
import { ask, isStale, report } from "./reports.ts";
import type { WorkPlace } from "./work-place.ts";

/** What a worker does with what it was given. */
export class Attempts {
  readonly #place: WorkPlace;
  readonly #running = new Map<string, { cancelRequested: boolean }>();
  done = 0;

  constructor(place: WorkPlace) {
    this.#place = place;
  }

  tokens(): readonly string[] {
    return [...this.#running.keys()];
  }

  get size(): number {
    return this.#running.size;
  }

  take({ token }: Assignment): void {
    const { dice, time } = this.#place;
    this.#running.set(token, { cancelRequested: false });
    if (this.#place.isPeaceful()) {
      time.after(dice.between(1, 100), () => this.#finish(token, "complete"));
      return;
    }
    const shortMs = dice.wait(400);
    dice.pick<() => void>([
      () => time.after(shortMs, () => this.#finish(token, "complete")),
      () => time.after(shortMs, () => this.#finish(token, "complete")),
      () => time.after(shortMs, () => this.#finish(token, "complete")),
      () => time.after(shortMs, () => this.#finish(token, "fail")),
      () => time.after(shortMs, () => this.#finish(token, "give up")),
      () => this.#goOn(token, dice.between(500, 6000)),
      () => this.#goOn(token, dice.between(500, 6000)),
      // Silent for long: by then it may be another's.
      () => time.after(dice.between(2000, 12_000), () => this.#finish(token, dice.pick(["complete", "fail"]))),
      // Forgotten.
      () => this.#running.delete(token),
      () =>
        time.after(shortMs, () => {
          this.#finish(token, "complete");
          this.#finish(token, dice.pick(["complete", "fail"]));
        }),
    ])();
  }

  signal({ token, cancelRequested, stale }: WorkerSignal): void {
    const running = this.#running.get(token);
    if (running === undefined) {
      return;
    }
    // Some workers do not listen.
    if (stale && (this.#place.isPeaceful() || this.#place.dice.chance(0.7))) {
      this.#running.delete(token);
    }
    running.cancelRequested ||= cancelRequested;
  }

  forget(tokens: readonly string[]): void {
    for (const token of tokens) {
      this.#running.delete(token);
    }
  }

  #goOn(token: string, leftMs: number): void {
    const { dice, time } = this.#place;
    const stepMs = dice.between(300, 1200);
    time.after(Math.min(stepMs, leftMs), () => {
      const running = this.#running.get(token);
      if (running === undefined) {
        return;
      }
      if (leftMs <= stepMs || this.#place.isPeaceful() || (running.cancelRequested && dice.chance(0.7))) {
        this.#finish(token, running.cancelRequested ? dice.pick(["fail", "complete"]) : "complete");
        return;
      }
      const beat = dice.chance(0.5)
        ? { metadata: { token } }
        : dice.chance(0.5)
          ? { progress: { percent: 10, step: "", message: "" } }
          : {};
      void this.#beat(token, beat);
      this.#goOn(token, leftMs - stepMs);
    });
  }

  async #beat(token: string, beat: Heartbeat): Promise<void> {
    const answer = await ask(this.#place, `heartbeat ${token}`, ({ workers }) => workers.heartbeat(token, beat));
    const running = this.#running.get(token);
    if (answer.kind === "ok" && answer.value.cancelRequested && running !== undefined) {
      running.cancelRequested = true;
    } else if (isStale(answer) && this.#place.dice.chance(0.7)) {
      this.#running.delete(token);
    }
  }

  #finish(token: string, how: Report): void {
    void report(this.#place, token, how).finally(() => {
      this.#running.delete(token);
      this.done++;
    });
  }
}
