import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { DefinitionSpec } from "../../../../src/domain/definition/definition.ts";
import { BelfryError } from "../../../../src/domain/error.ts";
import { DefinitionSchema } from "../../../../src/gen/belfry/v1/definition_pb.ts";
import { DefinitionService } from "../../../../src/gen/belfry/v1/definition_service_pb.ts";
import { anApiInProcess, refusalOf } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { aDefinition, aDefinitionSpec, aSchedule, aSupervisor } from "../../../support/records.ts";

const CREATED_AT = MANUAL_START_AT - 5000;

const BEFORE = aDefinitionSpec({
  payload: { a: 1 },
  labels: { team: "x" },
  schedule: aSchedule({ anchorAt: CREATED_AT }),
  timeouts: {
    scheduleToStartMs: null,
    startToCloseMs: 1000,
    scheduleToCloseMs: null,
    heartbeatMs: 500,
    cancelGraceMs: 30_000,
  },
  concurrency: { key: "k", limit: 4 },
});

function anUpdatable() {
  const asked: { etag?: string; requestId?: string }[] = [];
  let after: DefinitionSpec | undefined;
  const api = anApiInProcess({
    definitions: {
      update: async (_, { change, ...command }) => {
        asked.push(command);
        after = change(BEFORE, 1);
        const updated = aDefinition({ spec: after, revision: 2 });
        return { definition: updated, supervision: aSupervisor(updated).supervision };
      },
    },
  });
  api.runtime.put(aDefinition({ id: "d", spec: BEFORE, createdAt: CREATED_AT }));
  const update = (definition: JsonObject, paths?: string[], beside: { etag?: string; requestId?: string } = {}) =>
    api.client(DefinitionService).updateDefinition({
      definition: fromJson(DefinitionSchema, {
        id: "d",
        ...(beside.etag !== undefined && { etag: beside.etag }),
        ...definition,
      }),
      ...(paths !== undefined && { updateMask: { paths } }),
      requestId: beside.requestId ?? "",
    });
  return { update, asked, after: () => after };
}

async function changed(definition: JsonObject, paths?: string[]): Promise<DefinitionSpec | undefined> {
  const { update, after } = anUpdatable();
  await update(definition, paths);
  return after();
}

describe("UpdateDefinition", () => {
  it("without a mask changes what is set, and nothing else", async () => {
    expect(await changed({ name: "new", priority: "PRIORITY_LOW" })).toEqual({ ...BEFORE, name: "new", priority: 4 });
  });

  it("with a mask changes what is named, in either spelling, to the default when it is not set", async () => {
    const named = ["overlap_policy", "businessId", "payload", "labels", "concurrency_key"];
    expect(
      await changed({ overlapPolicy: "OVERLAP_POLICY_ALLOW_ALL", businessId: "b", name: "not named" }, named),
    ).toEqual({
      ...BEFORE,
      overlapPolicy: "ALLOW_ALL",
      businessId: "b",
      payload: null,
      labels: {},
      concurrency: null,
    });
  });

  it("reaches into messages", async () => {
    const after = await changed({ timeouts: { heartbeat: "2s" }, schedule: { timeZone: "Asia/Shanghai" } }, [
      "timeouts.heartbeat",
      "timeouts.start_to_close",
      "schedule.timeZone",
    ]);
    expect(after?.timeouts).toEqual({ ...BEFORE.timeouts, heartbeatMs: 2000, startToCloseMs: 3_600_000 });
    expect(after?.schedule).toEqual({ ...BEFORE.schedule, timeZone: "Asia/Shanghai" });
  });

  it("creates a message that was unset when the mask reaches into it", async () => {
    const { update, after } = anUpdatable();
    await update({ concurrencyKey: { key: "other" } }, ["concurrency_key.key"]);
    expect(after()?.concurrency).toEqual({ key: "other", limit: 4 });
  });

  it("a star names all", async () => {
    const definition = { schedule: { every: { interval: "60s" } }, action: { external: {} } };
    const after = await changed(definition, ["*"]);
    expect(after).toMatchObject({
      name: "",
      payload: null,
      labels: {},
      action: { kind: "external" },
      timeouts: { heartbeatMs: undefined },
    });
  });

  it("cannot make it due at once: that is what triggering is for", async () => {
    expect(await refusalOf(anUpdatable().update({ schedule: { immediate: {} } }, ["schedule"]))).toMatchObject({
      fields: ["definition.schedule.immediate"],
    });
  });

  it("keeps what the schedule counts from, and counts a new one from the creation", async () => {
    const kept = await changed({ name: "new" });
    expect(kept?.schedule).toBe(BEFORE.schedule);
    const replaced = await changed({ schedule: { every: { interval: "10s" } } });
    expect(replaced?.schedule).toMatchObject({ anchorAt: CREATED_AT, timing: { intervalMs: 10_000 } });
  });

  it("hands on etag and request id, and ignores output-only fields that a reader sends back", async () => {
    const { update, asked, after } = anUpdatable();
    await update({ name: "new", state: "DEFINITION_STATE_CANCELLED", stateReason: "x", startPaused: true }, undefined, {
      etag: "7",
      requestId: "r",
    });
    expect(asked).toMatchObject([{ etag: "7", requestId: "r" }]);
    expect(after()).toEqual({ ...BEFORE, name: "new" });
  });

  it.each([
    ["state", "set by the system"],
    ["next_fire_time", "set by the system"],
    ["etag", "set by the system"],
    ["id", "names the definition"],
    ["startPaused", "at creation only"],
    ["nope", "is not a field"],
    ["name.x", "is not a field"],
    ["schedule.nope", "is not a field"],
    ["labels.team", "is not a field"],
    ["schedule.start_time.seconds", "is not a field"],
    ["", "is not a field"],
  ])("refuses the path %j: it %s", async (path, why) => {
    const refused = await refusalOf(anUpdatable().update({ name: "x" }, ["name", path]));
    expect(refused).toMatchObject({
      code: "InvalidArgument",
      reason: "INVALID_FIELD",
      fields: ["updateMask.paths[1]"],
    });
    expect(refused.message).toContain(why);
  });

  it("refuses an outcome that breaks a rule, naming the field", async () => {
    expect(await refusalOf(anUpdatable().update({}, ["schedule"]))).toMatchObject({ fields: ["definition.schedule"] });
    expect(await refusalOf(anUpdatable().update({ schedule: { cron: {} } }, ["schedule.cron"]))).toMatchObject({
      fields: ["definition.schedule.cron.expressions"],
    });
    expect(
      await refusalOf(anUpdatable().update({ schedule: { every: { phase: "61s" } } }, ["schedule.every.phase"])),
    ).toMatchObject({
      fields: ["definition.schedule.every.phase"],
    });
  });

  it("refuses an unknown id, and no id", async () => {
    const { update } = anUpdatable();
    expect(await refusalOf(update({ id: "other" }))).toMatchObject({
      code: "NotFound",
      reason: "DEFINITION_NOT_FOUND",
    });
    expect(await refusalOf(update({ id: "" }))).toMatchObject({ fields: ["definition.id"] });
  });

  it("hands on what the runtime refuses", async () => {
    const api = anApiInProcess({
      definitions: {
        update: () => Promise.reject(new BelfryError("ETAG_MISMATCH", "Read it again.", { metadata: { etag: "3" } })),
      },
    });
    api.runtime.put(aDefinition({ id: "d" }));
    const refused = await refusalOf(
      api.client(DefinitionService).updateDefinition({ definition: { id: "d", etag: "2", name: "x" } }),
    );
    expect(refused).toMatchObject({ code: "Aborted", reason: "ETAG_MISMATCH", metadata: { etag: "3" } });
  });
});
