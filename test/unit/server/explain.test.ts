import { describe, expect, it } from "vitest";
import type { OccurrenceRecord } from "../../../src/domain/definition/occurrence.ts";
import type { Supervision } from "../../../src/domain/definition/supervision.ts";
import { explainDefinition } from "../../../src/server/explain/definition.ts";
import { explainInstance } from "../../../src/server/explain/instance.ts";
import { durationInWords, relativeInWords, timeInZone } from "../../../src/server/explain/words.ts";
import { MANUAL_START_AT as NOW } from "../../support/manual-clock.ts";
import {
  aDefinition,
  anAttemptUnderWay,
  anInstance,
  anOccurrence,
  aSchedule,
  aSupervisor,
  ended,
} from "../../support/records.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe("words", () => {
  it("times read as the zone's clock shows them, with its offset", () => {
    expect(timeInZone(Date.UTC(2026, 6, 1, 6), "Europe/Berlin")).toBe("2026-07-01T08:00:00+02:00");
    expect(timeInZone(Date.UTC(2026, 0, 1, 0, 0, 0, 5), "UTC")).toBe("2026-01-01T00:00:00.005Z");
    expect(timeInZone(Date.UTC(2026, 0, 1), "America/St_Johns")).toBe("2025-12-31T20:30:00-03:30");
  });

  it("lengths of time have their two greatest units", () => {
    expect(
      [0, 350, 1000, 65_000, 2 * HOUR, 2 * HOUR + 5 * 60_000 + 9000, 3 * DAY + HOUR, DAY + 1000].map(durationInWords),
    ).toEqual(["0 ms", "350 ms", "1 s", "1 min 5 s", "2 h", "2 h 5 min", "3 d 1 h", "1 d"]);
    expect([relativeInWords(5000, 0), relativeInWords(0, 5000), relativeInWords(7, 7)]).toEqual([
      "in 5 s",
      "5 s ago",
      "now",
    ]);
  });
});

describe("a definition", () => {
  const eight = aSchedule({
    timing: { kind: "cron", expressions: ["0 8 * * *"] },
    timeZone: "Asia/Shanghai",
    excludedDates: ["2025-12-25"],
  });
  const definition = aDefinition({ createdAt: NOW - 30 * DAY, updatedAt: NOW - 30 * DAY, spec: { schedule: eight } });
  const standing = (supervision: Partial<Omit<Supervision, "counters">> = {}) =>
    aSupervisor(definition, { supervision: { takenUntil: NOW, ...supervision } }).supervision;
  const dueAt = (day: number) => Date.UTC(2025, 11, day);

  const whyNot = (
    at: number,
    given: { nearby?: readonly OccurrenceRecord[]; definition?: typeof definition; supervision?: Supervision } = {},
  ) =>
    explainDefinition({
      definition: given.definition ?? definition,
      supervision: given.supervision ?? standing(),
      lastOccurrences: [],
      now: NOW,
      asked: { at, nearby: given.nearby ?? [] },
      upcoming: 5,
    }).facts[0];

  it.each([
    ["FIRED", "it was fired as instance i1."],
    ["SKIPPED_OVERLAP", "it was not fired: other instances were unfinished and the overlap policy is SKIP"],
    ["MISSED", "it was not fired: nobody could fire it in time"],
    ["PAUSED", "it was not fired: the definition was paused"],
    ["DROPPED", "it was not fired: 1000 instances were waiting already", null],
    ["DROPPED", "instance i1 was created for it and never ran"],
    ["BUFFERED", "instance i1 was created for it and waits for others to end."],
  ] as const)("why did it not run at 08:00? %s: %s", (outcome, sentence, instanceId: string | null = "i1") => {
    const occurrence = anOccurrence({ scheduledAt: dueAt(20), outcome, instanceId });
    expect(whyNot(dueAt(20), { nearby: [occurrence] })).toContain(`2025-12-20T08:00:00+08:00: ${sentence}`);
  });

  it("finds the record within the minute asked for", () => {
    const occurrence = anOccurrence({ scheduledAt: dueAt(20) + 30_000, outcome: "PAUSED" });
    expect(whyNot(dueAt(20), { nearby: [occurrence] })).toContain("2025-12-20T08:00:30+08:00: it was not fired");
  });

  it("without a record it says what the schedule says", () => {
    expect(whyNot(dueAt(20) + HOUR)).toContain(
      "the schedule does not name it; the next due time after it is 2025-12-21T08:00:00+08:00",
    );
    expect(whyNot(dueAt(25))).toContain("the schedule excludes it");
    expect(whyNot(NOW - 40 * DAY)).toContain("the definition did not exist yet");
    expect(whyNot(NOW + DAY)).toContain("due then and still to come");
    expect(whyNot(NOW + DAY, { definition: { ...definition, state: "PAUSED" } })).toContain(
      "will not be fired while the definition is paused",
    );
    expect(whyNot(dueAt(20), { supervision: standing({ takenUntil: dueAt(19) }) })).toContain(
      "has not been decided yet: due times are taken up to 2025-12-19T08:00:00+08:00",
    );
    expect(whyNot(dueAt(20), { definition: { ...definition, updatedAt: NOW - DAY } })).toContain(
      "The definition was changed since",
    );
    const over = { ...definition, spec: { ...definition.spec, schedule: { ...eight, endAt: dueAt(18) } } };
    expect(whyNot(dueAt(20), { definition: over })).toContain("the schedule had ended");
  });

  it("looks ahead no further than its due times last", () => {
    const supervision = aSupervisor(definition, {
      supervision: { nextDueAt: NOW + DAY, counters: { occurrences: 8 } },
    }).supervision;
    const limited = { ...definition, spec: { ...definition.spec, schedule: { ...eight, maxOccurrences: 10 } } };
    const ask = (given: typeof definition) =>
      explainDefinition({
        definition: given,
        supervision,
        lastOccurrences: [],
        now: NOW,
        asked: undefined,
        upcoming: 5,
      }).nextDueAt;
    expect(ask(limited)).toEqual([NOW + DAY, NOW + 2 * DAY]);
    expect(ask(definition)).toHaveLength(5);
    expect(ask({ ...definition, state: "PAUSED" })).toEqual([]);
  });

  it.each([
    ["PAUSED", "Paused: too loud. Nothing fires until ResumeDefinition; TriggerDefinition still works."],
    ["COMPLETED", "Completed: its schedule has nothing left to fire; TriggerDefinition still works."],
    ["CANCELLED", "Cancelled: too loud. It will never fire again."],
  ] as const)("%s: %s", (state, summary) => {
    const question = {
      definition: { ...definition, state, stateReason: "too loud" },
      supervision: standing(),
      lastOccurrences: [],
      now: NOW,
      asked: undefined,
      upcoming: 5,
    };
    expect(explainDefinition(question).summary).toBe(summary);
  });
});

describe("an instance", () => {
  it.each([
    [
      anInstance({ life: { waitingReason: "CONCURRENCY" }, spec: { concurrency: { key: "db", limit: 2 } } }),
      'Waits until others end: at most 2 run at a time with concurrency key "db"',
    ],
    [
      anInstance({ life: { waitingReason: "BUFFERED" } }),
      "Waits until earlier instances of its definition end, as the overlap policy says",
    ],
    [
      anInstance({ state: "BACKING_OFF", life: { waitingReason: "BACKOFF", attemptCount: 2 } }),
      "Attempt 2 failed and the next one waits for its time",
    ],
    [
      anInstance({ state: "PAUSED", life: { stateReason: "hold on" } }),
      "Paused: hold on; its deadlines stand still until ResumeInstance",
    ],
    [
      anInstance({ state: "RUNNING", life: { attempt: anAttemptUnderWay(), workerId: "w1", attemptCount: 1 } }),
      'Attempt 1 on worker "w1" is under way',
    ],
    [
      anInstance({ state: "RUNNING", life: { attempt: anAttemptUnderWay(), cancelRequestedAt: NOW } }),
      "Attempt 1 was asked to cancel and has not answered yet",
    ],
    [
      ended(anInstance({ life: { attemptCount: 4 } }), "FAILED"),
      "Failed after 4 attempts of at most 4 a series; RetryInstance starts it anew",
    ],
  ])("%#: %s", (instance, sentence) => {
    expect(explainInstance(instance, NOW + 1000).summary).toContain(sentence);
  });

  it("tells the first of its deadlines", () => {
    const running = anInstance({
      state: "RUNNING",
      life: { attempt: anAttemptUnderWay({ startedAt: NOW, seenAt: NOW + 5000, heartbeatMs: 60_000 }) },
    });
    expect(explainInstance(running, NOW).next).toMatchObject({
      at: NOW + 65_000,
      step: expect.stringContaining("heartbeat"),
    });
    const cancelling = { ...running, life: { ...running.life, cancelRequestedAt: NOW } };
    expect(explainInstance(cancelling, NOW).next).toMatchObject({
      at: NOW + 30_000,
      step: expect.stringContaining("CANCELLED"),
    });
    expect(explainInstance(anInstance(), NOW).next).toBeUndefined();
    expect(explainInstance(anInstance({ state: "PAUSED" }), NOW).next).toBeUndefined();
  });
});
