import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PUSH_ACTIONS } from "../../../../src/domain/approval/push-action.ts";
import type { PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import type { Session, WorkItem } from "../../../../src/domain/approval/session.ts";
import { SESSION_STATES, WORK_ITEM_STATES } from "../../../../src/domain/approval/session.ts";
import type { Operation } from "../../../../src/ports/platform/connector.ts";
import { jinzhi } from "../../../../src/platforms/jinzhi/connector.ts";
import { after, toldBy } from "../acknowledging.ts";
import { anyFacts, item, session, settingsOf } from "./leave.ts";

const SETTINGS = settingsOf(jinzhi, { host: "https://jz.test", appId: "a", appSecret: "s", sceneCode: "APPROVAL" });

interface Model {
  readonly taskId: string;
  readonly taskStatus: string;
  readonly applicationModel: { readonly processInstanceId: string; readonly processInstanceStatus: string };
}

/** Whatever a body may hold. */
interface Sent {
  readonly insertModel?: Model;
  readonly updateModel?: Model;
  readonly taskId: string;
  readonly processInstanceId: string;
}

/** Makes what is new, changes and deletes what it has, and refuses all else. */
class StrictPlatform {
  readonly tasks = new Map<string, string>();
  readonly instances = new Set<string>();
  readonly refusals: string[] = [];

  carryOut({ kind, body }: Operation): void {
    const sent = body as unknown as Sent;
    if (kind === "delete_instance") {
      if (!this.instances.delete(sent.processInstanceId)) this.refusals.push(`${kind} ${sent.processInstanceId}`);
      return;
    }
    const model = sent.insertModel ?? sent.updateModel ?? null;
    const taskId = model?.taskId ?? sent.taskId;
    if (this.tasks.has(taskId) === (kind === "insert")) this.refusals.push(`${kind} ${taskId}`);
    if (model === null) {
      this.tasks.delete(taskId);
    } else {
      const { processInstanceId, processInstanceStatus } = model.applicationModel;
      this.tasks.set(taskId, `${model.taskStatus}/${processInstanceStatus}`);
      this.instances.add(processInstanceId);
    }
  }
}

/** Carries plans out and remembers what was acknowledged, as a platform actor does. */
class Pusher {
  readonly platform = new StrictPlatform();
  acknowledged: PushFacts["acknowledged"] = new Map();

  /** @param failing tells of each operation whether it fails before the platform has got it. */
  push(
    action: PushFacts["action"],
    of: Session,
    subject: WorkItem | null,
    items: WorkItem[],
    failing: boolean[],
  ): boolean {
    const isDeleted = action === "sess_delete";
    const told = { log: [], transfer: null, note: "", acknowledged: this.acknowledged };
    const given = { action, session: of, isDeleted, isArchived: action === "archive", item: subject, items, ...told };
    const plan = jinzhi.plan(given, SETTINGS);
    if (plan.kind === "skip") return true;
    let isDone = true;
    for (const operation of plan.operations) {
      if (failing.shift() ?? false) {
        isDone = false;
        if (operation.onFailure === "stop") break;
        continue;
      }
      this.platform.carryOut(operation);
      this.acknowledged = after(this.acknowledged, [operation]);
    }
    return isDone;
  }
}

const itemStates = fc.array(fc.constantFrom(...WORK_ITEM_STATES), { minLength: 3, maxLength: 3 });
const steps = fc.array(
  fc.record({
    action: fc.constantFrom(...PUSH_ACTIONS.filter((action) => action !== "sess_delete")),
    state: fc.constantFrom(...SESSION_STATES),
    itemStates,
    subject: fc.option(fc.nat(2)),
    failing: fc.array(fc.boolean(), { maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 12 },
);

function itemsOf(states: readonly WorkItem["state"][]): WorkItem[] {
  return states.map((state, index) => item({ id: String(index), state }));
}

describe("金智, whatever comes in whatever order", () => {
  it("a plan never throws, and all it sends goes to host", () => {
    fc.assert(
      fc.property(anyFacts, anyFacts, (given, later) => {
        const plan = jinzhi.plan(given, SETTINGS);
        const operations = plan.kind === "skip" ? [] : plan.operations;
        for (const each of operations.flatMap((one) => [one, ...jinzhi.repairOf(one, later, SETTINGS)])) {
          const context = { settings: SETTINGS, token: "t", at: 0, idempotencyKey: "k" };
          const { url, body } = jinzhi.requestOf(each, context);
          expect(url).toMatch(/^https:\/\/jz\.test\/taskCenter\//u);
          expect(JSON.parse(body)).toEqual(each.body);
        }
      }),
    );
  });

  it("what a plan desires is what its operations acknowledge, each third id once, a deletion aside", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const plan = jinzhi.plan(given, SETTINGS);
        fc.pre(plan.kind === "push" && given.action !== "sess_delete" && !given.isDeleted);
        expect(toldBy(plan.operations)).toEqual(plan.desired);
      }),
    );
  });

  it("R-024, R-029, R-034, R-035: the platform never refuses, and once nothing fails it believes what is the case", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const pusher = new Pusher();
        for (const { action, state, itemStates: states, subject, failing } of all) {
          const items = itemsOf(states);
          pusher.push(action, session({ state }), subject === null ? null : items[subject]!, items, [...failing]);
        }
        const items = itemsOf(all.at(-1)!.itemStates);
        const last = session({ state: "ABORTED" });
        for (const each of items) pusher.push("manual", last, each, items, []);
        expect(pusher.platform.refusals).toEqual([]);
        expect(pusher.platform.tasks).toEqual(new Map(items.map(({ id }) => [id, "COMPLETE/ABORT"])));
      }),
    );
  });

  it("R-042: a deletion that breaks off anywhere is finished by the next, and deletes nothing twice", () => {
    fc.assert(
      fc.property(
        itemStates,
        fc.subarray([0, 1, 2], { minLength: 1 }),
        fc.array(fc.boolean()),
        (states, pushed, failing) => {
          const pusher = new Pusher();
          const items = itemsOf(states);
          for (const which of pushed) pusher.push("receive", session(), items[which]!, items, []);
          const left = [...failing, false, false, false, false];
          let turns = 0;
          while (!pusher.push("sess_delete", session(), null, items, left)) turns += 1;
          expect(turns).toBeLessThanOrEqual(failing.length);
          expect(pusher.platform.refusals).toEqual([]);
          expect([pusher.platform.tasks.size, pusher.platform.instances.size]).toEqual([0, 0]);
        },
      ),
    );
  });
});
