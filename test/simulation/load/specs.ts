import type { WebhookAction } from "../../../src/domain/action.ts";
import type { DefinitionSpec } from "../../../src/domain/definition/definition.ts";
import type { ConcurrencyKey } from "../../../src/domain/policy/keys.ts";
import type { OverlapPolicy } from "../../../src/domain/policy/overlap.ts";
import type { RetryPolicy } from "../../../src/domain/policy/retry.ts";
import type { Timeouts } from "../../../src/domain/policy/timeouts.ts";
import type { Schedule, Timing } from "../../../src/domain/schedule/schedule.ts";
import type { TriggerOverrides } from "../../../src/runtime/index.ts";
import { aDefinitionSpec, aSchedule } from "../../support/records.ts";
import { HELD_TO_POLICY } from "../audit/overlap.ts";
import type { Dice } from "../world/dice.ts";

export const QUEUES = ["mail", "reports"] as const;

export const POLICIES = [
  "SKIP",
  "BUFFER_ONE",
  "BUFFER_ALL",
  "CANCEL_OTHER",
  "TERMINATE_OTHER",
  "ALLOW_ALL",
  "ALLOW_ALL",
] as const satisfies OverlapPolicy[];

/**
 * A definition with short times, so that much of its life fits into a run. Each one's attempts come to an end by some deadline.
 * @param origins of receivers; some definitions call them.
 */
export function aSpec(dice: Dice, now: number, origins: readonly string[]): DefinitionSpec {
  const origin = dice.chance(0.2) ? dice.oneOf(origins) : undefined;
  return origin === undefined
    ? aSpecOfWork(dice, now)
    : { ...aSpecOfWork(dice, now), action: aWebhook(dice, origin), timeouts: webhookTimeouts(dice) };
}

function aSpecOfWork(dice: Dice, now: number): DefinitionSpec {
  const heartbeatMs = dice.pick([null, undefined, 1500, 4000]);
  return aDefinitionSpec({
    name: "simulated",
    schedule: aScheduleByChance(dice, now),
    action: dice.chance(0.15)
      ? { kind: "nats", subject: "services.any", headers: {} }
      : {
          kind: "worker",
          queue: dice.pick(QUEUES),
          disconnectPolicy: dice.pick(["WAIT_FOR_HEARTBEAT", "FAIL_AT_ONCE"]),
        },
    overlapPolicy: dice.pick(POLICIES),
    maxConcurrent: dice.pick([0, 0, 1, 3]),
    bufferLimit: dice.whole(1, 4),
    catchUp: {
      windowMs: dice.pick([5000, 60_000]),
      mode: dice.pick(["FIRE_ALL", "FIRE_LAST", "SKIP"]),
      maxRate: dice.pick([1, 20]),
    },
    timeouts: {
      scheduleToStartMs: dice.pick([null, null, 3000, 10_000]),
      startToCloseMs: typeof heartbeatMs === "number" ? dice.pick([null, 2000, 10_000]) : dice.pick([2000, 8000]),
      scheduleToCloseMs: dice.pick([null, null, 6000, 20_000]),
      heartbeatMs,
      cancelGraceMs: dice.pick([500, 3000]),
    },
    retry: aRetry(dice),
    priority: dice.pick([1, 2, 3, 4]),
    orderingKey: dice.chance(0.15) ? "in-line" : "",
    concurrency: dice.chance(0.15) ? aConcurrencyKey(dice) : null,
    pauseOnFailures: dice.chance(0.15) ? dice.whole(2, 4) : 0,
  });
}

export function aWebhook(dice: Dice, origin: string): WebhookAction {
  return {
    kind: "webhook",
    url: `${origin}/hook`,
    headers: {},
    secret: "",
    taskType: "",
    callback: dice.chance(0.3) ? { timeoutMs: dice.pick([1000, 5000]) } : null,
  };
}

/** Of what nodes deliver themselves: a node that died is noticed within seconds. */
export function webhookTimeouts(dice: Dice): Timeouts {
  return {
    scheduleToStartMs: dice.pick([null, null, null, 10_000]),
    startToCloseMs: dice.pick([1000, 3000, 8000]),
    scheduleToCloseMs: dice.pick([null, null, 20_000]),
    heartbeatMs: dice.pick([undefined, 1500, 4000]),
    cancelGraceMs: dice.pick([500, 3000]),
  };
}

export function aRetry(dice: Dice): RetryPolicy {
  return {
    initialDelayMs: dice.pick([0, 200, 1000]),
    factor: dice.pick([1, 2]),
    maxDelayMs: 2000,
    jitterMs: dice.pick([0, 500]),
    maxRetries: dice.whole(0, 3),
    nonRetryableCodes: ["FATAL"],
  };
}

export function aScheduleByChance(dice: Dice, now: number): Schedule {
  const timing: Timing = dice.pick<() => Timing>([
    () => ({ kind: "every", intervalMs: dice.whole(8, 40) * 100, fixedDelay: false }),
    () => ({ kind: "every", intervalMs: dice.whole(1, 4) * 1000, phaseMs: dice.integer(1000), fixedDelay: false }),
    () => ({ kind: "every", intervalMs: dice.whole(5, 30) * 100, fixedDelay: true }),
    () => ({ kind: "cron", expressions: [dice.pick(["* * * * * *", "*/2 * * * * *", "*/5 * * * * *"])] }),
    () => ({ kind: "at", at: now + dice.whole(-5000, 10_000) }),
    () => ({ kind: "immediate" }),
  ])();
  return aSchedule({
    timing,
    anchorAt: Number.NaN,
    jitterMs: dice.pick([0, 0, 700]),
    ...(dice.chance(0.15) ? { maxOccurrences: dice.whole(1, 8) } : {}),
    ...(dice.chance(0.1) ? { endAt: now + 15_000 } : {}),
  });
}

/** What a trigger asks for. `tag` marks the instance as made by this call. */
export function overridesOf(dice: Dice, tag: string, isHeld: boolean): TriggerOverrides {
  return {
    labels: { call: tag, ...(isHeld ? { [HELD_TO_POLICY]: "" } : {}) },
    ...(dice.chance(0.25) ? { orderingKey: `line-${dice.integer(2)}` } : {}),
    ...(dice.chance(0.2) ? { concurrency: aConcurrencyKey(dice) } : {}),
    ...(dice.chance(0.25)
      ? {
          uniqueKey: {
            key: `only-${dice.integer(2)}`,
            onConflict: dice.pick(["REJECT", "USE_EXISTING", "CANCEL_EXISTING"]),
          },
        }
      : {}),
    ...(dice.chance(0.3) ? { priority: dice.pick([1, 2, 3, 4]) } : {}),
  };
}

function aConcurrencyKey(dice: Dice): ConcurrencyKey {
  const limit = dice.whole(1, 2);
  return { key: `shared-by-${limit}`, limit };
}
