import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../../src/domain/error.ts";
import {
  BatchReportEventsRequestSchema,
  WorkItemService,
  type BatchReportEventsRequest,
} from "../../../../src/gen/belfry/v1/work_item_service_pb.ts";
import { DEFAULT_LIMITS } from "../../../../src/server/limits.ts";
import { approvalsHere, REPORTS_AT_A_TIME, type ReportCommand } from "./given.ts";

/** More than are carried out at a time. */
const MANY = 10 * REPORTS_AT_A_TIME;

function message(sessionId: string, note = "", action = "receive"): BatchReportEventsRequest {
  return create(BatchReportEventsRequestSchema, { event: { action, session: { id: sessionId }, note } });
}

async function* streamOf(messages: readonly BatchReportEventsRequest[], read: () => void = () => {}) {
  for (const each of messages) {
    read();
    yield each;
  }
}

/** A runtime whose reports end when the test lets them. */
function gated() {
  const waiting: (() => void)[] = [];
  const begun: string[] = [];
  const report = async (sessionId: string, { event }: ReportCommand) => {
    begun.push(`${sessionId}:${event.note}`);
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    await promise;
    return { pushes: [{ id: "push", platformId: "p1" }] };
  };
  return { begun, waiting, report };
}

/** Lets everything that is ready happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("BatchReportEvents", () => {
  it("reports each event with its own request id, and counts what came of them", async () => {
    const { client, reported } = approvalsHere({
      report: async (id) => ({ pushes: id === "b" ? [] : [{ id: "push", platformId: "p1" }] }),
    });
    const messages = ["a", "b", "c"].map((id) => Object.assign(message(id), { requestId: `r-${id}` }));
    const answer = await client(WorkItemService).batchReportEvents(streamOf(messages));
    expect(answer).toMatchObject({ acceptedCount: 3n, pushCount: 2n, failedCount: 0n, failures: [] });
    expect(reported.map(([id, { requestId }]) => [id, requestId])).toEqual([
      ["a", "r-a"],
      ["b", "r-b"],
      ["c", "r-c"],
    ]);
  });

  it("refuses one with too much beside its item, and keeps none of the others back (R-082)", async () => {
    const { client, reported } = approvalsHere();
    const data = { task_data: "x".repeat(DEFAULT_LIMITS.dataMaxBytes) };
    const large = create(BatchReportEventsRequestSchema, {
      event: { session: { id: "b" }, workItem: { id: "9001", data } },
    });
    const answer = await client(WorkItemService).batchReportEvents(streamOf([message("a"), large, message("c")]));
    expect(answer).toMatchObject({ acceptedCount: 2n, failedCount: 1n });
    expect(answer.failures).toMatchObject([{ index: 1n, reason: "PAYLOAD_TOO_LARGE", sessionId: "b" }]);
    expect(answer.failures[0]?.message).toContain("event.workItem.data");
    expect(reported.map(([id]) => id)).toEqual(["a", "c"]);
  });

  it("carries out those of one session one after the other, and those of others meanwhile", async () => {
    const { begun, waiting, report } = gated();
    const { client } = approvalsHere({ report });
    const answer = client(WorkItemService).batchReportEvents(
      streamOf([message("a", "1"), message("a", "2"), message("b", "1")]),
    );
    await settle();
    expect(begun).toEqual(["a:1", "b:1"]);
    waiting[0]?.();
    await settle();
    expect(begun).toEqual(["a:1", "b:1", "a:2"]);
    for (const end of waiting) end();
    expect(await answer).toMatchObject({ acceptedCount: 3n });
  });

  it("keeps the order of a session though one of its events is refused", async () => {
    const order: (string | undefined)[] = [];
    const report = async (_: string, { event }: ReportCommand) => {
      order.push(event.note);
      if (event.note === "1") throw new BelfryError("BUSY", "no");
      return { pushes: [] };
    };
    const { client } = approvalsHere({ report });
    const notes = Array.from({ length: MANY }, (_, index) => String(index));
    const answer = await client(WorkItemService).batchReportEvents(streamOf(notes.map((note) => message("a", note))));
    expect(order).toEqual(notes);
    expect(answer).toMatchObject({ acceptedCount: BigInt(MANY - 1), failedCount: 1n });
  });

  it("reads no more than it carries out", async () => {
    const { begun, waiting, report } = gated();
    const { client } = approvalsHere({ report });
    let read = 0;
    const messages = Array.from({ length: MANY }, (_, index) => message(`s${index}`));
    const answer = client(WorkItemService).batchReportEvents(streamOf(messages, () => read++));
    await settle();
    expect(begun).toHaveLength(REPORTS_AT_A_TIME);
    const readSoFar = read;
    await settle();
    expect(read).toBe(readSoFar);
    expect(begun).toHaveLength(REPORTS_AT_A_TIME);
    for (let ended = 0; ended < MANY; ended++) {
      while (waiting[ended] === undefined) await settle();
      waiting[ended]?.();
    }
    expect(await answer).toMatchObject({ acceptedCount: BigInt(MANY) });
  });

  it("names those that it refused by their place, with the reason and the fields, and takes the others", async () => {
    const { client, reported } = approvalsHere({
      report: async (id) => {
        if (id === "c") throw new BelfryError("SHARD_UNAVAILABLE", "Try again.");
        return { pushes: [] };
      },
    });
    const messages = [
      message("a"),
      message("b", "", "sign"),
      message("c"),
      message(""),
      create(BatchReportEventsRequestSchema, {}),
      message("d"),
    ];
    const { failures, ...counts } = await client(WorkItemService).batchReportEvents(streamOf(messages));
    expect(counts).toMatchObject({ acceptedCount: 2n, failedCount: 4n });
    expect(failures).toMatchObject([
      { index: 1n, reason: "INVALID_FIELD", sessionId: "b" },
      { index: 2n, reason: "SHARD_UNAVAILABLE", sessionId: "c", message: "Try again." },
      { index: 3n, reason: "INVALID_FIELD", sessionId: "" },
      { index: 4n, reason: "INVALID_FIELD", sessionId: "" },
    ]);
    expect(failures.map(({ message: said }) => said.split(":")[0])).toEqual([
      "event.action",
      "Try again.",
      "event.session.id",
      "event",
    ]);
    expect(reported.map(([id]) => id)).toEqual(["a", "c", "d"]);
  });

  it("keeps the first hundred refusals, and counts all", async () => {
    const { client } = approvalsHere();
    const messages = Array.from({ length: 250 }, (_, index) => message(`s${index}`, "", "sign"));
    const { failures, failedCount } = await client(WorkItemService).batchReportEvents(streamOf(messages));
    expect(failedCount).toBe(250n);
    expect(failures.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, index) => BigInt(index)));
  });

  it("says of what nobody expected no more than its incident", async () => {
    const report = async () => {
      throw new Error("password is hunter2");
    };
    const { client, log } = approvalsHere({ report });
    const { failures } = await client(WorkItemService).batchReportEvents(streamOf([message("a")]));
    expect(failures[0]?.reason).toBe("INTERNAL");
    expect(failures[0]?.message).not.toContain("hunter2");
    expect(log.lines).toHaveLength(1);
  });

  it("has decided what it took when the stream breaks off", async () => {
    const { begun, waiting, report } = gated();
    const { client } = approvalsHere({ report });
    async function* breaking() {
      yield message("a", "1");
      yield message("a", "2");
      throw new Error("the line broke");
    }
    const answer = client(WorkItemService).batchReportEvents(breaking());
    const outcome = answer.then(
      () => "answered",
      () => "broken off",
    );
    await settle();
    for (const end of waiting) end();
    await settle();
    expect(begun).toEqual(["a:1", "a:2"]);
    for (const end of waiting) end();
    expect(await outcome).toBe("broken off");
  });
});
