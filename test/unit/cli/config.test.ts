import { describe, expect, it, onTestFinished } from "vitest";
import { anApiServer } from "../../support/api-server.ts";
import { aWorld } from "../../support/node.ts";
import { belfryHere, jsonHere } from "./belfry-here.ts";

async function given() {
  const world = await aWorld();
  onTestFinished(() => world.stop());
  const { configs } = await world.start("a", {}, undefined, { configEnvironment: { timeout_minutes: 20 } });
  const api = await anApiServer({ answers: { configs }, actorStates: world.store.actorStates, clock: world.clock });
  onTestFinished(() => api[Symbol.asyncDispose]());
  const env = { BELFRY_SERVER: api.url };
  return { configs, here: (...words: readonly string[]) => belfryHere(["config", ...words], env), env };
}

describe("belfry config (R-131)", () => {
  it("set, get and unset change what holds for everybody, and keep who did it", async () => {
    const { here } = await given();
    const set = await here("set", "retention_days", "90", "--by", "li", "--reason", "audit");
    expect(set.out).toMatch(/^value +90$/m);
    expect(set.out).toMatch(/^from +GLOBAL$/m);
    const unset = await here("unset", "retention_days", "--by", "wang");
    expect(unset.out).toMatch(/^value +30$/m);
    const { out } = await here("get", "retention_days");
    expect(out).toMatch(/^may be +1 to 3650, 30 by default; users may have their own$/m);
    expect(out).toMatch(/ 90 +- +wang/);
    expect(out).toMatch(/ - +90 +li +audit/);
  });

  it("resolve says what holds for a user, and where that comes from", async () => {
    const { here, env } = await given();
    expect((await here("resolve", "timeout_minutes", "--user", "u1")).out).toBe("value  20\nfrom   ENVIRONMENT\n");
    await here("set", "timeout_minutes", "30", "--user", "u1");
    expect((await here("resolve", "timeout_minutes", "--user", "u1")).out).toBe("value  30\nfrom   USER\n");
    expect(await jsonHere(["config", "resolve", "timeout_minutes"], env)).toEqual({
      value: 20,
      source: "CONFIG_SOURCE_ENVIRONMENT",
    });
  });

  it.each([
    ["cleanup_crontab", "0 3 * * *", "0 3 * * *"],
    ["cleanup_enabled", "false", false],
    ["retry_max", "0", 0],
  ] as const)("set takes a value of %s as it is written: %s", async (key, text, value) => {
    const { configs, here } = await given();
    expect((await here("set", key, text)).code).toBe(0);
    expect(await configs.resolve(key)).toEqual({ value, source: "GLOBAL" });
  });

  it("list shows every key with its source, and what users have set", async () => {
    const { here } = await given();
    await here("set", "retry_max", "5", "--user", "u1");
    const { out } = await here("list");
    expect(out).toMatch(/^timeout_minutes +20 +ENVIRONMENT \(BELFRY_CONFIG_TIMEOUT_MINUTES\)/m);
    expect(out).toMatch(/^retry_max +u1 +5 +USER/m);
    const users = await here("list", "--users");
    expect(users.out.split("\n")).toHaveLength(3);
    expect((await here("list", "--user", "u1", "--key", "retry_max")).out).toMatch(/^retry_max +u1 +5 +USER/m);
    expect((await here("list", "--users", "--user", "u2")).err).toEqual(["No values."]);
  });

  it("says what is wrong with a value, a key or an etag", async () => {
    const { here } = await given();
    const wrong = await here("set", "retention_days", "often");
    expect([wrong.code, wrong.err.join(" ")]).toEqual([
      1,
      expect.stringMatching(/must be a whole number from 1 to 3650/),
    ]);
    expect((await here("get", "nonsense")).err.join(" ")).toMatch(/there are .*retention_days/);
    expect((await here("set", "retry_max", "5", "--etag", "9")).err.join(" ")).toMatch(/ETAG_MISMATCH/);
  });
});
