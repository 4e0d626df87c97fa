import { describe, expect, it, onTestFinished } from "vitest";
import { rowsOf } from "../../../src/store/memory/tables.ts";
import { aPushState, aSession, aWorkItem } from "../../contract/store/given-approvals.ts";
import { anApiServer } from "../../support/api-server.ts";
import { MANUAL_START_AT } from "../../support/manual-clock.ts";
import { belfryHere, jsonHere } from "./belfry-here.ts";

async function given() {
  const reported: (readonly [sessionId: string, name: string, requestId: string | undefined])[] = [];
  const api = await anApiServer({
    answers: {
      approvals: {
        report: async (sessionId, { event, requestId }) => {
          reported.push([sessionId, event.name, requestId]);
          return { pushes: [{ id: "push1", platformId: "p1" }] };
        },
      },
    },
  });
  onTestFinished(() => api[Symbol.asyncDispose]());
  const { tables } = api.runtime;
  const entry = { workItemId: "9001", actor: { number: "1", name: "王五" }, operation: "同意", opinion: "好", at: 0 };
  const record = aSession({
    session: { id: "77" },
    log: [{ ...entry, at: MANUAL_START_AT }],
    todos: [
      { id: "t1", nodeId: "n3", procTaskId: "", total: 2, complete: 1, createdAt: MANUAL_START_AT, finishedAt: null },
    ],
    shares: [{ workItemId: "9001", from: "1", to: "2", at: MANUAL_START_AT }],
  });
  tables.sessions.set("77", record);
  tables.workItems.set("9001", aWorkItem({ item: { id: "9001", sessionId: "77", data: { flags: [1] } } }));
  const told = aPushState({ platformId: "p1", thirdId: "77_9001", sessionId: "77", workItemId: "9001" });
  rowsOf(tables.pushStates, "p1").set(told.thirdId, told);
  return { reported, env: { BELFRY_SERVER: api.url } };
}

describe("belfry work-items", () => {
  it("list shows one in a line", async () => {
    const { env } = await given();
    const { out } = await belfryHere(["work-items", "list", "--assignee", "T1", "--state", "open"], env);
    expect(out.split("\n")[1]).toMatch(/^9001 +77 +辅导员审批 \(node1\) +OPEN +李四 \(T1\) /u);
    expect((await belfryHere(["work-items", "list", "--app", "x"], env)).err).toEqual(["No work items."]);
    const ofSessions = (states: string) => belfryHere(["work-items", "list", "--session-status", states], env);
    expect((await ofSessions("completed,running")).out).toContain("9001");
    expect((await ofSessions("completed")).err).toEqual(["No work items."]);
  });

  it("show and session tell what is known, and what platforms acknowledged", async () => {
    const { env } = await given();
    const show = await belfryHere(["work-items", "show", "9001"], env);
    expect(show.out).toMatch(/^assignees +李四 \(T1\)$/mu);
    expect(show.out).toMatch(/^data +\{"flags":\[1\]\}$/mu);
    expect(show.out).toMatch(/^p1 +77_9001 +todo +T1 /mu);
    const { out } = await belfryHere(["work-items", "session", "77"], env);
    expect(out).toMatch(/^creator +张三 \(20210001\)$/mu);
    expect(out).toMatch(/^p1 +77_9001 +todo +T1 /mu);
    expect(out).toMatch(/王五 \(1\) +9001 +同意 +好/u);
    expect(out).toMatch(/^t1 +n3 +1 of 2/mu);
    expect(out).toMatch(/^9001 +1 +2 /mu);
    expect(await jsonHere(["work-items", "session", "77"], env)).toMatchObject({ session: { id: "77" } });
  });

  it("report takes one event, as it is or as in a request", async () => {
    const { env, reported } = await given();
    const event = { action: "receive", session: { id: "77" } };
    const files = { "-": JSON.stringify(event), "event.json": JSON.stringify({ event, requestId: "r" }, null, 2) };
    const { out } = await belfryHere(["work-items", "report"], env, files);
    expect(out).toBe("Reported. It brings about 1 push.\n  push1 to platform p1\n");
    await belfryHere(["work-items", "report", "event.json"], env, files);
    expect(reported).toMatchObject([
      ["77", "receive", expect.any(String)],
      ["77", "receive", "r"],
    ]);
  });

  it("report takes many, one a line, and says which were refused", async () => {
    const { env, reported } = await given();
    const line = (action: string) => JSON.stringify({ action, session: { id: "77" } });
    const files = { "events.jsonl": `${line("receive")}\n\n${line("sign")}\r\n${line("after_end")}\n` };
    const { code, out, err } = await belfryHere(["work-items", "report", "events.jsonl"], env, files);
    expect(out).toBe("2 events reported. They bring about 2 pushes.\n");
    expect(reported.map(([, name]) => name)).toEqual(["receive", "after_end"]);
    expect(code).toBe(1);
    expect(err[0]).toBe("belfry: 1 event refused:");
    expect(err[1]).toMatch(/^ {2}event 2: INVALID_FIELD: event\.action: /u);
  });

  it.each([
    ["{", /holds no JSON/u],
    ['{"action":1}', /holds no event/u],
    ['{"session":{"id":"1"}}\n{', /line 2, holds no JSON/u],
    ['{"session":{"id":"1"}}\n\n{"sesion":{}}', /line 3, holds no event/u],
  ])("report says what is wrong with %j, and reports nothing", async (text, said) => {
    const { env, reported } = await given();
    const { code, err } = await belfryHere(["work-items", "report", "-"], env, { "-": text });
    expect(code).toBe(1);
    expect(err[0]).toMatch(said);
    expect(reported).toEqual([]);
  });
});
