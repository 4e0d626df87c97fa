import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import { DefinitionService } from "../../../src/gen/belfry/v1/definition_service_pb.ts";
import { anApiInProcess, refusalOf } from "../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../support/manual-clock.ts";
import { anInstance } from "../../support/records.ts";

describe("BatchTriggerDefinition", () => {
  const instance = anInstance();
  const big = { text: "x".repeat(300_000) };

  it("answers each item in its place, errors with their details", async () => {
    const api = anApiInProcess({
      definitions: {
        batchTrigger: async (_, { items }) =>
          items.map(({ requestId }) =>
            requestId === "taken" ? new BelfryError("UNIQUE_KEY_TAKEN", "Taken.") : { instance, existing: false },
          ),
      },
    });
    const { results } = await api.client(DefinitionService).batchTriggerDefinition({
      definitionId: "d",
      items: [{ requestId: "ok" }, { payload: big }, { requestId: "taken" }, { payload: { a: 1 } }],
    });
    expect(results.map(({ instance: made, error }) => made?.id ?? error?.code)).toEqual([
      instance.id,
      8,
      6,
      instance.id,
    ]);
    expect(results[1]?.error?.message).toContain("items[1].payload");
    expect(results[2]?.error?.details).toMatchObject([{ typeUrl: "type.googleapis.com/google.rpc.ErrorInfo" }]);
    expect(api.runtime.asked).toMatchObject([
      {
        args: [
          "d",
          { atomic: false, items: [{ requestId: "ok" }, { requestId: "taken" }, { overrides: { payload: { a: 1 } } }] },
        ],
      },
    ]);
  });

  it("all or none: one that cannot be read refuses all", async () => {
    const api = anApiInProcess();
    const call = api
      .client(DefinitionService)
      .batchTriggerDefinition({ definitionId: "d", atomic: true, items: [{}, { payload: big }] });
    expect(await refusalOf(call)).toMatchObject({
      reason: "PAYLOAD_TOO_LARGE",
      metadata: { field: "items[1].payload" },
    });
    expect(api.runtime.asked).toEqual([]);
  });
});

describe("TriggerDefinition", () => {
  it("hands on what differs from the definition, and only that", async () => {
    const instance = anInstance();
    const api = anApiInProcess({ definitions: { trigger: async () => ({ instance, existing: false }) } });
    await api.client(DefinitionService).triggerDefinition({
      definitionId: "d",
      payload: { own: 1 },
      ignoreOverlap: true,
      requestId: "r",
      overrides: {
        payload: { gives: "way" },
        content: "",
        priority: 1,
        labels: { a: "b" },
        uniqueKey: { key: "u" },
        concurrencyKey: { key: "c", limit: 5 },
      },
    });
    expect(api.runtime.asked).toEqual([
      {
        command: "trigger",
        args: [
          "d",
          {
            ignoreOverlap: true,
            requestId: "r",
            overrides: {
              payload: { own: 1 },
              content: "",
              priority: 1,
              labels: { a: "b" },
              uniqueKey: { key: "u", onConflict: "REJECT" },
              concurrency: { key: "c", limit: 5 },
            },
          },
        ],
      },
    ]);
  });
});

describe("BackfillDefinition", () => {
  const at = (ms: number) => ({ seconds: BigInt(Math.floor((MANUAL_START_AT + ms) / 1000)), nanos: 0 });

  it("hands on the range, and says where to go on", async () => {
    const api = anApiInProcess({
      definitions: { backfill: async () => ({ fired: 1000, known: 3, nextFrom: MANUAL_START_AT - 1000 }) },
    });
    const answer = await api
      .client(DefinitionService)
      .backfillDefinition({ definitionId: "d", startTime: at(-60_000), endTime: at(0) });
    expect(answer).toMatchObject({ firedCount: 1000, knownCount: 3, nextStartTime: at(-1000) });
    expect(api.runtime.asked).toEqual([
      {
        command: "backfill",
        args: ["d", { from: MANUAL_START_AT - 60_000, to: MANUAL_START_AT, validateOnly: false }],
      },
    ]);
  });

  it("refuses an empty range and the future", async () => {
    const client = anApiInProcess().client(DefinitionService);
    expect(
      await refusalOf(client.backfillDefinition({ definitionId: "d", startTime: at(0), endTime: at(0) })),
    ).toMatchObject({ fields: ["endTime"] });
    expect(
      await refusalOf(client.backfillDefinition({ definitionId: "d", startTime: at(0), endTime: at(1000) })),
    ).toMatchObject({ fields: ["endTime"] });
    expect(await refusalOf(client.backfillDefinition({ definitionId: "d" }))).toMatchObject({
      fields: ["startTime", "endTime"],
    });
  });
});
