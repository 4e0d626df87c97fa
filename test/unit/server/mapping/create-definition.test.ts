import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { DefinitionSpec } from "../../../../src/domain/definition/definition.ts";
import { DefinitionSchema } from "../../../../src/gen/belfry/v1/definition_pb.ts";
import { DefinitionService } from "../../../../src/gen/belfry/v1/definition_service_pb.ts";
import type { CreateDefinition } from "../../../../src/runtime/index.ts";
import { anApiInProcess } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { aDefinition, anInstance, aSupervisor } from "../../../support/records.ts";

const MINIMAL: JsonObject = { schedule: { every: { interval: "1800s" } }, action: { worker: { queue: "agents" } } };

/** What the runtime is asked to create for a definition in JSON. */
async function created(given: JsonObject): Promise<CreateDefinition> {
  const commands: CreateDefinition[] = [];
  const api = anApiInProcess({
    definitions: {
      create: async (command) => {
        commands.push(command);
        const definition = aDefinition({ spec: command.spec });
        return { definition, supervision: aSupervisor(definition).supervision, instance: null };
      },
    },
  });
  await api
    .client(DefinitionService)
    .createDefinition({ definition: fromJson(DefinitionSchema, { ...MINIMAL, ...given }) });
  const [command] = commands;
  if (command === undefined) throw new Error("Nothing was created");
  return command;
}

async function spec(given: JsonObject): Promise<DefinitionSpec> {
  return (await created(given)).spec;
}

describe("CreateDefinition fills in what is left out", () => {
  it("with the defaults that the schema names (R-096, R-112, R-113, R-120)", async () => {
    expect(await created({})).toEqual({
      startPaused: false,
      spec: {
        name: "",
        userId: "",
        content: "",
        payload: null,
        schedule: {
          timing: { kind: "every", intervalMs: 1_800_000, fixedDelay: false },
          timeZone: "UTC",
          anchorAt: Number.NaN,
          jitterMs: 0,
          excludedDates: [],
          exclusions: [],
          gapPolicy: "SKIP",
          foldPolicy: "ONCE",
        },
        action: { kind: "worker", queue: "agents", disconnectPolicy: "WAIT_FOR_HEARTBEAT" },
        overlapPolicy: "SKIP",
        maxConcurrent: 0,
        bufferLimit: 1000,
        catchUp: { windowMs: 3_600_000, mode: "FIRE_LAST", maxRate: 10 },
        retry: {
          initialDelayMs: 30_000,
          factor: 2,
          maxDelayMs: 3_600_000,
          jitterMs: 10_000,
          maxRetries: 3,
          nonRetryableCodes: [],
        },
        timeouts: {
          scheduleToStartMs: null,
          startToCloseMs: 3_600_000,
          scheduleToCloseMs: null,
          heartbeatMs: undefined,
          cancelGraceMs: 30_000,
        },
        priority: 3,
        labels: {},
        businessId: "",
        orderingKey: "",
        concurrency: null,
        pauseOnFailures: 0,
      },
    });
  });

  it("part by part: a policy that sets one field keeps the defaults of the others", async () => {
    const read = await spec({
      retryPolicy: { maxRetries: 0 },
      catchUp: { window: "0s" },
      timeouts: { heartbeat: "5s" },
      concurrencyKey: { key: "k" },
    });
    expect(read.retry).toMatchObject({ initialDelayMs: 30_000, maxRetries: 0 });
    expect(read.catchUp).toEqual({ windowMs: 0, mode: "FIRE_LAST", maxRate: 10 });
    expect(read.timeouts).toMatchObject({ startToCloseMs: 3_600_000, heartbeatMs: 5000, cancelGraceMs: 30_000 });
    expect(read.concurrency).toEqual({ key: "k", limit: 1 });
  });
});

describe("CreateDefinition reads", () => {
  it("every kind of schedule (R-091)", async () => {
    const schedules: [JsonObject, object][] = [
      [{ immediate: {} }, { timing: { kind: "immediate" } }],
      [{ at: { time: "2027-12-01T08:00:00+08:00" } }, { timing: { kind: "at", at: Date.UTC(2027, 11, 1) } }],
      [
        { every: { interval: "0.100s", phase: "0.050s" } },
        { timing: { kind: "every", intervalMs: 100, phaseMs: 50, fixedDelay: false } },
      ],
      [
        { cron: { expressions: ["0 8 * * *"] }, timeZone: "Asia/Shanghai" },
        { timing: { kind: "cron", expressions: ["0 8 * * *"] }, timeZone: "Asia/Shanghai" },
      ],
      [{ rrule: { rule: "FREQ=DAILY;BYHOUR=8" } }, { timing: { kind: "rrule", rule: "FREQ=DAILY;BYHOUR=8" } }],
      [
        {
          every: { interval: "60s" },
          startTime: "2027-01-01T00:00:00Z",
          endTime: "2028-01-01T00:00:00Z",
          jitter: "5s",
          maxOccurrences: "7",
        },
        {
          startAt: Date.UTC(2027, 0, 1),
          anchorAt: Date.UTC(2027, 0, 1),
          endAt: Date.UTC(2028, 0, 1),
          jitterMs: 5000,
          maxOccurrences: 7,
        },
      ],
      [
        {
          every: { interval: "60s" },
          exclusions: [{ cron: { expressions: ["* 0 * * *"] } }, { at: { time: "2027-01-01T00:00:00Z" } }],
          excludedDates: ["2027-05-01"],
        },
        {
          exclusions: [
            { kind: "cron", expressions: ["* 0 * * *"] },
            { kind: "at", at: Date.UTC(2027, 0, 1) },
          ],
          excludedDates: ["2027-05-01"],
        },
      ],
    ];
    for (const [given, expected] of schedules)
      expect((await spec({ schedule: given })).schedule).toMatchObject(expected);
  });

  it("times finer than a millisecond rounded down", async () => {
    const { schedule } = await spec({ schedule: { at: { time: "2027-12-01T08:00:00.123999999Z" } } });
    expect(schedule.timing).toEqual({ kind: "at", at: Date.UTC(2027, 11, 1, 8, 0, 0, 123) });
  });

  it("data with keys that other programs stumble over", async () => {
    const payload = JSON.parse('{"__proto__":{"x":1},"constructor":"c","":[]}') as JsonObject;
    expect(JSON.stringify((await spec({ payload })).payload)).toBe(JSON.stringify(payload));
  });
});

describe("CreateDefinition answers", () => {
  it("with the instance of an immediate schedule, id and request id handed on (R-091, R-096)", async () => {
    const commands: CreateDefinition[] = [];
    const instance = anInstance();
    const api = anApiInProcess({
      definitions: {
        create: async (command) => {
          commands.push(command);
          const definition = aDefinition({ spec: command.spec, createdAt: MANUAL_START_AT, revision: 4 });
          return { definition, supervision: aSupervisor(definition).supervision, instance };
        },
      },
    });
    const definition = fromJson(DefinitionSchema, {
      ...MINIMAL,
      id: "mine",
      startPaused: true,
      schedule: { immediate: {} },
    });
    const answer = await api.client(DefinitionService).createDefinition({ definition, requestId: "r1" });
    expect(commands).toMatchObject([{ id: "mine", startPaused: true, requestId: "r1" }]);
    expect(answer).toMatchObject({ definition: { etag: "4" }, instance: { id: instance.id } });
  });
});
