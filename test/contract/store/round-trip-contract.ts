import { expect, it } from "vitest";
import { ACTIVE_STATES, FINAL_STATES, isFinal } from "../../../src/domain/instance/instance.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { Timing } from "../../../src/domain/schedule/schedule.ts";
import {
  aDefinition,
  aLife,
  aSchedule,
  aSupervisor,
  anAttempt,
  anAttemptUnderWay,
  anInstance,
  anInstanceSpec,
  anOccurrence,
  changed,
  ended,
} from "../../support/records.ts";
import type { Given } from "./given-store.ts";

const LAST_INSTANT = 8_640_000_000_000_000;

const PAYLOAD: JsonObject = {
  "": "",
  "键 'with' \"quotes\"": "值\\",
  nothing: null,
  yes: true,
  numbers: [0, -1, 0.1, 1e21, 1.7976931348623157e308, 5e-324, Number.MAX_SAFE_INTEGER],
  empty: [{}, [], ""],
  deep: { deep: { deep: [[[{ end: "🏁" }]]] } },
};

/** Records come out of a store exactly as they went in. */
export function roundTripContract(given: Given): void {
  it(
    "definitions, whatever their schedule (R-093)",
    given(async ({ store, writer }) => {
      const timings: readonly Timing[] = [
        { kind: "immediate" },
        { kind: "at", at: LAST_INSTANT },
        { kind: "every", intervalMs: 1, phaseMs: 0, fixedDelay: false },
        { kind: "every", intervalMs: LAST_INSTANT, fixedDelay: true },
        { kind: "cron", expressions: ["0 8 * * MON#1", "30 0 8 L * *"] },
        { kind: "rrule", rule: "FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=8" },
      ];
      const definitions = timings.map((timing) =>
        aDefinition({
          revision: Number.MAX_SAFE_INTEGER,
          state: "PAUSED",
          stateReason: "先别监控了",
          createdAt: -1,
          updatedAt: LAST_INSTANT,
          spec: {
            payload: PAYLOAD,
            schedule: aSchedule({
              timing,
              timeZone: "Asia/Shanghai",
              startAt: 0,
              endAt: LAST_INSTANT,
              maxOccurrences: 1,
              excludedDates: ["2026-02-17"],
              exclusions: timings,
            }),
            catchUp: { windowMs: 0, mode: "SKIP", maxRate: 0.5 },
            retry: {
              initialDelayMs: 1,
              factor: 1.5,
              maxDelayMs: 2,
              jitterMs: 0,
              maxRetries: 0,
              nonRetryableCodes: ["A,B", '"'],
            },
            labels: { "": "", 环境: "生产", 'a"b': "c'd\\" },
            concurrency: { key: "键", limit: 3 },
          },
        }),
      );
      const node = await writer();
      const supervisors = definitions.map((definition) =>
        aSupervisor(definition, {
          wakeAt: LAST_INSTANT,
          supervision: {
            takenUntil: LAST_INSTANT,
            nextDueAt: 0,
            lastFiredAt: -5,
            lastEndedAt: null,
            gated: 4,
            ...(definition === definitions[0]
              ? {
                  lateFireAt: LAST_INSTANT,
                  cancelling: { which: "gated", terminate: true, reason: "先停", olderThan: "" },
                }
              : {}),
            counters: { active: 1, created: Number.MAX_SAFE_INTEGER, consecutiveFailures: 2 },
          },
        }),
      );
      await node.write({ definitions, supervisors });
      for (const [index, definition] of definitions.entries()) {
        expect(await store.queries.getDefinition(definition.id)).toEqual({
          definition,
          supervisor: supervisors[index],
        });
      }
    }),
  );

  it(
    "instances, in every state, with everything set and with nothing set (R-093)",
    given(async ({ store, writer }) => {
      const node = await writer();
      const spec = anInstanceSpec({
        payload: PAYLOAD,
        action: { kind: "external" },
        priority: 1,
        trigger: "BACKFILL",
        scheduledAt: LAST_INSTANT,
        concurrency: { key: "键", limit: 3 },
      });
      const life = aLife({
        attemptCount: 9,
        series: 2,
        seriesStart: 5,
        attempt: anAttemptUnderWay({ token: "t'\"\\", heartbeatMs: null, seenAt: LAST_INSTANT }),
        waitingReason: "RATE_LIMITED",
        stateAt: LAST_INSTANT,
        readyAt: 0,
        openedAt: -1,
        nextAttemptAt: 1,
        cancelRequestedAt: 2,
        paused: { at: 3, from: "BACKING_OFF", reason: "BACKOFF" },
        progress: { percent: 33.3, step: "步", message: "4 of 10", at: 4 },
        metadata: PAYLOAD,
        result: PAYLOAD,
        error: { code: "E", message: "失败", traceback: "at x\n  at y" },
        startedAt: 5,
        endedAt: 6,
      });
      const bare = anInstanceSpec({ definitionId: null, userId: "", name: "", content: "" });
      const states = [...ACTIVE_STATES, ...FINAL_STATES];
      const full = states.map((state) =>
        anInstance({
          state,
          spec,
          life,
          createdAt: LAST_INSTANT,
          wakeAt: isFinal(state) ? null : LAST_INSTANT,
          revision: 77,
        }),
      );
      const plain = states.map((state) =>
        anInstance({ state, spec: bare, life: { waitingReason: null, readyAt: null } }),
      );
      await node.write({ createdInstances: [...full, ...plain] });
      for (const instance of [...full, ...plain])
        expect(await store.queries.getInstance(instance.id), instance.state).toEqual(instance);

      const changedOnes = full
        .slice(0, 4)
        .map((instance) =>
          changed(instance, { wakeAt: null, life: aLife({ paused: { at: 1, from: "PENDING", reason: null } }) }),
        );
      const finished = plain.slice(0, 4).map((instance) => ended(instance, "FAILED", life));
      await node.write({ changedInstances: changedOnes, finishedInstances: finished });
      for (const instance of [...changedOnes, ...finished])
        expect(await store.queries.getInstance(instance.id)).toEqual(instance);
    }),
  );

  it(
    "a heartbeat timeout that is set, without end, or left to the kind of attempt",
    given(async ({ store, writer }) => {
      const node = await writer();
      for (const heartbeatMs of [1500, null, undefined]) {
        const timeouts = {
          scheduleToStartMs: 1,
          startToCloseMs: null,
          scheduleToCloseMs: LAST_INSTANT,
          heartbeatMs,
          cancelGraceMs: 0,
        };
        const definition = aDefinition({ spec: { timeouts } });
        const instance = anInstance({ spec: { timeouts } });
        await node.write({
          definitions: [definition],
          supervisors: [aSupervisor(definition)],
          createdInstances: [instance],
        });
        const stored = await store.queries.getDefinition(definition.id);
        expect(stored?.definition.spec.timeouts).toEqual(timeouts);
        expect(stored?.definition.spec.timeouts.heartbeatMs).toBe(heartbeatMs);
        expect((await store.queries.getInstance(instance.id))?.spec.timeouts.heartbeatMs).toBe(heartbeatMs);
      }
    }),
  );

  it(
    "what a dispatch has beyond other instances, and what it leaves out",
    given(async ({ store, writer }) => {
      const node = await writer();
      const exchange: JsonObject = {
        request: { url: "https://hooks.example.com/x?y=1", headers: [["webhook-id", "wf_1"]], body: "{}" },
        response: { status: 200, headers: [["set-cookie", "***"]], body: "好\u0000", truncated: true },
        spare: PAYLOAD,
      };
      const action = {
        kind: "webhook",
        url: "https://hooks.example.com/x?y=1",
        headers: { Authorization: "sealed:abc", "x-键": "值" },
        secret: "sealed:def",
        taskType: "negative_evidence_intervention",
        callback: { timeoutMs: LAST_INSTANT },
      } as const;
      const handedOn = anAttemptUnderWay({ handedOn: { closeMs: LAST_INSTANT, exchange } });
      const handedOnEmpty = anAttemptUnderWay({ handedOn: { closeMs: 0, exchange: {} } });
      const timeouts = {
        scheduleToStartMs: 1,
        startToCloseMs: 30_000,
        scheduleToCloseMs: null,
        heartbeatMs: 5000,
        cancelGraceMs: 0,
      };
      const bare = { ...action, headers: {}, secret: "", taskType: "", callback: null };
      const specs = [
        anInstanceSpec({ timeouts, action, supersedeKey: "键" }),
        anInstanceSpec({ timeouts, action: bare, supersedeKey: "" }),
        anInstanceSpec({ timeouts }),
      ];
      const instances = specs.flatMap((spec) =>
        [handedOn, handedOnEmpty, anAttemptUnderWay(), null].map((attempt) =>
          anInstance({ state: "RUNNING", spec, life: { attempt, waitingReason: null } }),
        ),
      );
      await node.write({ createdInstances: instances });
      for (const instance of instances) expect(await store.queries.getInstance(instance.id)).toStrictEqual(instance);

      const definition = aDefinition({ spec: { action, timeouts } });
      await node.write({ definitions: [definition], supervisors: [aSupervisor(definition)] });
      expect((await store.queries.getDefinition(definition.id))?.definition).toStrictEqual(definition);

      const delivered = instances.map((instance) => changed(instance, { life: { attempt: handedOn } }));
      await node.write({ changedInstances: delivered });
      for (const instance of delivered) expect(await store.queries.getInstance(instance.id)).toStrictEqual(instance);
      const finished = delivered.map((instance) => ended(instance, "COMPLETED", { attempt: handedOn }));
      await node.write({ finishedInstances: finished });
      expect(await store.actors.loadInstances([finished[0]!.id])).toStrictEqual([finished[0]]);

      const attempts = [anAttempt({ number: 3, exchange }), anAttempt({ number: 2, exchange: {} }), anAttempt()];
      await node.write({ attempts });
      expect(await store.queries.listAttempts("instance", null, 10)).toStrictEqual(attempts);
    }),
  );

  it(
    "attempts and occurrences",
    given(async ({ store, writer }) => {
      const node = await writer();
      const attempts = (["SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED", "LOST"] as const).map((outcome, index) =>
        anAttempt({
          number: 9 - index,
          series: index,
          outcome,
          startedAt: -1,
          endedAt: LAST_INSTANT,
          error: index === 1 ? { code: "", message: "错", traceback: "" } : null,
        }),
      );
      const occurrences = (["FIRED", "SKIPPED_OVERLAP", "MISSED", "PAUSED", "DROPPED", "BUFFERED"] as const).map(
        (outcome, index) =>
          anOccurrence({
            scheduledAt: LAST_INSTANT - index,
            outcome,
            instanceId: index === 0 ? "i" : null,
            decidedAt: -1,
          }),
      );
      await node.write({ attempts, occurrences });
      expect(await store.queries.listAttempts("instance", null, 10)).toEqual(attempts);
      expect(await store.queries.listOccurrences({ definitionId: "definition" }, null, 10)).toEqual(occurrences);
    }),
  );
}
