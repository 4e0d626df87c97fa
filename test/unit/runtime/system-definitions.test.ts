import { describe, expect, it } from "vitest";
import type { WebhookAction } from "../../../src/domain/action.ts";
import { routingHash } from "../../../src/domain/routing.ts";
import { dispatchDefinitionId } from "../../../src/domain/webhook/origin.ts";
import type { CreateDispatch, Triggered } from "../../../src/runtime/index.ts";
import { aWorkerSpec } from "../../support/node.ts";
import { expectSound, gaplessEvents, given, instancesOf, stateOf } from "./given.ts";
import type { Given } from "./given.ts";

const ORIGIN = "https://hooks.example.com";
const ID = dispatchDefinitionId(ORIGIN);

function aWebhook(action: Partial<WebhookAction> = {}): WebhookAction {
  return { kind: "webhook", url: `${ORIGIN}/in`, headers: {}, secret: "", taskType: "", callback: null, ...action };
}

function dispatch(
  { node }: Given,
  command: Partial<CreateDispatch> = {},
  action: Partial<WebhookAction> = {},
): Promise<Triggered> {
  const overrides = { name: "tell them", action: aWebhook(action), ...command.overrides };
  return node.dispatches.create(ORIGIN, { failFast: false, ...command, overrides });
}

describe("the definition of an origin's dispatches", () => {
  it("is made by the first of them, not later than they are, and once however many come at once", async () => {
    const world = await given();
    const before = world.store.sent.length;
    const all = await Promise.all([1, 2, 3, 4].map(() => dispatch(world)));
    const commits = world.store.sent.slice(before);
    expect(commits[0]?.definitions.map(({ id }) => id)).toEqual([ID]);
    expect(commits.flatMap((batch) => batch.definitions)).toHaveLength(1);
    expect((await instancesOf(world, ID)).map(({ id }) => id)).toEqual(all.map(({ instance }) => instance.id));
    await expectSound(world, ID);
  });

  it("runs only what it is triggered for, and tells nobody that it exists", async () => {
    const world = await given();
    const { instance } = await dispatch(world);
    const found = await world.store.queries.getDefinition(ID);
    expect(found?.definition).toMatchObject({ state: "ACTIVE", spec: { schedule: { timing: { kind: "manual" } } } });
    expect(new Set((await gaplessEvents(world)).map(({ resourceId }) => resourceId))).toEqual(new Set([instance.id]));
  });

  it("is made anew by the next dispatch when the node dies before the commit that made it", async () => {
    const world = await given();
    const hold = world.store.holdCommits();
    // Nobody answers it any more.
    void dispatch(world);
    await hold.arrived();
    await world.node.crash();
    world.store.goAway();
    hold.release();
    await world.clock.advance(0);
    world.store.comeBack();
    expect(await world.store.queries.getDefinition(ID)).toBeNull();
    const node = await world.start("b");
    await world.clock.advance(5000);
    const { instance } = await dispatch({ ...world, node });
    expect((await instancesOf(world, ID)).map(({ id }) => id)).toEqual([instance.id]);
    await expectSound(world, ID);
  });

  it("leaves the memory when nothing is done, and is there for the next dispatch", async () => {
    const world = await given();
    const { instance } = await dispatch(world);
    await world.node.instances.cancel(instance.id, { reason: "", terminate: false });
    await world.clock.advance(30_000);
    expect(world.node.status().residents).toBe(0);
    await dispatch(world);
    await expectSound(world, ID);
  });
});

describe("a dispatch", () => {
  it("has an id of its kind, which grows with age and leads to the shard of its destination (R-116)", async () => {
    const world = await given();
    const ids = [(await dispatch(world)).instance.id, (await dispatch(world)).instance.id];
    for (const id of ids) {
      expect(id).toMatch(/^wf_\d{13}_[0-9a-f]{20}$/u);
      expect(routingHash(id)).toBe(routingHash(ID));
    }
    expect(ids.toSorted()).toEqual(ids);
  });

  it("brings its name and action, and has the rest from its definition (R-113)", async () => {
    const world = await given();
    const { instance } = await dispatch(world, {}, { taskType: "negative_evidence_intervention" });
    expect(instance.spec).toMatchObject({
      definitionId: ID,
      name: "tell them",
      action: { taskType: "negative_evidence_intervention" },
      retry: { initialDelayMs: 30_000, maxRetries: 3 },
      timeouts: { startToCloseMs: 30_000 },
    });
  });

  it("repeated under its request id gets its first answer, also when its destination refuses new ones by now", async () => {
    const world = await given();
    const command = { failFast: true, requestId: "r1" };
    const { instance } = await dispatch(world, command);
    await world.node.destinations.isolate(ORIGIN, { reason: "they asked for it" });
    await expect(dispatch(world, { failFast: true, requestId: "r2" })).rejects.toMatchObject({
      reason: "BREAKER_OPEN",
    });
    expect((await dispatch(world, command)).instance.id).toBe(instance.id);
    expect(await instancesOf(world, ID)).toHaveLength(1);
  });

  it("is the same request though its secrets were sealed anew, and another one when it goes elsewhere", async () => {
    const world = await given();
    const command = { requestId: "r1" };
    const sealed = (text: string) => ({
      secret: `sealed:${text}`,
      headers: { authorization: `sealed:${text}!`, "x-a": "1" },
    });
    const { instance } = await dispatch(world, command, sealed("one"));
    expect((await dispatch(world, command, sealed("two"))).instance.id).toBe(instance.id);
    for (const other of [
      { ...sealed("two"), secret: "" },
      { ...sealed("two"), headers: { "x-a": "1" } },
      { ...sealed("two"), headers: { authorization: "sealed:two", "x-a": "2" } },
      { ...sealed("two"), url: `${ORIGIN}/other` },
    ]) {
      await expect(dispatch(world, command, other)).rejects.toMatchObject({ reason: "REQUEST_ID_REUSED" });
    }
  });

  it("takes the place of an older one with its supersede key that its destination has not taken yet", async () => {
    const world = await given();
    const given_ = { overrides: { action: aWebhook(), supersedeKey: "k" } };
    const [older, newer] = [await dispatch(world, given_), await dispatch(world, given_)];
    expect([await stateOf(world, older.instance.id), await stateOf(world, newer.instance.id)]).toEqual([
      "CANCELLED",
      "PENDING NO_WORKER",
    ]);
    await expectSound(world, ID);
  });
});

describe("a definition with a webhook", () => {
  it("created again under its request id is the same, though its secret was sealed anew", async () => {
    const world = await given();
    const create = (secret: string) =>
      world.node.definitions.create({
        spec: aWorkerSpec({ action: aWebhook({ secret }) }),
        startPaused: false,
        requestId: "r1",
      });
    const { definition } = await create("sealed:one");
    expect((await create("sealed:two")).definition.id).toBe(definition.id);
    await expect(create("")).rejects.toMatchObject({ reason: "REQUEST_ID_REUSED" });
  });
});
