import { describe, expect, it, onTestFinished } from "vitest";
import { anApiServer } from "../../support/api-server.ts";
import { aWorld } from "../../support/node.ts";
import { belfryHere, jsonHere } from "./belfry-here.ts";

async function given() {
  const world = await aWorld();
  onTestFinished(() => world.stop());
  const resultBackend = {
    read: async () => ({ status: "SUCCESS", result: { sum: 3 }, traceback: "", doneAt: null }),
  };
  const { executions } = await world.start("a", {}, undefined, { resultBackend });
  const api = await anApiServer({ answers: { executions }, queries: world.store.queries, clock: world.clock });
  onTestFinished(() => api[Symbol.asyncDispose]());
  const env = { BELFRY_SERVER: api.url };
  return { ...world, env, here: (...words: readonly string[]) => belfryHere(["executions", ...words], env) };
}

describe("belfry executions (R-134)", () => {
  it("register and update tell of one, and show what is known", async () => {
    const { here } = await given();
    const registered = await here(
      ..."register t1 billing.collect --module billing --status STARTED --user u1 --worker celery@a".split(" "),
      ...'--label env=live --args [1,2] --kwargs {"a":1}'.split(" "),
    );
    expect(registered.out).toMatch(/^status +STARTED$/m);
    expect(registered.out).toMatch(/^args +\[1,2\]$/m);
    expect(registered.out).toMatch(/^worker +celery@a$/m);
    expect((await here("register", "t1", "another")).err).toEqual(["It was registered before; nothing was changed."]);
    const updated = await here("update", "t1", "--metadata", '{"progress_percent":70,"order_id":"42"}');
    expect(updated.out).toMatch(/^progress +70 %$/m);
    const failed = await here("update", "t1", "--status", "failed", "--error", "no luck", "--error-type", "ValueError");
    expect(failed.out).toMatch(/^error +ValueError: no luck$/m);
    const late = await here("update", "t1", "--status", "SUCCESS", "--result", "late");
    expect(late.err).toEqual(["It ended as FAILURE, which is never undone; it was told to be SUCCESS."]);
    expect((await here("show", "t1")).out).toMatch(/^status +FAILURE$/m);
  });

  it("list and stats filter and group", async () => {
    const { here, env } = await given();
    await here("register", "t1", "billing.collect", "--module", "billing", "--metadata", '{"order_id":"42"}');
    await here("register", "t2", "news.fetch", "--module", "news", "--status", "FAILURE", "--error", "no luck");
    const { out } = await here("list");
    expect(out).toMatch(/^t1 +billing\.collect +billing +PENDING/m);
    expect(out).toMatch(/^t2 +news\.fetch +news +FAILURE .* no luck$/m);
    const listed = async (...words: readonly string[]) => {
      const { executions = [] } = await jsonHere<{ executions?: readonly { readonly taskId: string }[] }>(
        ["executions", "list", ...words],
        env,
      );
      return executions.map(({ taskId }) => taskId);
    };
    expect(await listed("--metadata", '{"order_id":"42"}')).toEqual(["t1"]);
    expect(await listed("--status", "failed", "--status", "REVOKED")).toEqual(["t2"]);
    expect(await listed("--search", "BILL")).toEqual(["t1"]);
    expect((await here("list", "--module", "none")).err).toEqual(["No executions."]);
    const stats = await here("stats", "--group-by", "module", "--granularity", "month", "--time-zone", "Asia/Shanghai");
    expect(stats.out).toMatch(/^all +2$/m);
    expect(stats.out).toMatch(/^success rate +0\.0 %$/m);
    expect(stats.out).toMatch(/^news +1 +0\.0 % +t2 +FAILURE/m);
  });

  it("sync takes over what Celery knows", async () => {
    const { here } = await given();
    await here("register", "t1", "n", "--status", "STARTED");
    expect((await here("sync", "t1")).out).toMatch(/^result +\{"sum":3\}$/m);
    expect((await here("sync", "t1")).err).toEqual(["Celery has no news of it."]);
  });

  it("says what is wrong, and what to do next", async () => {
    const { here } = await given();
    const unknown = await here("show", "nobody");
    expect(unknown.err.join("\n")).toMatch(/EXECUTION_NOT_FOUND.*belfry executions list/s);
    expect((await here("register", "t", "n", "--args", "{}")).err.join("\n")).toMatch(/must be a JSON list/);
    expect((await here("update", "t", "--status", "done")).err.join("\n")).toMatch(/status: must be one of PENDING/);
  });
});
