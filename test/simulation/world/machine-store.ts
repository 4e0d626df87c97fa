import { StoreUnavailable } from "../../../src/ports/store/journal.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import type { Dice } from "./dice.ts";
import type { Life } from "./life.ts";
import type { Scheduler } from "./scheduler.ts";

/** How the line between a machine and the store is right now. Probabilities are of one call. */
export interface StoreWeather {
  /** Nothing gets through. */
  away: boolean;
  /** The call never arrives, and its caller is told so. */
  failsBefore: number;
  /** It is done, and its caller is told that it failed; now and then before it is done. */
  failsAfter: number;
  /** The call, or its answer, takes seconds. */
  slow: number;
  slowMs: number;
}

export function fairWeather(): StoreWeather {
  return { away: false, failsBefore: 0, failsAfter: 0, slow: 0, slowMs: 0 };
}

interface Fate {
  /** When the call reaches the store; null: never. */
  readonly arriveMs: number | null;
  /** How long after that its caller hears the outcome; null: it does not. */
  readonly answerMs: number | null;
  /** When its caller is told instead that it failed, which may be before it is done; null: it is not. */
  readonly failMs: number | null;
}

/**
 * The store as one process sees it: each call takes time to get there and back, may fail on either way, and may be under way when the process
 * dies. What arrived is done whether anybody is left to hear of it or not.
 */
export function machineStore(
  { time, dice }: { readonly time: Scheduler; readonly dice: Dice },
  life: Life,
  store: Store,
  weather: StoreWeather,
): Store {
  const wayMs = (): number => dice.between(0.1, 1) + (dice.chance(weather.slow) ? dice.between(0, weather.slowMs) : 0);

  function fate(): Fate {
    const thereMs = wayMs();
    const backMs = wayMs();
    if (weather.away || dice.chance(weather.failsBefore)) {
      return { arriveMs: null, answerMs: null, failMs: thereMs + backMs };
    }
    return dice.chance(weather.failsAfter)
      ? // The connection may break long before the store gets to it.
        { arriveMs: thereMs, answerMs: null, failMs: dice.chance(0.3) ? thereMs * dice.fraction() : thereMs + backMs }
      : { arriveMs: thereMs, answerMs: backMs, failMs: null };
  }

  function call(name: string, carryOut: () => Promise<unknown>): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (!life.alive) {
      return promise;
    }
    if (!life.crosses("store", () => `asks ${name}`)) {
      // It died in the middle of asking: the request is on its way, or not.
      if (dice.chance(0.5)) {
        time.after(dice.between(0.1, 3), () => void carryOut().catch(() => {}));
      }
      return promise;
    }
    const { arriveMs, answerMs, failMs } = fate();
    const hear = (delayMs: number, what: string, settle: () => void): void => {
      time.after(delayMs, () => life.enter("store", () => `hears of ${name}: ${what}`, settle));
    };
    const fail = (delayMs: number): void =>
      hear(delayMs, "it broke off", () => reject(new StoreUnavailable("The store broke off, as the simulation wills")));
    const arrive = async (): Promise<void> => {
      try {
        const value = await carryOut();
        if (answerMs !== null) {
          hear(answerMs, "done", () => resolve(value));
        }
      } catch (error) {
        if (answerMs !== null) {
          hear(answerMs, "it is refused", () => reject(error));
        }
      }
    };
    if (failMs !== null) {
      fail(failMs);
    }
    if (arriveMs !== null) {
      time.after(arriveMs, () => {
        if (!weather.away) {
          void arrive();
        } else if (answerMs !== null) {
          fail(answerMs);
        }
      });
    }
    return promise;
  }

  const part = <Part extends object>(name: string, of: Part): Part =>
    new Proxy(of, {
      get(target, property) {
        const member: unknown = Reflect.get(target, property, target);
        return typeof member === "function"
          ? (...args: readonly unknown[]) =>
              call(`${name}.${String(property)}`, async () => await Reflect.apply(member, target, args))
          : member;
      },
    });

  return {
    journal: part("journal", store.journal),
    shards: part("shards", store.shards),
    actors: part("actors", store.actors),
    queries: part("queries", store.queries),
    cursors: part("cursors", store.cursors),
    actorStates: part("actorStates", store.actorStates),
    approvals: part("approvals", store.approvals),
    retention: part("retention", store.retention),
    ping: async () => {
      await call("ping", () => store.ping());
    },
    close: () => Promise.resolve(),
  };
}
