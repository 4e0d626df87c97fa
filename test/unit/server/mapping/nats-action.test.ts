import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { queueOf } from "../../../../src/domain/action.ts";
import type { DefinitionSpec } from "../../../../src/domain/definition/definition.ts";
import { DefinitionSchema } from "../../../../src/gen/belfry/v1/definition_pb.ts";
import { DefinitionService } from "../../../../src/gen/belfry/v1/definition_service_pb.ts";
import { InstanceService } from "../../../../src/gen/belfry/v1/instance_service_pb.ts";
import { WorkerService } from "../../../../src/gen/belfry/v1/worker_service_pb.ts";
import { explainInstance } from "../../../../src/server/explain/instance.ts";
import { anApiInProcess, refusalOf } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { aDefinition, anInstance, aSupervisor } from "../../../support/records.ts";

const schedule = { every: { interval: "1800s" } };

function definitionOf(nats: JsonObject, given: JsonObject = {}) {
  return fromJson(DefinitionSchema, { schedule, action: { nats }, ...given });
}

/** What the runtime is asked to create, and what the caller is answered. */
async function created(nats: JsonObject, given: JsonObject = {}) {
  const specs: DefinitionSpec[] = [];
  const api = anApiInProcess({
    definitions: {
      create: async (command) => {
        specs.push(command.spec);
        const definition = aDefinition({ spec: command.spec });
        return { definition, supervision: aSupervisor(definition).supervision, instance: null };
      },
    },
  });
  const answer = await api.client(DefinitionService).createDefinition({ definition: definitionOf(nats, given) });
  return { spec: specs[0]!, action: answer.definition?.action };
}

function refused(nats: JsonObject) {
  return refusalOf(
    anApiInProcess()
      .client(DefinitionService)
      .createDefinition({ definition: definitionOf(nats) }),
  );
}

describe("a nats action", () => {
  it("is read as it was given, and answered so", async () => {
    const nats = { subject: "orders.check", headers: { "X-Team": "red", Accept: "application/json; q=1" } };
    const { spec, action } = await created(nats);
    expect(spec.action).toEqual({ kind: "nats", ...nats });
    expect(action).toMatchObject({ kind: { case: "nats", value: nats } });
  });

  it("needs no headers", async () => {
    expect((await created({ subject: "a" })).spec.action).toEqual({ kind: "nats", subject: "a", headers: {} });
  });

  it("shows in its instances", async () => {
    const api = anApiInProcess();
    const action = { kind: "nats", subject: "orders.check", headers: { a: "b" } } as const;
    const instance = anInstance({ spec: { action } });
    api.runtime.put(instance);
    const answer = await api.client(InstanceService).getInstance({ instanceId: instance.id });
    expect(answer.instance?.action).toMatchObject({
      kind: { case: "nats", value: { subject: "orders.check", headers: { a: "b" } } },
    });
  });

  it("gives an attempt a minute, unless the definition says otherwise", async () => {
    const subject = "a";
    expect((await created({ subject })).spec.timeouts).toMatchObject({
      startToCloseMs: 60_000,
      heartbeatMs: undefined,
    });
    const partly = (await created({ subject }, { timeouts: { heartbeat: "30s" } })).spec.timeouts;
    expect(partly).toMatchObject({ startToCloseMs: 60_000, heartbeatMs: 30_000, cancelGraceMs: 30_000 });
    const wholly = (await created({ subject }, { timeouts: { startToClose: "7200s" } })).spec.timeouts;
    expect(wholly.startToCloseMs).toBe(7_200_000);
  });

  it.each(["a", "orders.check", "a-b_c/d:e.f", "orders.belfry", "belfries.x", "x.$y", "a".repeat(255)])(
    "takes the subject %s",
    async (subject) => {
      expect((await created({ subject })).spec.action).toMatchObject({ subject });
    },
  );

  it.each([
    ["no subject", ""],
    ["a long subject", "a".repeat(256)],
    ["a space", "orders check"],
    ["a tab", "orders\tcheck"],
    ["a line break", "orders\r\nPUB x 0"],
    ["a wildcard", "orders.*"],
    ["a wildcard for the rest", "orders.>"],
    ["a wildcard within a token", "or*ders"],
    ["an empty token", "orders..check"],
    ["a dot in front", ".orders"],
    ["a dot behind", "orders."],
    ["letters beyond ASCII", "aufträge"],
    ["subjects of the server", "$SYS.REQ.SERVER.PING"],
    ["JetStream's own", "$JS.API.STREAM.DELETE.BELFRY_EVENTS"],
    ["what is Belfry's own", "belfry.internal.x"],
    ["Belfry itself", "belfry"],
    ["where replies go", "_INBOX.abc"],
  ])("refuses %s as subject", async (_, subject) => {
    expect(await refused({ subject })).toMatchObject({
      code: "InvalidArgument",
      reason: "INVALID_FIELD",
      fields: ["definition.action.nats.subject"],
    });
  });

  it.each([
    ["a name of NATS", "Nats-Msg-Id", "x"],
    ["a name of NATS in small letters", "nats-msg-id", "x"],
    ["a name of Belfry", "BELFRY-Attempt", "x"],
    ["the trace", "TraceParent", "x"],
    ["an empty name", "", "x"],
    ["a name with a colon", "a:b", "x"],
    ["a name with a space", "a b", "x"],
    ["a long name", "a".repeat(65), "x"],
    ["a line break in a value", "a", "x\r\nb: c"],
    ["a space at the end of a value", "a", "x "],
    ["letters beyond ASCII in a value", "a", "ä"],
    ["a long value", "a", "x".repeat(1025)],
  ])("refuses %s in headers", async (_, name, value) => {
    expect(await refused({ subject: "a", headers: { [name]: value } })).toMatchObject({
      code: "InvalidArgument",
      reason: "INVALID_FIELD",
      fields: [`definition.action.nats.headers[${JSON.stringify(name)}]`],
    });
  });

  it("refuses names that differ in case only, and more than 16", async () => {
    expect(await refused({ subject: "a", headers: { "X-Team": "red", "x-team": "blue" } })).toMatchObject({
      fields: ['definition.action.nats.headers["x-team"]'],
    });
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`h${index}`, "x"]));
    expect(await refused({ subject: "a", headers: many })).toMatchObject({
      fields: ["definition.action.nats.headers"],
    });
  });

  it("says all that is wrong with it at once", async () => {
    expect(await refused({ subject: "$x", headers: { "Nats-A": "", traceparent: "" } })).toMatchObject({
      fields: [
        "definition.action.nats.subject",
        'definition.action.nats.headers["Nats-A"]',
        'definition.action.nats.headers["traceparent"]',
      ],
    });
  });

  it("can take the place of another, by its parts too", async () => {
    const specs: DefinitionSpec[] = [];
    const action = { kind: "nats", subject: "old", headers: { a: "1" } } as const;
    const before = aDefinition({ id: "d", spec: { action } });
    const api = anApiInProcess({
      definitions: {
        update: async (_, { change }) => {
          const spec = change(before.spec, before.revision);
          specs.push(spec);
          return { definition: before, supervision: aSupervisor(before).supervision };
        },
      },
    });
    api.runtime.put(before);
    const update = (paths: string[], nats: JsonObject) =>
      api.client(DefinitionService).updateDefinition({
        definition: fromJson(DefinitionSchema, { id: "d", action: { nats } }),
        updateMask: { paths },
      });
    await update(["action"], { subject: "new" });
    await update(["action.nats.subject"], { subject: "new" });
    expect(specs.map((spec) => spec.action)).toEqual([
      { kind: "nats", subject: "new", headers: {} },
      { kind: "nats", subject: "new", headers: { a: "1" } },
    ]);
    expect(await refusalOf(update(["action.nats.subject"], { subject: "belfry.x" }))).toMatchObject({
      fields: ["definition.action.nats.subject"],
    });
  });
});

describe("the queue of requests", () => {
  it("is one for all nodes' requests, and no worker can ask for it", async () => {
    const queue = queueOf({ kind: "nats", subject: "a", headers: {} }) ?? "";
    expect(queue).toBe("$nats");
    const poll = anApiInProcess().client(WorkerService).pollInstance({ queue, workerId: "w" });
    expect(await refusalOf(poll)).toMatchObject({ code: "InvalidArgument", fields: ["queue"] });
    const named = refusalOf(
      anApiInProcess()
        .client(DefinitionService)
        .createDefinition({ definition: fromJson(DefinitionSchema, { schedule, action: { worker: { queue } } }) }),
    );
    expect(await named).toMatchObject({ fields: ["definition.action.worker.queue"] });
  });

  it("is that of the action only; what runs elsewhere stands in none", () => {
    expect(queueOf({ kind: "worker", queue: "agents", disconnectPolicy: "FAIL_AT_ONCE" })).toBe("agents");
    expect(queueOf({ kind: "external" })).toBeNull();
  });

  it("is what an instance waits in, in plain words", () => {
    const action = { kind: "nats", subject: "orders.check", headers: {} } as const;
    expect(explainInstance(anInstance({ spec: { action } }), MANUAL_START_AT).summary).toContain(
      'Waits for a node that is connected to NATS and has room for one more request (to "orders.check")',
    );
  });
});
