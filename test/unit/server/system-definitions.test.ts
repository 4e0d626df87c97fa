import { fromJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { DefinitionSchema } from "../../../src/gen/belfry/v1/definition_pb.ts";
import { DefinitionService } from "../../../src/gen/belfry/v1/definition_service_pb.ts";
import { RECONCILE_DEFINITION_ID, reconcileDefinition } from "../../../src/domain/approval/push-definition.ts";
import type { DefinitionSpec } from "../../../src/domain/definition/definition.ts";
import { CLEANUP, MARK_TIMEOUTS, configuredSpec } from "../../../src/domain/maintenance/configured-maintenance.ts";
import { dispatchDefinition } from "../../../src/domain/webhook/dispatch-definition.ts";
import type { DefinitionCommands } from "../../../src/runtime/index.ts";
import { anApiInProcess, refusalOf } from "../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../support/manual-clock.ts";
import { aDefinition, aSupervisor, anInstance } from "../../support/records.ts";

const ID = "$dispatch/https://hooks.example.com";

function given() {
  const api = anApiInProcess();
  const spec = { ...dispatchDefinition("https://hooks.example.com") };
  api.runtime.put(
    aDefinition({ id: ID, spec: { ...spec, schedule: { ...spec.schedule, anchorAt: MANUAL_START_AT } } }),
  );
  return { runtime: api.runtime, client: api.client(DefinitionService) };
}

describe("a definition of the system", () => {
  const definitionId = ID;
  const startTime = timestampFromMs(MANUAL_START_AT - 2000);
  const endTime = timestampFromMs(MANUAL_START_AT - 1000);
  const commands: [string, (client: ReturnType<typeof given>["client"]) => Promise<unknown>][] = [
    ["updated", (client) => client.updateDefinition({ definition: { id: ID, name: "mine" } })],
    ["deleted", (client) => client.deleteDefinition({ definitionId })],
    ["paused", (client) => client.pauseDefinition({ definitionId })],
    ["resumed", (client) => client.resumeDefinition({ definitionId })],
    ["cancelled", (client) => client.cancelDefinition({ definitionId })],
    ["triggered", (client) => client.triggerDefinition({ definitionId })],
    ["triggered in a batch", (client) => client.batchTriggerDefinition({ definitionId, items: [{}] })],
    ["backfilled", (client) => client.backfillDefinition({ definitionId, startTime, endTime })],
  ];

  it.each(commands)("cannot be %s by a caller", async (_, command) => {
    const { runtime, client } = given();
    expect(await refusalOf(command(client))).toMatchObject({
      code: "FailedPrecondition",
      reason: "SYSTEM_RESOURCE",
      metadata: { definition_id: ID },
    });
    expect(runtime.asked).toEqual([]);
  });

  it("can be read", async () => {
    const { definition } = await given().client.getDefinition({ definitionId });
    expect(definition).toMatchObject({ id: ID, name: "dispatches to https://hooks.example.com" });
    expect(definition?.schedule?.timing.case).toBeUndefined();
  });

  it("stands in no list and in no bulk command", async () => {
    const { client } = given();
    expect((await client.listDefinitions({})).definitions).toEqual([]);
    expect((await client.searchDefinitions({ query: "dispatches" })).matches).toEqual([]);
    const { bulk } = await client.pauseDefinition({ selector: { states: [1] }, validateOnly: true });
    expect(bulk).toMatchObject({ matchedCount: 0n });
  });

  it("has an id that no caller can choose", async () => {
    const definition = fromJson(DefinitionSchema, {
      id: "$mine",
      schedule: { every: { interval: "60s" } },
      action: { worker: { queue: "agents" } },
    });
    const { runtime, client } = given();
    expect(await refusalOf(client.createDefinition({ definition }))).toMatchObject({
      reason: "INVALID_FIELD",
      fields: ["definition.id"],
    });
    expect(runtime.asked).toEqual([]);
  });
});

describe("a definition of maintenance", () => {
  const id = RECONCILE_DEFINITION_ID;
  const spec = { ...reconcileDefinition() };
  const record = aDefinition({ id, spec: { ...spec, schedule: { ...spec.schedule, anchorAt: MANUAL_START_AT } } });
  const supervision = aSupervisor(record).supervision;
  const view = async () => ({ definition: record, supervision });

  function maintained() {
    const changed: DefinitionSpec[] = [];
    const update: DefinitionCommands["update"] = async (_, { change }) => {
      changed.push(change(record.spec, 1));
      return view();
    };
    const api = anApiInProcess({ definitions: { update, pause: view, resume: view } });
    api.runtime.put(record);
    return { changed, runtime: api.runtime, client: api.client(DefinitionService) };
  }

  it("stands in lists that ask for it", async () => {
    const { client } = maintained();
    expect((await client.listDefinitions({})).definitions).toEqual([]);
    const { definitions } = await client.listDefinitions({ showMaintenance: true });
    expect(definitions.map((definition) => definition.id)).toEqual([id]);
    expect(definitions[0]?.labels).toEqual({ module: "belfry" });
  });

  it("is paused, resumed and set to other times by callers", async () => {
    const { client, runtime, changed } = maintained();
    await client.pauseDefinition({ definitionId: id });
    await client.resumeDefinition({ definitionId: id });
    const schedule = { timing: { case: "cron" as const, value: { expressions: ["0 3 * * *"] } } };
    await client.updateDefinition({ definition: { id, schedule }, updateMask: { paths: ["schedule"] } });
    expect(runtime.asked.map(({ command }) => command)).toEqual(["pause", "resume", "update"]);
    expect(changed[0]).toMatchObject({
      action: record.spec.action,
      schedule: { timing: { expressions: ["0 3 * * *"] } },
    });
  });

  it.each<[string, (client: ReturnType<typeof maintained>["client"]) => Promise<unknown>]>([
    ["deleted", (client) => client.deleteDefinition({ definitionId: id })],
    ["cancelled", (client) => client.cancelDefinition({ definitionId: id })],
    [
      "backfilled",
      (client) => client.backfillDefinition({ definitionId: id, startTime: {}, endTime: { seconds: 9n } }),
    ],
    [
      "made to do something else",
      (client) =>
        client.updateDefinition({
          definition: { id, action: { kind: { case: "worker", value: { queue: "mine" } } } },
          updateMask: { paths: ["action"] },
        }),
    ],
  ])("is not %s", async (_, command) => {
    expect(await refusalOf(command(maintained().client))).toMatchObject({ reason: "SYSTEM_RESOURCE" });
  });
});

describe("a definition of maintenance whose times are configured", () => {
  function configured(of: typeof CLEANUP) {
    const { id } = of;
    const spec = configuredSpec(of, { enabled: true, crontab: "0 2 * * *", timeZone: "UTC" });
    const record = aDefinition({ id, spec: { ...spec, schedule: { ...spec.schedule, anchorAt: MANUAL_START_AT } } });
    const changed: DefinitionSpec[] = [];
    const view = async () => ({ definition: record, supervision: aSupervisor(record).supervision });
    const update: DefinitionCommands["update"] = async (_, { change }) => {
      changed.push(change(record.spec, 1));
      return view();
    };
    const trigger = async () => ({ instance: anInstance({ spec: { definitionId: id } }), existing: false });
    const api = anApiInProcess({ definitions: { update, trigger, pause: view, resume: view } });
    api.runtime.put(record);
    return { id, record, changed, runtime: api.runtime, client: api.client(DefinitionService) };
  }

  it.each([
    [CLEANUP, "cleanup_crontab,cleanup_enabled,maintenance_time_zone"],
    [MARK_TIMEOUTS, "mark_timeout_crontab,mark_timeout_enabled,maintenance_time_zone"],
  ])("R-132: is set to other times in the configuration, and the refusal names the keys: $id", async (of, keys) => {
    const { id, client, changed } = configured(of);
    for (const schedule of [
      { timing: { case: "cron" as const, value: { expressions: ["0 3 * * *"] } } },
      { timing: { case: "cron" as const, value: { expressions: ["0 2 * * *"] } }, timeZone: "Asia/Tokyo" },
    ]) {
      const refusal = await refusalOf(
        client.updateDefinition({ definition: { id, schedule }, updateMask: { paths: ["schedule"] } }),
      );
      expect(refusal).toMatchObject({
        code: "FailedPrecondition",
        reason: "SYSTEM_RESOURCE",
        metadata: { definition_id: id, config_keys: keys },
      });
      expect(refusal.message).toContain(of.crontabKey);
    }
    expect(changed).toEqual([]);
  });

  it("takes every other change, and keeps its schedule", async () => {
    const { id, client, changed, record } = configured(CLEANUP);
    await client.updateDefinition({ definition: { id, content: "nightly" }, updateMask: { paths: ["content"] } });
    expect(changed).toEqual([{ ...record.spec, content: "nightly" }]);
  });

  it("is paused, resumed and triggered by callers, and neither cancelled nor deleted", async () => {
    const { id, client, runtime } = configured(CLEANUP);
    await client.pauseDefinition({ definitionId: id });
    await client.resumeDefinition({ definitionId: id });
    await client.triggerDefinition({ definitionId: id });
    expect(runtime.asked.map(({ command }) => command)).toEqual(["pause", "resume", "trigger"]);
    for (const call of [client.cancelDefinition({ definitionId: id }), client.deleteDefinition({ definitionId: id })]) {
      const { code, message } = await refusalOf(call);
      expect([code, message]).toEqual(["FailedPrecondition", expect.stringContaining("cleanup_enabled")]);
    }
  });
});
