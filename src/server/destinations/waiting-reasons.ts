/**
 * What instances wait for that go to webhooks or to platforms.
 *
 * Stored is NO_WORKER: they wait for their destination or platform to take them. Why it takes none is its own matter, changes without a word to
 * those that wait, and is looked up when somebody asks: once for each of an answer. Its record in the store tells of breaker and Retry-After; when
 * it says nothing, the node that serves it is asked how much is under way, for a moment and for a few of them only. Whatever cannot be known stays
 * NO_WORKER.
 */
import { BelfryError } from "../../domain/error.ts";
import type { InstanceRecord, WaitingReason } from "../../domain/instance/instance.ts";
import { queueOf } from "../../domain/action.ts";
import { platformOfQueue } from "../../domain/approval/platform-push.ts";
import { platformOfState } from "../../domain/platform/platform.ts";
import type { DestinationRecord, RateLimit } from "../../domain/webhook/destination.ts";
import { destinationOfState } from "../../domain/webhook/destination.ts";
import { originOfQueue } from "../../domain/webhook/origin.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ActorStateRecord, ActorStateStore } from "../../ports/store/actor-states.ts";
import type { DestinationCommands, TaskCenters } from "../../runtime/index.ts";

export interface WaitingReasonDeps {
  readonly runtime: {
    readonly destinations: Pick<DestinationCommands, "get">;
    readonly taskCenters: { readonly platforms: Pick<TaskCenters["platforms"], "get"> };
  };
  readonly actorStates: ActorStateStore;
  readonly clock: Clock;
}

/** So many of one answer are asked how much is under way. */
const ASKED_MAX = 16;
const ASKED_MS = 250;

/** One that is called. */
interface Called {
  readonly kind: "destination" | "platform";
  readonly id: string;
}

/** What its record tells. */
interface Closed extends Pick<DestinationRecord, "breaker" | "heldUntil"> {
  readonly isDisabled: boolean;
  /** It could not give an access token, and is not asked before then. */
  readonly restsUntil: number | null;
}

/** The instances with the reasons for which they wait now. Others than those that wait to be called cost nothing. */
export async function withWaitingReasons<Instance extends InstanceRecord>(
  instances: readonly Instance[],
  deps: WaitingReasonDeps,
): Promise<readonly Instance[]> {
  const called = new Map(instances.flatMap((instance) => waitsFor(instance) ?? []).map((each) => [keyOf(each), each]));
  if (called.size === 0) return instances;
  const reasons = await reasonsOf([...called.values()], deps);
  return instances.map((instance) => {
    const waited = waitsFor(instance);
    const reason = waited === null ? undefined : reasons.get(keyOf(waited));
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

/** Null when it waits for something else, or not at all. */
function waitsFor({ state, spec, life }: InstanceRecord): Called | null {
  const queue = state === "PENDING" && life.waitingReason === "NO_WORKER" ? queueOf(spec.action) : null;
  if (queue === null) return null;
  const origin = originOfQueue(queue);
  const platform = platformOfQueue(queue);
  if (origin !== null) return { kind: "destination", id: origin };
  return platform === null ? null : { kind: "platform", id: platform };
}

function keyOf({ kind, id }: Called): string {
  return `${kind}/${id}`;
}

async function reasonsOf(
  called: readonly Called[],
  deps: WaitingReasonDeps,
): Promise<ReadonlyMap<string, WaitingReason>> {
  const now = deps.clock.now();
  const kinds = [...Map.groupBy(called, ({ kind }) => kind)];
  const stored = await Promise.all(
    kinds.map(([kind, those]) =>
      deps.actorStates.load(
        kind,
        those.map(({ id }) => id),
      ),
    ),
  );
  const reasons = new Map<string, WaitingReason>();
  for (const row of stored.flat()) {
    const reason = closedReason(closedOf(row), now);
    if (reason !== undefined) reasons.set(`${row.kind}/${row.id}`, reason);
  }
  const open = called.filter((each) => !reasons.has(keyOf(each))).slice(0, ASKED_MAX);
  for (const [each, reason] of await crowdsOf(open, deps, now)) {
    reasons.set(keyOf(each), reason);
  }
  return reasons;
}

function closedOf({ kind, id, shard, state }: ActorStateRecord): Closed {
  if (kind === "platform") {
    const record = platformOfState(id, shard, state);
    // What waits for one that is disabled is about to be skipped.
    return { ...record, isDisabled: false, restsUntil: record.tokenFailure?.retryAt ?? null };
  }
  const record = destinationOfState(id, shard, state);
  return { ...record, isDisabled: record.disabled !== null, restsUntil: null };
}

/** Why nothing goes there, as far as its record says. */
function closedReason({ isDisabled, breaker, heldUntil, restsUntil }: Closed, now: number): WaitingReason | undefined {
  if (isDisabled || breaker.state !== "CLOSED" || (restsUntil ?? 0) > now) return "BREAKER_OPEN";
  return heldUntil !== null && heldUntil > now ? "RATE_LIMITED" : undefined;
}

/** Why no more goes there. */
function crowdedReason(
  underWay: number,
  { maxConcurrent, rate }: { readonly maxConcurrent: number; readonly rate: RateLimit | null },
): WaitingReason | undefined {
  if (underWay >= maxConcurrent) return "CONCURRENCY";
  return rate === null ? undefined : "RATE_LIMITED";
}

async function askedReason(
  { kind, id }: Called,
  { runtime }: WaitingReasonDeps,
  now: number,
): Promise<WaitingReason | undefined> {
  if (kind === "platform") {
    const { record, underWay } = await runtime.taskCenters.platforms.get(id);
    const closed = { ...record, isDisabled: false, restsUntil: record.tokenFailure?.retryAt ?? null };
    return closedReason(closed, now) ?? crowdedReason(underWay, record.policy);
  }
  const { record, underWay } = await runtime.destinations.get(id);
  const closed = { ...record, isDisabled: record.disabled !== null, restsUntil: null };
  return closedReason(closed, now) ?? crowdedReason(underWay, record.settings);
}

/** Of those whose node answers in time. */
async function crowdsOf(
  called: readonly Called[],
  deps: WaitingReasonDeps,
  now: number,
): Promise<readonly (readonly [Called, WaitingReason])[]> {
  if (called.length === 0) return [];
  const answered: (readonly [Called, WaitingReason])[] = [];
  const enough = new AbortController();
  const asked = called.map(async (each) => {
    try {
      const reason = await askedReason(each, deps, now);
      if (reason !== undefined) answered.push([each, reason]);
    } catch (error) {
      // Who serves it cannot be reached now; that is no reason to keep the answer back.
      if (!(error instanceof BelfryError)) throw error;
    }
  });
  const late = deps.clock.sleep(ASKED_MS, enough.signal).catch(() => undefined);
  await Promise.race([Promise.all(asked), late]).finally(() => enough.abort());
  return [...answered];
}
