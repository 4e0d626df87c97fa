/** The smallest task centre: it is told each item's state under the item's id, needs no token, and says no more than its HTTP status does. */
import type { Belief, PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import { isOpen } from "../../../../src/domain/approval/session.ts";
import type { WorkItem } from "../../../../src/domain/approval/session.ts";
import type {
  Connector,
  Operation,
  PlatformAnswer,
  PlatformVerdict,
  PushPlan,
} from "../../../../src/ports/platform/connector.ts";
import { readerOf, textOf } from "../../../../src/platforms/read-settings.ts";
import type { SettingSpec } from "../../../../src/ports/platform/setting.ts";

const SETTINGS: readonly SettingSpec[] = [
  {
    name: "host",
    title: "地址",
    form: "TEXT",
    isUrl: true,
    required: true,
    secret: false,
    default: null,
    help: "Where it is.",
  },
];

export const SMALL: Connector = {
  name: "small",
  title: "小任务中心",
  capability: "任务中心",
  category: "任务中心",
  environments: [],
  settings: SETTINGS,
  read: readerOf(SETTINGS),
  plan,
  token: null,
  requestOf: ({ kind, thirdId, body }, { settings, idempotencyKey }) => ({
    method: "POST",
    url: `${textOf(settings, "host")}/${kind}`,
    headers: { "idempotency-key": idempotencyKey },
    body: JSON.stringify({ thirdId, ...body }),
  }),
  verdictOf: (_, answer) => verdictOf(answer),
  repairOf: () => [],
};

function plan({ session, item, isDeleted, acknowledged }: PushFacts): PushPlan {
  if (isDeleted) {
    const known = [...acknowledged.keys()];
    return planned(known.map((thirdId) => operation(thirdId, null)));
  }
  if (session.state === "DRAFT") {
    return { kind: "skip", reason: "Nobody has submitted it." };
  }
  return planned([
    item === null
      ? operation(session.id, session.state)
      : operation(
          `${session.id}_${item.id}`,
          statusOf(item),
          item.assignees.map(({ number }) => number),
        ),
  ]);
}

function planned(operations: readonly Operation[]): PushPlan {
  const desired = operations.flatMap(({ acknowledges }) =>
    [...acknowledges].map(([thirdId, belief]) => [thirdId, belief?.status ?? null] as const),
  );
  return { kind: "push", desired: new Map(desired), assignees: [], operations };
}

function statusOf({ state }: WorkItem): string {
  return isOpen(state) ? "todo" : state === "DONE" ? "done" : "gone";
}

function operation(thirdId: string, status: string | null, assignees: readonly string[] = []): Operation {
  const belief: Belief | null = status === null ? null : { status, assignees };
  return {
    kind: status === null ? "delete" : "put",
    thirdId,
    body: { status },
    onFailure: "stop",
    acknowledges: new Map([[thirdId, belief]]),
  };
}

function verdictOf(answer: PlatformAnswer): PlatformVerdict {
  if (answer.kind === "failed") {
    return { class: "transient", code: "NO_ANSWER", message: answer.message };
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return { class: "ok" };
  return { class: status >= 500 ? "transient" : "permanent", code: `HTTP_${status}`, message: "It was refused." };
}
