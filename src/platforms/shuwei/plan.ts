/**
 * From facts to operations, for V1 and V2 alike.
 *
 * The event says what the push is about; what is sent follows from the states, because events come late, twice and out of order. What the platform has
 * acknowledged is not sent again, except by hand.
 */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import type { PushPlan } from "../../ports/platform/connector.ts";
import { listedAction, presentAction } from "../present-action.ts";
import { listOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { Draft } from "./draft.ts";
import { endersOf } from "./ending.ts";
import { Standing } from "./standing.ts";
import { transactionStatusOf } from "./status.ts";
import type { Version } from "./version.ts";

export function planOf(version: Version, facts: PushFacts, settings: Settings): PushPlan {
  const { session, item } = facts;
  const action = presentAction(facts);
  const listed = listedAction(facts);
  if (session.isQuestionnaire) {
    return skip("A questionnaire is not pushed.");
  }
  if (listed !== "manual" && !listOf(settings, "events").includes(listed)) {
    return skip(`The event ${listed} is not among those that are pushed to this platform.`);
  }
  const telling = { version, facts, settings, standing: new Standing(facts) };
  const status = transactionStatusOf(session.state, settings);
  if (action === "sess_delete") {
    return new Draft(telling, status ?? "IN_PROGRESS").deletion();
  }
  if (status === null) {
    return skip(`A session in the state ${session.state} is not pushed to this platform.`);
  }
  const draft = new Draft(telling, status);
  if (action === "remind_task") {
    return draft.urging();
  }
  const isLive = status === "IN_PROGRESS" || status === "HANG_UP";
  if (action === "task_resume" && isLive) {
    return draft.ofTransaction();
  }
  const endsItAll = action === "task_abort" || action === "revoke" || action === "reject";
  if (status === "BREAK_UP" && endsItAll) {
    return draft.brokenOff();
  }
  const about = item === null ? draft.items : [item];
  // Whatever item the event names: the session ends through its last one.
  const last = action === "after_end" ? endersOf(draft.items, status) : [];
  return draft.ofItems([...new Set([...about, ...last])]);
}

function skip(reason: string): PushPlan {
  return { kind: "skip", reason };
}
