import { describe, expect, it } from "vitest";
import { DefinitionState, OccurrenceOutcome } from "../../../src/gen/belfry/v1/definition_pb.ts";
import { DefinitionService } from "../../../src/gen/belfry/v1/definition_service_pb.ts";
import { anApiInProcess, refusalOf } from "../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../support/manual-clock.ts";
import { aDefinition, aSchedule, aSupervisor, anOccurrence } from "../../support/records.ts";

describe("GetDefinition", () => {
  it("shows what it does; the next due time only while it is active (R-102)", async () => {
    const api = anApiInProcess();
    for (const state of ["ACTIVE", "PAUSED"] as const) {
      const definition = aDefinition({ id: state, state, revision: 3 });
      api.runtime.put(definition);
      api.runtime.putSupervisor(
        aSupervisor(definition, {
          supervision: { nextDueAt: MANUAL_START_AT + 60_000, counters: { active: 2, timedOut: 1 } },
        }),
      );
    }
    const get = async (definitionId: string) =>
      (await api.client(DefinitionService).getDefinition({ definitionId })).definition;
    expect(await get("ACTIVE")).toMatchObject({
      state: DefinitionState.ACTIVE,
      etag: "3",
      nextFireTime: { seconds: BigInt(MANUAL_START_AT / 1000 + 60) },
      counters: { active: 2n, timedOut: 1n },
      timeouts: { startToClose: { seconds: 3600n } },
      retryPolicy: { maxRetries: 3 },
    });
    expect(await get("PAUSED")).toMatchObject({ state: DefinitionState.PAUSED });
    expect((await get("PAUSED"))?.nextFireTime).toBeUndefined();
  });
});

describe("ListDefinitions", () => {
  it("pages through all, newest first, with filters (R-102)", async () => {
    const api = anApiInProcess();
    // Several of the same millisecond: the id breaks the tie.
    for (let index = 0; index < 12; index++) {
      api.runtime.put(
        aDefinition({
          createdAt: MANUAL_START_AT + Math.floor(index / 3),
          spec: { name: `n${index}`, userId: index % 2 === 0 ? "even" : "odd" },
        }),
      );
    }
    const names: string[] = [];
    let pageToken = "";
    do {
      const page = await api.client(DefinitionService).listDefinitions({ userId: "even", pageSize: 4, pageToken });
      names.push(...page.definitions.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(names).toEqual(["n10", "n8", "n6", "n4", "n2", "n0"]);
  });

  it("refuses a token of another list, and what is no token", async () => {
    const api = anApiInProcess();
    for (let index = 0; index < 3; index++)
      api.runtime.put(aDefinition({ spec: { userId: "u", labels: { a: "1", b: "2" } } }));
    const client = api.client(DefinitionService);
    const { nextPageToken: pageToken } = await client.listDefinitions({ pageSize: 1, labels: { a: "1", b: "2" } });
    expect(
      (await client.listDefinitions({ pageSize: 2, pageToken, labels: { b: "2", a: "1" } })).definitions,
    ).toHaveLength(2);
    for (const request of [
      { pageToken },
      { pageToken, labels: { a: "1" } },
      { pageToken: "abc" },
      { pageToken: Buffer.from("[1]").toString("base64url") },
    ]) {
      expect(await refusalOf(client.listDefinitions(request))).toMatchObject({
        code: "InvalidArgument",
        reason: "PAGE_TOKEN_MISMATCH",
      });
    }
    expect(
      await refusalOf(
        client.listOccurrences({ definitionId: [...api.runtime.tables.definitions.keys()][0], pageToken }),
      ),
    ).toMatchObject({
      reason: "PAGE_TOKEN_MISMATCH",
    });
  });

  it("bounds in time are exact to the millisecond, whatever their fraction", async () => {
    const api = anApiInProcess();
    api.runtime.put(aDefinition({ createdAt: MANUAL_START_AT }));
    const seconds = BigInt(MANUAL_START_AT / 1000);
    const count = async (nanos: number) =>
      (await api.client(DefinitionService).listDefinitions({ createdAfter: { seconds, nanos } })).definitions.length;
    expect([await count(0), await count(1)]).toEqual([1, 0]);
  });
});

describe("SearchDefinitions", () => {
  it("gives the best match first, and no cancelled ones unless asked (R-105)", async () => {
    const api = anApiInProcess();
    api.runtime.put(
      aDefinition({ spec: { name: "a", content: "监控网络" } }),
      aDefinition({ spec: { name: "b", content: "监控服务器状态" } }),
      aDefinition({ state: "CANCELLED", spec: { name: "c", content: "监控服务器" } }),
      aDefinition({ spec: { name: "d", content: "weekly report" } }),
    );
    const search = async (request: object) =>
      (await api.client(DefinitionService).searchDefinitions({ query: "监控服务器", ...request })).matches.map(
        ({ definition, score }) => [definition?.name, score],
      );
    const found = await search({});
    expect(found.map(([name]) => name)).toEqual(["b", "a"]);
    expect(found[0]?.[1]).toBe(1);
    expect((await search({ states: [DefinitionState.CANCELLED] })).map(([name]) => name)).toEqual(["c"]);
    expect(await search({ pageSize: 1 })).toHaveLength(1);
  });
});

describe("PreviewSchedule", () => {
  it("computes due times from now, or from a given time, and says the schedule in words", async () => {
    const client = anApiInProcess().client(DefinitionService);
    const daily = {
      timing: { case: "cron" as const, value: { expressions: ["0 8 * * *"] } },
      timeZone: "Asia/Shanghai",
    };
    const { times, description } = await client.previewSchedule({ schedule: daily, count: 2 });
    expect(times.map(({ seconds }) => new Date(Number(seconds) * 1000).toISOString())).toEqual([
      "2026-01-02T00:00:00.000Z",
      "2026-01-03T00:00:00.000Z",
    ]);
    expect(description).toContain("Asia/Shanghai");
    expect((await client.previewSchedule({ schedule: daily })).times).toHaveLength(10);
  });

  it("shows that an immediate schedule is due now", async () => {
    const { times } = await anApiInProcess()
      .client(DefinitionService)
      .previewSchedule({ schedule: { timing: { case: "immediate", value: {} } } });
    expect(times.map(({ seconds }) => Number(seconds) * 1000)).toEqual([MANUAL_START_AT]);
  });

  it("names the field that is wrong from its own root", async () => {
    const client = anApiInProcess().client(DefinitionService);
    const refused = await refusalOf(
      client.previewSchedule({ schedule: { timing: { case: "cron", value: { expressions: ["nonsense"] } } } }),
    );
    expect(refused.fields).toEqual(["schedule.cron.expressions[0]"]);
    expect((await refusalOf(client.previewSchedule({}))).fields).toEqual(["schedule"]);
  });
});

describe("ListOccurrences", () => {
  it("pages through due times, newest first, by outcome and time", async () => {
    const api = anApiInProcess();
    api.runtime.put(aDefinition({ id: "d" }));
    for (let index = 0; index < 9; index++) {
      api.runtime.putOccurrences(
        anOccurrence({
          definitionId: "d",
          scheduledAt: MANUAL_START_AT + index * 1000,
          outcome: index % 3 === 0 ? "MISSED" : "FIRED",
        }),
      );
    }
    const seen: number[] = [];
    let pageToken = "";
    do {
      const page = await api
        .client(DefinitionService)
        .listOccurrences({ definitionId: "d", outcomes: [OccurrenceOutcome.FIRED], pageSize: 4, pageToken });
      seen.push(
        ...page.occurrences.map(({ scheduledTime }) => Number(scheduledTime?.seconds) - MANUAL_START_AT / 1000),
      );
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual([8, 7, 5, 4, 2, 1]);
  });

  it("of a definition that does not exist is NOT_FOUND", async () => {
    expect(
      await refusalOf(anApiInProcess().client(DefinitionService).listOccurrences({ definitionId: "nope" })),
    ).toMatchObject({ reason: "DEFINITION_NOT_FOUND" });
  });
});

describe("ExplainDefinition", () => {
  it("says what became of a time, with its record", async () => {
    const api = anApiInProcess();
    const definition = aDefinition({
      id: "d",
      createdAt: MANUAL_START_AT - 86_400_000,
      spec: { schedule: aSchedule({ timing: { kind: "cron", expressions: ["0 8 * * *"] } }) },
    });
    api.runtime.put(definition);
    const dueAt = MANUAL_START_AT - 16 * 3_600_000;
    api.runtime.putSupervisor(
      aSupervisor(definition, { supervision: { nextDueAt: MANUAL_START_AT + 8 * 3_600_000, takenUntil: dueAt } }),
    );
    api.runtime.putOccurrences(anOccurrence({ definitionId: "d", scheduledAt: dueAt, outcome: "PAUSED" }));
    const answer = await api
      .client(DefinitionService)
      .explainDefinition({ definitionId: "d", at: { seconds: BigInt(dueAt / 1000) } });
    expect(answer.summary).toBe("Active: next due at 2026-01-01T08:00:00Z, in 8 h.");
    expect(answer.facts[0]).toBe("2025-12-31T08:00:00Z: it was not fired: the definition was paused.");
    expect(answer).toMatchObject({
      occurrence: { outcome: OccurrenceOutcome.PAUSED },
      lastOccurrences: [{ outcome: OccurrenceOutcome.PAUSED }],
    });
    expect(answer.nextFireTimes).toHaveLength(5);
  });
});
