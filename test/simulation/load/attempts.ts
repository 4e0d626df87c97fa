/**
 * What workers do with what they are given: finish, fail, go on for long, fall silent, forget it, report late and twice, at any node.
 */
import type { Assignment, Heartbeat, WorkerSignal } from "../../../src/runtime/index.ts";
import type { StartedRuntime } from "../../../src/runtime/runtime.ts";
import type { Answer } from "./remote-call.ts";
import type { WorkPlace } from "./work-place.ts";

const REPORT_TRIES = 40;

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
    const answer = await this.#ask(`heartbeat ${token}`, ({ workers }) => workers.heartbeat(token, beat));
    const running = this.#running.get(token);
    if (answer.kind === "ok" && answer.value.cancelRequested && running !== undefined) {
      running.cancelRequested = true;
    } else if (isStale(answer) && this.#place.dice.chance(0.7)) {
      this.#running.delete(token);
    }
  }

  #finish(token: string, how: "complete" | "fail" | "give up"): void {
    void this.#report(token, how).finally(() => {
      this.#running.delete(token);
      this.done++;
    });
  }

  async #report(token: string, how: "complete" | "fail" | "give up"): Promise<void> {
    const { dice, time, audit, lives } = this.#place;
    const error = { code: how === "fail" ? "BOOM" : "FATAL", message: token, traceback: "" };
    for (let tries = 0; tries < REPORT_TRIES; tries++) {
      const answer = await this.#ask(
        `${how} ${token}`,
        ({ workers }) =>
          how === "complete"
            ? workers.complete(token, { token })
            : workers.fail(token, { error, retryable: how === "fail" }),
        (state) => {
          const ended = lives.ended.get(token);
          audit.require(
            ended !== undefined && (how !== "complete" || (ended === "COMPLETED" && state === "COMPLETED")),
            "a report that was taken is durable",
            () => `${how} ${token} was answered with ${state}; in the store it ${ended ?? "goes on"}`,
          );
        },
      );
      if (answer.kind === "ok" || isStale(answer)) {
        return;
      }
      await new Promise<void>((resolve) => time.after(dice.between(50, 600), resolve));
    }
  }

  /** Reports go to any node. */
  #ask<Value>(
    what: string,
    run: (runtime: StartedRuntime) => Promise<Value>,
    heard?: (value: Value) => void,
  ): Promise<Answer<Value>> {
    const { calls, dice, cluster } = this.#place;
    const machine = dice.oneOf(cluster.living) ?? cluster.machines[0];
    if (machine === undefined) {
      throw new Error("a cluster has machines");
    }
    return calls.make(machine, what, run, heard);
  }
}

function isStale(answer: Answer<unknown>): boolean {
  return (
    answer.kind === "refused" &&
    (answer.error.reason === "STALE_ATTEMPT" || answer.error.reason === "INSTANCE_NOT_FOUND")
  );
}
