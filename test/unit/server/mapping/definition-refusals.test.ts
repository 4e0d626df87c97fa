import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { DefinitionSchema } from "../../../../src/gen/belfry/v1/definition_pb.ts";
import { DefinitionService } from "../../../../src/gen/belfry/v1/definition_service_pb.ts";
import { anApiInProcess, refusalOf } from "../../../support/api-in-process.ts";

const MINIMAL: JsonObject = { schedule: { every: { interval: "1800s" } }, action: { worker: { queue: "agents" } } };

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
  [
    "a broken cron line",
    { schedule: { cron: { expressions: ["0 8 * * *", "61 * * * *"] } } },
    ["definition.schedule.cron.expressions[1]"],
  ],
  ["no cron line", { schedule: { cron: {} } }, ["definition.schedule.cron.expressions"]],
  ["a broken rule", { schedule: { rrule: { rule: "FREQ=SOMETIMES" } } }, ["definition.schedule.rrule.rule"]],
  ["no interval", { schedule: { every: {} } }, ["definition.schedule.every.interval"]],
  ["an interval below 100 ms", { schedule: { every: { interval: "0.099s" } } }, ["definition.schedule.every.interval"]],
  ["a negative interval", { schedule: { every: { interval: "-1s" } } }, ["definition.schedule.every.interval"]],
  [
    "an interval finer than a millisecond",
    { schedule: { every: { interval: "1.0005s" } } },
    ["definition.schedule.every.interval"],
  ],
  [
    "an interval of more than a hundred years",
    { schedule: { every: { interval: "3155760001s" } } },
    ["definition.schedule.every.interval"],
  ],
  [
    "a phase beyond the interval",
    { schedule: { every: { interval: "10s", phase: "11s" } } },
    ["definition.schedule.every.phase"],
  ],
  [
    "an end before the start",
    { schedule: { every: EVERY, startTime: "2027-01-02T00:00:00Z", endTime: "2027-01-01T00:00:00Z" } },
    ["definition.schedule.endTime"],
  ],
  ["jitter of a day", { schedule: { every: EVERY, jitter: "86400s" } }, ["definition.schedule.jitter"]],
  [
    "a date that is none",
    { schedule: { every: EVERY, excludedDates: ["2027-02-30"] } },
    ["definition.schedule.excludedDates[0]"],
  ],
  [
    "a broken exclusion",
    { schedule: { every: EVERY, exclusions: [{ at: {} }] } },
    ["definition.schedule.exclusions[0].at.time"],
  ],
  [
    "negative max_occurrences",
    { schedule: { every: EVERY, maxOccurrences: "-1" } },
    ["definition.schedule.maxOccurrences"],
  ],
  [
    "max_occurrences past counting",
    { schedule: { every: EVERY, maxOccurrences: "9007199254740993" } },
    ["definition.schedule.maxOccurrences"],
  ],
  ["a timeout of nothing", { timeouts: { startToClose: "0s" } }, ["definition.timeouts.startToClose"]],
  ["a negative retry delay", { retryPolicy: { initialDelay: "-1s" } }, ["definition.retryPolicy.initialDelay"]],
  ["a factor below 1", { retryPolicy: { factor: 0.5 } }, ["definition.retryPolicy.factor"]],
  ["a factor that is no number", { retryPolicy: { factor: "NaN" } }, ["definition.retryPolicy.factor"]],
  ["a catch-up rate of 0", { catchUp: { maxRate: 0 } }, ["definition.catchUp.maxRate"]],
  ["an empty label name", { labels: { "": "x" } }, ['definition.labels[""]']],
  ["an empty concurrency key", { concurrencyKey: { key: "" } }, ["definition.concurrencyKey.key"]],
  ["a NUL in a text", { name: "a\0b" }, ["definition.name"]],
  ["a NUL in a label", { labels: { team: "\0" } }, ['definition.labels["team"]']],
  [
    "a NUL deep in the payload",
    { payload: { list: [{ "odd key": "\0" }] } },
    ['definition.payload.list[0]["odd key"]'],
  ],
  [
    "a NUL in a cron line",
    { schedule: { cron: { expressions: ["0 8 * * \0"] } } },
    ["definition.schedule.cron.expressions[0]"],
  ],
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
    expect(refused).toMatchObject({ code: "InvalidArgument", reason: "INVALID_FIELD", fields });
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
