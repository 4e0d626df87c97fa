import { describe, expect, it, onTestFinished } from "vitest";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import type { Exchange } from "../../../src/domain/webhook/exchange.ts";
import { rowsOf } from "../../../src/store/memory/tables.ts";
import { anApiServer } from "../../support/api-server.ts";
import type { Answers } from "../../support/fake-runtime.ts";
import { anAttempt, ended } from "../../support/records.ts";
import { aDispatch, aDispatcher, aWebhook, HOOK, ORIGIN } from "../server/dispatch/given.ts";
import { belfryHere, jsonHere } from "./belfry-here.ts";

const ID = "wf_1767225600000_00000000000000000001";

async function given(answers: Answers, ...records: readonly InstanceRecord[]) {
  const api = await anApiServer({ answers });
  onTestFinished(() => api[Symbol.asyncDispose]());
  api.runtime.put(...records);
  return { api, env: { BELFRY_SERVER: api.url } };
}

describe("belfry dispatches create", () => {
  it("packs a task and says what became of it", async () => {
    const { answers, made } = aDispatcher();
    const { env } = await given(answers);
    const words = `dispatches create ${HOOK} --task-type competitor_alert --priority high --label team=pr --fail-fast`;
    const said = await belfryHere([...words.split(" "), "--data", '{"rival":"x"}'], env);
    expect(said).toMatchObject({ code: 0, err: [] });
    expect(said.out).toMatch(/^task +competitor_alert$/m);
    expect(said.out).toMatch(/^destination +https:\/\/hooks\.example\.com$/m);
    expect(made[0]).toMatchObject([
      ORIGIN,
      { failFast: true, overrides: { payload: { rival: "x" }, priority: 2, labels: { team: "pr" } } },
    ]);
  });

  it("packs evidence", async () => {
    const { answers, made } = aDispatcher();
    const { env } = await given(answers);
    const evidence = {
      evidenceFragment: "he said so",
      associatedUrl: "https://example.com/source",
      sourceName: "a paper",
      riskLevel: "RISK_LEVEL_HIGH",
      brandName: "Belfry",
      interventionScript: "ask them",
      sourceMeta: {},
    };
    await jsonHere(["dispatches", "create", HOOK, "--evidence", JSON.stringify(evidence), "--callback"], env);
    expect(made[0]?.[1].overrides).toMatchObject({
      name: "negative_evidence_intervention",
      action: { callback: { timeoutMs: 86_400_000 } },
    });
  });

  it("says which fields are wrong", async () => {
    const { env } = await given({});
    const said = await belfryHere(["dispatches", "create", HOOK, "--evidence", '{"brandName":"x"}'], env);
    expect(said.code).toBe(1);
    expect(said.err.join("\n")).toContain("evidence.sourceName");
  });
});

describe("belfry dispatches list", () => {
  it("shows one in a line", async () => {
    const failed = ended(aDispatch({ id: ID }), "FAILED", {
      error: { code: "HTTP_500", message: "no", traceback: "" },
    });
    const { env } = await given({}, failed);
    const { out } = await belfryHere(["dispatches", "list", "--state", "failed", "--origin", `${HOOK}?a=1`], env);
    expect(out.split("\n")[1]).toMatch(new RegExp(`^${ID}  alert  FAILED .*${HOOK}  HTTP_500: no$`));
    expect((await belfryHere(["dispatches", "list", "--state", "running"], env)).err).toEqual(["No dispatches."]);
  });
});

describe("belfry dispatches get", () => {
  it("shows what was sent and answered last", async () => {
    const dispatch = aDispatch({ id: ID, action: aWebhook({ callback: { timeoutMs: 60_000 } }) });
    const { api, env } = await given({}, dispatch);
    const exchange: Exchange = {
      request: {
        method: "POST",
        url: HOOK,
        headers: { "webhook-id": ID },
        body: '{"task_type"',
        bodyBytes: 99,
        isCut: true,
      },
      response: { status: 500, headers: {}, body: "no", isCut: false },
      error: null,
      durationMs: 12,
    };
    rowsOf(api.runtime.tables.attempts, ID).set(1, anAttempt({ instanceId: ID, outcome: "FAILED", exchange }));
    const { out } = await belfryHere(["dispatches", "get", ID], env);
    expect(out).toMatch(/^callback +the receiver reports within 1 min$/m);
    expect(out).toMatch(/^Attempt 1:$/m);
    expect(out).toMatch(/^body +\{"task_type" …$/m);
    expect(out).toMatch(/^answered +HTTP 500$/m);
    expect(out).toMatch(/^took +12 ms$/m);
    expect(await jsonHere(["dispatches", "get", ID], env)).toMatchObject({ dispatch: { id: ID, webhookUrl: HOOK } });
  });

  it("says where to look for one that there is not", async () => {
    const { env } = await given({});
    const { code, err } = await belfryHere(["dispatches", "get", ID], env);
    expect(code).toBe(1);
    expect(err[0]).toMatch(/^belfry: DISPATCH_NOT_FOUND: .* "belfry dispatches list" shows which there are\.$/);
  });
});

describe("belfry dispatches replay", () => {
  const retried: string[] = [];
  const retry = async (id: string) => {
    retried.push(id);
    return aDispatch({ id, revision: 9 });
  };

  it("shows what it would do, and does it", async () => {
    const { env } = await given({ instances: { retry } }, ended(aDispatch({ id: ID }), "FAILED"));
    const words = ["dispatches", "replay", "--origin", ORIGIN];
    expect((await belfryHere([...words, "--dry-run"], env)).out).toBe(`1 dispatch would be started anew.\n  ${ID}\n`);
    expect(retried).toEqual([]);
    expect((await belfryHere(words, env)).out).toMatch(/^1 dispatch matched, 1 started anew\.\n/);
    expect((await belfryHere(["dispatches", "replay", ID], env)).out).toMatch(/^state +PENDING/m);
    expect(retried).toEqual([ID, ID]);
  });
});
