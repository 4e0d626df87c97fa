import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { DefinitionSpec } from "../../../../src/domain/definition/definition.ts";
import { DefinitionSchema } from "../../../../src/gen/belfry/v1/definition_pb.ts";
import { DefinitionService } from "../../../../src/gen/belfry/v1/definition_service_pb.ts";
import type { CreateDefinition } from "../../../../src/runtime/index.ts";
import { anApiInProcess, refusalOf } from "../../../support/api-in-process.ts";
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
  await api.client(DefinitionService).createDefinition({ definition: fromJson(DefinitionSchema, { ...MINIMAL, ...given }) });
  const [command] = commands;
  if (command === undefined) throw new Error("Nothing was created");
  return command;
}

async function spec(given: JsonObject): Promise<DefinitionSpec> {
  return (await created(given)).spec;
}

describe("CreateDefinition fills in what is left out", () => {
  it("with the defaults that the schema names", async () => {
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
        retry: { initialDelayMs: 30_000, factor: 2, maxDelayMs: 3_600_000, jitterMs: 10_000, maxRetries: 3, nonRetryableCodes: [] },
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
  it("every kind of schedule", async () => {
    const schedules: [JsonObject, object][] = [
      [{ immediate: {} }, { timing: { kind: "immediate" } }],
      [{ at: { time: "2027-12-01T08:00:00+08:00" } }, { timing: { kind: "at", at: Date.UTC(2027, 11, 1) } }],
      [{ every: { interval: "0.100s", phase: "0.050s" } }, { timing: { kind: "every", intervalMs: 100, phaseMs: 50, fixedDelay: false } }],
      [{ cron: { expressions: ["0 8 * * *"] }, timeZone: "Asia/Shanghai" }, { timing: { kind: "cron", expressions: ["0 8 * * *"] }, timeZone: "Asia/Shanghai" }],
      [{ rrule: { rule: "FREQ=DAILY;BYHOUR=8" } }, { timing: { kind: "rrule", rule: "FREQ=DAILY;BYHOUR=8" } }],
      [
        { every: { interval: "60s" }, startTime: "2027-01-01T00:00:00Z", endTime: "2028-01-01T00:00:00Z", jitter: "5s", maxOccurrences: "7" },
        { startAt: Date.UTC(2027, 0, 1), anchorAt: Date.UTC(2027, 0, 1), endAt: Date.UTC(2028, 0, 1), jitterMs: 5000, maxOccurrences: 7 },
      ],
      [
        { every: { interval: "60s" }, exclusions: [{ cron: { expressions: ["* 0 * * *"] } }, { at: { time: "2027-01-01T00:00:00Z" } }], excludedDates: ["2027-05-01"] },
        { exclusions: [{ kind: "cron", expressions: ["* 0 * * *"] }, { kind: "at", at: Date.UTC(2027, 0, 1) }], excludedDates: ["2027-05-01"] },
      ],
    ];
    for (const [given, expected] of schedules) expect((await spec({ schedule: given })).schedule).toMatchObject(expected);
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

const EVERY = { interval: "60s" };
const WRONG: [string, JsonObject, string[]][] = [
  ["no schedule", { schedule: null }, ["definition.schedule"]],
  ["no action", { action: null }, ["definition.action"]],
  ["a schedule without timing", { schedule: {} }, ["definition.schedule"]],
  ["an action of no kind", { action: {} }, ["definition.action"]],
  ["a queue of strange characters", { action: { worker: { queue: "a b" } } }, ["definition.action.worker.queue"]],
  ["a long name", { name: "x".repeat(256) }, ["definition.name"]],
  ["long content", { content: "界".repeat(21_846) }, ["definition.content"]],
  ["an unknown zone", { schedule: { every: EVERY, timeZone: "Mars/Olympus" } }, ["definition.schedule.timeZone"]],
  ["a broken cron line", { schedule: { cron: { expressions: ["0 8 * * *", "61 * * * *"] } } }, ["definition.schedule.cron.expressions[1]"]],
  ["no cron line", { schedule: { cron: {} } }, ["definition.schedule.cron.expressions"]],
  ["a broken rule", { schedule: { rrule: { rule: "FREQ=SOMETIMES" } } }, ["definition.schedule.rrule.rule"]],
  ["no interval", { schedule: { every: {} } }, ["definition.schedule.every.interval"]],
  ["an interval below 100 ms", { schedule: { every: { interval: "0.099s" } } }, ["definition.schedule.every.interval"]],
  ["a negative interval", { schedule: { every: { interval: "-1s" } } }, ["definition.schedule.every.interval"]],
  ["an interval finer than a millisecond", { schedule: { every: { interval: "1.0005s" } } }, ["definition.schedule.every.interval"]],
  ["an interval of more than a hundred years", { schedule: { every: { interval: "3155760001s" } } }, ["definition.schedule.every.interval"]],
  ["a phase beyond the interval", { schedule: { every: { interval: "10s", phase: "11s" } } }, ["definition.schedule.every.phase"]],
  ["an end before the start", { schedule: { every: EVERY, startTime: "2027-01-02T00:00:00Z", endTime: "2027-01-01T00:00:00Z" } }, ["definition.schedule.endTime"]],
  ["jitter of a day", { schedule: { every: EVERY, jitter: "86400s" } }, ["definition.schedule.jitter"]],
  ["a date that is none", { schedule: { every: EVERY, excludedDates: ["2027-02-30"] } }, ["definition.schedule.excludedDates[0]"]],
  ["a broken exclusion", { schedule: { every: EVERY, exclusions: [{ at: {} }] } }, ["definition.schedule.exclusions[0].at.time"]],
  ["negative max_occurrences", { schedule: { every: EVERY, maxOccurrences: "-1" } }, ["definition.schedule.maxOccurrences"]],
  ["max_occurrences past counting", { schedule: { every: EVERY, maxOccurrences: "9007199254740993" } }, ["definition.schedule.maxOccurrences"]],
  ["a timeout of nothing", { timeouts: { startToClose: "0s" } }, ["definition.timeouts.startToClose"]],
  ["a negative retry delay", { retryPolicy: { initialDelay: "-1s" } }, ["definition.retryPolicy.initialDelay"]],
  ["a factor below 1", { retryPolicy: { factor: 0.5 } }, ["definition.retryPolicy.factor"]],
  ["a factor that is no number", { retryPolicy: { factor: "NaN" } }, ["definition.retryPolicy.factor"]],
  ["a catch-up rate of 0", { catchUp: { maxRate: 0 } }, ["definition.catchUp.maxRate"]],
  ["an empty label name", { labels: { "": "x" } }, ['definition.labels[""]']],
  ["an empty concurrency key", { concurrencyKey: { key: "" } }, ["definition.concurrencyKey.key"]],
  ["a NUL in a text", { name: "a\0b" }, ["definition.name"]],
  ["half a surrogate pair", { content: "\ud800" }, ["definition.content"]],
  ["a NUL in a label", { labels: { team: "\0" } }, ['definition.labels["team"]']],
  ["a NUL deep in the payload", { payload: { list: [{ "odd key": "\0" }] } }, ['definition.payload.list[0]["odd key"]']],
  ["half a pair as a key of the payload", { payload: { "\udc00": 1 } }, ['definition.payload["\\udc00"]']],
  ["a NUL in a cron line", { schedule: { cron: { expressions: ["0 8 * * \0"] } } }, ["definition.schedule.cron.expressions[0]"]],
  [
    "several things",
    { name: "x".repeat(256), priority: 9, bufferLimit: 0 },
    ["definition.name", "definition.bufferLimit", "definition.priority"],
  ],
  [
    "several durations",
    { timeouts: { startToClose: "0s", heartbeat: "-1s" }, retryPolicy: { jitter: "-1s" } },
    ["definition.retryPolicy.jitter", "definition.timeouts.startToClose", "definition.timeouts.heartbeat"],
  ],
];

describe("CreateDefinition refuses, naming the field,", () => {
  it.each(WRONG)("%s", async (_, given, fields) => {
    const definition = fromJson(DefinitionSchema, { ...MINIMAL, ...given });
    const refused = await refusalOf(anApiInProcess().client(DefinitionService).createDefinition({ definition }));
    expect({ ...refused, fields: refused.fields }).toMatchObject({ code: "InvalidArgument", reason: "INVALID_FIELD", fields });
  });

  it("no definition at all", async () => {
    const refused = await refusalOf(anApiInProcess().client(DefinitionService).createDefinition({}));
    expect(refused).toMatchObject({ code: "InvalidArgument", fields: ["definition"] });
  });

  it("a payload over its bound", async () => {
    const definition = fromJson(DefinitionSchema, { ...MINIMAL, payload: { text: "界".repeat(100_000) } });
    const refused = await refusalOf(anApiInProcess().client(DefinitionService).createDefinition({ definition }));
    expect(refused).toMatchObject({
      code: "ResourceExhausted",
      reason: "PAYLOAD_TOO_LARGE",
      metadata: { field: "definition.payload", limit_bytes: "262144", size_bytes: "300011" },
    });
  });
});

describe("CreateDefinition answers", () => {
  it("with the instance of an immediate schedule, id and request id handed on", async () => {
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
    const definition = fromJson(DefinitionSchema, { ...MINIMAL, id: "mine", startPaused: true, schedule: { immediate: {} } });
    const answer = await api.client(DefinitionService).createDefinition({ definition, requestId: "r1" });
    expect(commands).toMatchObject([{ id: "mine", startPaused: true, requestId: "r1" }]);
    expect(answer).toMatchObject({ definition: { etag: "4" }, instance: { id: instance.id } });
  });
});
