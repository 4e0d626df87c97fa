/**
 * What instances wait for that go to webhooks.
 *
 * Stored is NO_WORKER: they wait for their destination to take them. Why it takes none is a matter of the destination, changes without a word to
 * those that wait, and is looked up when somebody asks: once for each destination of an answer. Its record in the store tells of breaker and
 * Retry-After; when it says nothing, the node that serves it is asked how much is under way, for a moment and for a few destinations only.
 * Whatever cannot be known stays NO_WORKER.
 */
import { BelfryError } from "../../domain/error.ts";
import type { InstanceRecord, WaitingReason } from "../../domain/instance/instance.ts";
import { destinationOfState, type DestinationRecord } from "../../domain/webhook/destination.ts";
import { originOf } from "../../domain/webhook/origin.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ActorStateStore } from "../../ports/store/actor-states.ts";
import type { DestinationCommands, DestinationView } from "../../runtime/index.ts";

export interface WaitingReasonDeps {
  readonly runtime: { readonly destinations: Pick<DestinationCommands, "get"> };
  readonly actorStates: ActorStateStore;
  readonly clock: Clock;
}

/** So many destinations of one answer are asked how much is under way. */
const ASKED_MAX = 16;
const ASKED_MS = 250;

/** The instances with the reasons for which they wait now. Others than waiting webhooks cost nothing. */
export async function withWaitingReasons<Instance extends InstanceRecord>(
  instances: readonly Instance[],
  deps: WaitingReasonDeps,
): Promise<readonly Instance[]> {
  const origins = new Set(instances.map(waitsFor).filter((origin) => origin !== null));
  if (origins.size === 0) return instances;
  const reasons = await reasonsOf([...origins], deps);
  return instances.map((instance) => {
    const reason = reasons.get(waitsFor(instance) ?? "");
    return reason === undefined ? instance : { ...instance, life: { ...instance.life, waitingReason: reason } };
  });
}

export async function withWaitingReason<Instance extends InstanceRecord>(
  instance: Instance,
  deps: WaitingReasonDeps,
): Promise<Instance> {
  const [known] = await withWaitingReasons([instance], deps);
  return known ?? instance;
}

/** The destination it waits for; null when it waits for something else, or not at all. */
function waitsFor({ state, spec, life }: InstanceRecord): string | null {
  const isWaiting = state === "PENDING" && life.waitingReason === "NO_WORKER" && spec.action.kind === "webhook";
  return isWaiting ? originOf(spec.action.url) : null;
}

async function reasonsOf(
  origins: readonly string[],
  deps: WaitingReasonDeps,
): Promise<ReadonlyMap<string, WaitingReason>> {
  const now = deps.clock.now();
  const stored = await deps.actorStates.load("destination", origins);
  const reasons = new Map<string, WaitingReason>();
  for (const { id, shard, state } of stored) {
    const reason = closedReason(destinationOfState(id, shard, state), now);
    if (reason !== undefined) reasons.set(id, reason);
  }
  const open = origins.filter((origin) => !reasons.has(origin)).slice(0, ASKED_MAX);
  for (const view of await viewsOf(open, deps)) {
    const reason = closedReason(view.record, now) ?? crowdedReason(view);
    if (reason !== undefined) reasons.set(view.record.origin, reason);
  }
  return reasons;
}

/** Why nothing goes there, as far as its record says. */
function closedReason({ disabled, breaker, heldUntil }: DestinationRecord, now: number): WaitingReason | undefined {
  if (disabled !== null || breaker.state !== "CLOSED") return "BREAKER_OPEN";
  return heldUntil !== null && heldUntil > now ? "RATE_LIMITED" : undefined;
}

/** Why no more goes there. */
function crowdedReason({ record, underWay }: DestinationView): WaitingReason | undefined {
  const { maxConcurrent, rate } = record.settings;
  if (underWay >= maxConcurrent) return "CONCURRENCY";
  return rate === null ? undefined : "RATE_LIMITED";
}

/** How the destinations stand, of those whose node answers in time. */
async function viewsOf(
  origins: readonly string[],
  { runtime, clock }: WaitingReasonDeps,
): Promise<readonly DestinationView[]> {
  if (origins.length === 0) return [];
  const answered: DestinationView[] = [];
  const enough = new AbortController();
  const asked = origins.map(async (origin) => {
    try {
      answered.push(await runtime.destinations.get(origin));
    } catch (error) {
      // Who serves it cannot be reached now; that is no reason to keep the answer back.
      if (!(error instanceof BelfryError)) throw error;
    }
  });
  const late = clock.sleep(ASKED_MS, enough.signal).catch(() => undefined);
  await Promise.race([Promise.all(asked), late]).finally(() => enough.abort());
  return [...answered];
}
