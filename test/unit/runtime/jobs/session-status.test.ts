/** cugb is told in batches by the status of sessions: what runs as to do, anything else as done. */
import { describe, expect, it, onTestFinished } from "vitest";
import { createInProcessNetwork } from "../../../../src/bus/in-process/network.ts";
import type { SessionState } from "../../../../src/domain/approval/session.ts";
import { DEFAULT_PUSH_POLICY } from "../../../../src/domain/platform/platform.ts";
import { cugb } from "../../../../src/platforms/presets/cugb.ts";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { FakeSecretBox } from "../../../support/fake-secret-box.ts";
import { FakeWebhooks, answered } from "../../../support/fake-webhooks.ts";
import { aWorld } from "../../../support/node.ts";
import { facts, report } from "../approvals/given.ts";
import { batchOf, recordOf, startBatch, untilEnded } from "./given.ts";

/** What becomes of the sessions, by their ids: each has an item that somebody had to do. */
const SESSIONS: Readonly<Record<string, SessionState>> = {
  "1": "RUNNING",
  "2": "COMPLETED",
  "3": "ABORTED",
  "4": "RUNNING",
  "5": "SUSPENDED",
  "6": "REVOKED",
};

const itemOf = (sessionId: string): string => `${sessionId}0`;

interface CugbBody {
  readonly inst: { readonly instId: number };
  readonly task: { readonly taskId: number; readonly taskStatus: number };
}

/** It gives tokens, and takes what it is told. */
function aPlatformOfCugb() {
  const told: Record<number, unknown> = {};
  const client = new FakeWebhooks(({ method, body }) => {
    if (method === "GET") return answered(200, { body: '{"e":0,"d":{"access_token":"t","expires_in":7200}}' });
    const { inst, task } = JSON.parse(body) as CugbBody;
    told[inst.instId] = [task.taskId, task.taskStatus];
    return answered(200, { body: '{"e":0,"m":"操作成功","d":{}}' });
  });
  return { client, told };
}

async function givenCugb() {
  const world = await aWorld();
  onTestFinished(() => world.stop());
  const { client, told } = aPlatformOfCugb();
  const parts = {
    webhooks: { client, box: new FakeSecretBox(), publicUrl: () => "https://belfry.test", version: "1" },
    connectors: new Map([[cugb.name, cugb]]),
  };
  const node = await world.start("a", {}, createInProcessNetwork(), parts);
  const platformId = await cugbAt(node);
  for (const [sessionId, state] of Object.entries(SESSIONS)) {
    const at = Number(sessionId);
    await report(node, sessionId, {
      ...facts(itemOf(sessionId), at),
      session: { appId: "12", creator: { number: "2021001", name: "张三" }, state: "RUNNING", createdAt: at },
      workItem: { id: itemOf(sessionId), state: "OPEN", assignees: [{ number: "10086", name: "李四" }], createdAt: at },
    });
    if (state !== "RUNNING") await report(node, sessionId, { ...facts(null, 100), session: { state } });
  }
  return { ...world, node, platformId, told };
}

async function cugbAt(node: StartedRuntime): Promise<string> {
  const { platforms } = node.taskCenters;
  const needed = cugb.settings.filter(({ required }) => required);
  const { record } = await platforms.create({
    changedBy: "test",
    platform: {
      name: "cugb",
      connector: cugb.name,
      settings: Object.fromEntries(
        needed.map(({ name, isUrl }) => [name, isUrl === true ? "https://cugb.example.com" : name]),
      ),
      standsFor: null,
      policy: DEFAULT_PUSH_POLICY,
    },
  });
  await platforms.enable(record.id, { changedBy: "test" });
  return record.id;
}

describe("R-063: a batch by session status, to cugb", () => {
  it("of those that run shows their tasks as to do, and tells of no other", async () => {
    const world = await givenCugb();
    const { node, platformId, told } = world;
    const id = await startBatch(node, platformId, { filter: { sessionStates: ["RUNNING"] } });
    await untilEnded(world, id);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", total: 2, succeeded: 2 });
    expect(told).toEqual({ "1": [10, 0], "4": [40, 0] });
    expect((await recordOf(world, id)).spec.payload).toMatchObject({ filter: { sessionStates: ["RUNNING"] } });
  });

  it("of all others shows them as done, each also that was shown as to do before", async () => {
    const world = await givenCugb();
    const { node, platformId, told } = world;
    await untilEnded(world, await startBatch(node, platformId, { filter: { sessionStates: ["RUNNING"] } }));
    await report(node, "4", { ...facts(null, 100), session: { state: "REJECTED" } });
    const others: readonly SessionState[] = ["SUSPENDED", "COMPLETED", "ABORTED", "REJECTED", "REVOKED"];
    const id = await startBatch(node, platformId, { filter: { sessionStates: others }, pageSize: 2 });
    await untilEnded(world, id);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", total: 5, succeeded: 5 });
    expect(told).toEqual({ "1": [10, 0], "2": [20, 3], "3": [30, 3], "4": [40, 3], "5": [50, 3], "6": [60, 3] });
  });
});
