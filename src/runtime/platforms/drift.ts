/** What a platform should believe of a session, against what it was told. Pure. */
import type { PushAction } from "../../domain/approval/push-action.ts";
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import { triggerMatches } from "../../domain/platform/trigger-match.ts";
import type { PlatformTrigger } from "../../domain/platform/trigger.ts";
import type { WorkItem } from "../../domain/approval/session.ts";
import { isOpen } from "../../domain/approval/session.ts";
import type { Account } from "./account.ts";
import type { DriftEntry, DriftReason } from "./api.ts";
import type { KnownSession } from "./push-facts.ts";
import { pushFacts } from "./push-facts.ts";
import { beliefsAfter, haveSamePeople } from "./push-told.ts";

/** A push that is to be made again. */
export interface Drift {
  /** Null: of the session as a whole. */
  readonly workItemId: string | null;
  readonly action: PushAction;
  readonly entries: readonly DriftEntry[];
}

export interface DriftView {
  readonly platform: Pick<PlatformRecord, "id" | "policy">;
  readonly account: Account;
  readonly triggers: readonly PlatformTrigger[];
}

export function driftsOf(known: KnownSession, view: DriftView): readonly Drift[] {
  const { session, items } = known;
  if (session.session.isQuestionnaire) {
    return [];
  }
  const isWhole = session.deletedAt !== null || items.length === 0;
  const subjects: readonly (WorkItem | null)[] = isWhole ? [null] : items.map(({ item }) => item);
  const named = new Set<string>();
  return subjects.flatMap((item) => {
    // What several pushes would tell (the state of the session) is told by the first.
    const entries = isWanted(known, item, view)
      ? driftOf(known, item, view).filter(({ thirdId }) => !named.has(thirdId))
      : [];
    entries.forEach(({ thirdId }) => named.add(thirdId));
    return entries.length === 0 ? [] : [{ workItemId: item?.id ?? null, action: presentAction(known, item), entries }];
  });
}

/** When a push that failed may be tried again: 0 at once, null never. */
export function retryAtOf({ entries }: Drift, known: KnownSession, { platform: { policy } }: DriftView): number | null {
  const states = new Map(known.states.map((state) => [state.thirdId, state]));
  let at = 0;
  for (const { thirdId } of entries) {
    const state = states.get(thirdId);
    if (state === undefined || state.failure === null) {
      continue;
    }
    if (isGivenUp(state.failures, state.failure.isPermanent, policy)) {
      return null;
    }
    at = Math.max(at, state.failure.at + policy.retryIntervalMs);
  }
  return at;
}

function isGivenUp(failures: number, isPermanent: boolean, policy: PlatformRecord["policy"]): boolean {
  return failures > policy.maxRetries || (isPermanent && !policy.sweepPermanent);
}

/** Manual and batch pushes derive what happened from the data (domain.md 3.0), and so do sweeps. */
function presentAction({ session }: KnownSession, item: WorkItem | null): PushAction {
  if (session.deletedAt !== null) {
    return "sess_delete";
  }
  switch (session.session.state) {
    case "COMPLETED":
      return "after_end";
    case "ABORTED":
      return "task_abort";
    case "REJECTED":
      return "reject";
    case "REVOKED":
      return "revoke";
    default:
      return item === null || isOpen(item.state) ? "receive" : "after_examine";
  }
}

/** Whether events of this kind go to the platform. */
function isWanted(known: KnownSession, item: WorkItem | null, { triggers }: DriftView): boolean {
  const happening = {
    action: presentAction(known, item),
    session: known.session.session,
    items: item === null ? known.items.map((each) => each.item) : [item],
    formerAssignees: [],
  };
  return triggers.some((trigger) => triggerMatches(trigger, happening));
}

function driftOf(known: KnownSession, item: WorkItem | null, view: DriftView): readonly DriftEntry[] {
  const { connector, settings } = view.account;
  const action = presentAction(known, item);
  const facts = pushFacts(known, { workItemId: item?.id ?? null, action, transfer: null, note: "" });
  const planned = facts === null ? null : connector.plan(facts, settings);
  if (planned === null || planned.kind === "skip") {
    return [];
  }
  const states = new Map(known.states.map((state) => [state.thirdId, state]));
  // Who is to have it, where that would be told.
  const beliefs = beliefsAfter(planned.operations);
  return [...planned.desired].flatMap(([thirdId, desired]): readonly DriftEntry[] => {
    const state = states.get(thirdId);
    const acknowledged = state?.status ?? null;
    const belief = beliefs.get(thirdId) ?? null;
    if (acknowledged === desired && (belief === null || haveSamePeople(state, belief))) {
      return [];
    }
    return [
      {
        platformId: view.platform.id,
        sessionId: known.session.session.id,
        workItemId: item?.id ?? "",
        thirdId,
        desired,
        acknowledged,
        reason: reasonOf(state, view),
        failures: state?.failures ?? 0,
        failedAt: state?.failure?.at ?? null,
        pushId: state?.failure?.pushId ?? state?.pushId ?? "",
      },
    ];
  });
}

function reasonOf(state: KnownSession["states"][number] | undefined, { platform }: DriftView): DriftReason {
  if (state === undefined) {
    return "NEVER_PUSHED";
  }
  if (state.failure === null) {
    return "DIFFERS";
  }
  return isGivenUp(state.failures, state.failure.isPermanent, platform.policy) ? "GIVEN_UP" : "FAILED";
}
