import type { RuntimeOptions } from "../../src/runtime/index.ts";
import { DEFAULT_RUNTIME_OPTIONS } from "../../src/runtime/index.ts";
import type { Dice } from "./world/dice.ts";

export const FAULTS = [
  "crash",
  "drain",
  "pause",
  "clock-jump",
  "store-away",
  "store-away-for-one",
  "store-failing",
  "store-slow",
  "cut-one-way",
  "cut-two-ways",
  "network-away-for-one",
  "network-away",
  "network-lossy",
  "network-late",
  "stream-failing",
  "stream-deleted",
  "worker-crash",
  "streams-break",
] as const;
export type Fault = (typeof FAULTS)[number];

/** How far a clock that somebody sets may be off. */
export const CLOCK_JUMP_MS = 6000;

/** What one run is like, all by its seed. Each run has some of the faults only: what one hides another run shows. */
export interface Plan {
  readonly machines: number;
  readonly options: Omit<RuntimeOptions, "nodeId">;
  readonly faults: readonly Fault[];
  readonly faultEveryMs: number;
  /** Load and faults come until then; afterwards everything is mended and comes to its end. */
  readonly stormMs: number;
  readonly definitions: number;
  readonly callEveryMs: number;
  readonly workers: number;
  readonly pollers: number;
  /** Origins of the receivers to which webhooks go. */
  readonly origins: readonly string[];
  readonly dispatchEveryMs: number;
  /** Names that callers lock. */
  readonly locks: readonly string[];
  readonly lockEveryMs: number;
  /** How far the machines' clocks are off. */
  readonly skewMs: number;
}

/** What nodes must survive above all. */
const OFTEN: ReadonlySet<Fault> = new Set<Fault>(["crash", "pause", "drain"]);

/** By how much the times of day of two machines differ at most. */
export function clockSpreadMs({ skewMs, faults }: Pick<Plan, "skewMs" | "faults">): number {
  return 2 * (faults.includes("clock-jump") ? Math.max(skewMs, CLOCK_JUMP_MS) : skewMs);
}

export function planOf(dice: Dice): Plan {
  const faults = FAULTS.filter(() => dice.chance(0.4)).flatMap((fault): Fault[] =>
    OFTEN.has(fault) ? [fault, fault, fault] : [fault],
  );
  return {
    machines: dice.pick([1, 2, 3, 3, 3]),
    options: {
      ...DEFAULT_RUNTIME_OPTIONS,
      shardCount: dice.whole(3, 8),
      leaseTtlMs: dice.pick([3000, 3000, 1500]),
      maxUncommitted: dice.pick([20_000, 40, 8]),
      maxRouted: dice.pick([20_000, 5]),
      mailboxLimit: dice.pick([1000, 1000, 3]),
      readAheadMs: dice.pick([5000, 1000]),
      readAheadLimit: dice.pick([5000, 3]),
      idleMs: dice.pick([15_000, 3000, 1000]),
      residentLimit: dice.pick([50_000, 10]),
      queueFront: dice.pick([10_000, 3]),
      takesPerTurn: dice.pick([200, 2]),
    },
    faults,
    faultEveryMs: dice.pick([800, 2000, 5000]),
    stormMs: dice.between(15_000, 30_000),
    definitions: dice.whole(2, 6),
    callEveryMs: dice.pick([100, 250, 600]),
    workers: dice.whole(1, 4),
    pollers: dice.whole(0, 2),
    skewMs: dice.pick([0, 300, 3000]),
    origins: Array.from({ length: dice.pick([0, 1, 2, 3]) }, (_, index) => `https://${index}.example.com`),
    dispatchEveryMs: dice.pick([150, 400, 800]),
    locks: Array.from({ length: dice.pick([0, 1, 1, 2]) }, (_, index) => `lock-${index}`),
    lockEveryMs: dice.pick([400, 1000, 2000]),
  };
}
