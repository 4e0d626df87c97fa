import { BelfryError } from "../../../src/domain/error.ts";
import type { StartedRuntime } from "../../../src/runtime/runtime.ts";
import type { Audit } from "../audit/audit.ts";
import type { Machine } from "../world/cluster.ts";
import type { Dice } from "../world/dice.ts";
import type { Scheduler } from "../world/scheduler.ts";

/** What a caller hears of its call. */
export type Answer<Value> =
  | { readonly kind: "ok"; readonly value: Value }
  | { readonly kind: "refused"; readonly error: BelfryError }
  /** The connection broke: nobody knows whether it was carried out. */
  | { readonly kind: "broken" }
  /** Nobody was there: it was not sent. */
  | { readonly kind: "unreachable" };

/** A call over the network to the API of a node. */
export class RemoteCalls {
  readonly #time: Scheduler;
  readonly #dice: Dice;
  readonly #audit: Audit;
  readonly #pending = new Map<number, string>();
  #count = 0;

  constructor(deps: { readonly time: Scheduler; readonly dice: Dice; readonly audit: Audit }) {
    this.#time = deps.time;
    this.#dice = deps.dice;
    this.#audit = deps.audit;
  }

  /** Calls that a living node has not answered. */
  pending(): readonly string[] {
    return [...this.#pending.values()];
  }

  get count(): number {
    return this.#count;
  }

  /** @param heard looks at the answer at the moment it leaves the node. */
  make<Value>(
    machine: Machine,
    what: string,
    run: (runtime: StartedRuntime) => Promise<Value>,
    heard: (value: Value) => void = () => {},
  ): Promise<Answer<Value>> {
    const { promise, resolve } = Promise.withResolvers<Answer<Value>>();
    const number = ++this.#count;
    const { life, runtime } = machine;
    if (life === null || runtime === null) {
      this.#time.after(this.#hop(), () => resolve({ kind: "unreachable" }));
      return promise;
    }
    this.#pending.set(number, `${what} at ${life.name} since ${Math.round(this.#time.now)} ms`);
    const forget = life.onDeath(() => {
      // A process that died closes its connections; a machine that died says nothing for a while.
      this.#pending.delete(number);
      this.#time.after(this.#dice.chance(0.5) ? this.#hop() : this.#dice.between(100, 3000), () =>
        resolve({ kind: "broken" }),
      );
    });
    const reply = (answer: Answer<Value>): void => {
      if (life.crosses("call", () => `answers ${what}: ${textOf(answer)}`)) {
        forget();
        this.#pending.delete(number);
        this.#time.after(this.#hop(), () => resolve(answer));
      }
    };
    const carryOut = async (): Promise<void> => {
      try {
        const value = await run(runtime);
        if (life.alive) {
          this.#look(`${what} at ${life.name}`, () => heard(value));
          reply({ kind: "ok", value });
        }
      } catch (error) {
        if (error instanceof BelfryError && error.reason !== "INTERNAL") {
          reply({ kind: "refused", error });
        } else if (life.alive) {
          this.#audit.found("a call is answered or refused", `${what} at ${life.name}: ${traceOf(error)}`);
        }
      }
    };
    this.#time.after(this.#hop(), () =>
      life.enter(
        "call",
        () => `is asked ${what}`,
        () => void carryOut(),
      ),
    );
    return promise;
  }

  /** An answer that cannot even be looked at is one to another question. */
  #look(what: string, look: () => void): void {
    try {
      look();
    } catch (error) {
      this.#audit.found("an answer is one to the question", `${what}: ${traceOf(error)}`);
    }
  }

  #hop(): number {
    return this.#dice.between(0.1, 1);
  }
}

function textOf(answer: Answer<unknown>): string {
  return answer.kind === "refused" ? answer.error.reason : answer.kind;
}

function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
