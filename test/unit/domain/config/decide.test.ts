import { describe, expect, it } from "vitest";
import { configId, readConfigPlace, userPrefix } from "../../../../src/domain/config/config-place.ts";
import type { ConfigPlace } from "../../../../src/domain/config/config-place.ts";
import { configChangeId } from "../../../../src/domain/config/config-record.ts";
import { decideConfig, etagOfConfig } from "../../../../src/domain/config/decide.ts";
import type { AskedConfig, ConfigDecision, KnownConfig } from "../../../../src/domain/config/decide.ts";

const PLACE: ConfigPlace = { scope: "GLOBAL", userId: "", key: "retention_days" };
const NOTHING: KnownConfig = { record: null, lastChange: null };

function asked(given: Partial<AskedConfig> = {}): AskedConfig {
  return { place: PLACE, value: 90, changedBy: "li", reason: "audit", at: 1000, ...given };
}

function changed(decision: ConfigDecision): ConfigDecision & { kind: "changed" } {
  if (decision.kind !== "changed") throw new Error(`It was decided: ${decision.kind}`);
  return decision;
}

function after({ record, change }: ConfigDecision & { kind: "changed" }): KnownConfig {
  return { record, lastChange: change };
}

describe("a change of configuration", () => {
  it("sets a value, and says who set it when, and what was there before", () => {
    const first = changed(decideConfig(NOTHING, asked()));
    expect(first.record).toEqual({
      ...PLACE,
      value: 90,
      revision: 1,
      createdAt: 1000,
      updatedAt: 1000,
      updatedBy: "li",
    });
    const second = changed(decideConfig(after(first), asked({ value: 7, changedBy: "wang", reason: "", at: 2000 })));
    expect(second.record).toMatchObject({ value: 7, revision: 2, createdAt: 1000, updatedAt: 2000 });
    expect(second.change).toEqual({
      ...PLACE,
      revision: 2,
      before: 90,
      after: 7,
      changedBy: "wang",
      reason: "",
      at: 2000,
    });
    expect(second.announcement).toMatchObject({
      resource: "config",
      resourceId: "retention_days",
      name: "changed",
      data: { scope: "GLOBAL", userId: "", before: 90, value: 7, changedBy: "wang" },
    });
  });

  it("to what is there already, or from nothing to nothing, is none", () => {
    const { record, change } = changed(decideConfig(NOTHING, asked()));
    expect(decideConfig({ record, lastChange: change }, asked())).toEqual({ kind: "unchanged" });
    expect(decideConfig(NOTHING, asked({ value: null }))).toEqual({ kind: "unchanged" });
  });

  it("goes on counting when a value that was unset is set again", () => {
    const set = changed(decideConfig(NOTHING, asked()));
    const unset = changed(decideConfig(after(set), asked({ value: null, at: 2000 })));
    expect(unset).toMatchObject({ record: null, change: { revision: 2, before: 90, after: null } });
    const anew = changed(decideConfig(after(unset), asked({ value: 5, at: 3000 })));
    expect(anew).toMatchObject({ record: { revision: 3, createdAt: 3000 }, change: { before: null, after: 5 } });
  });

  it("with an etag is made only of what had it", () => {
    const { record, change } = changed(decideConfig(NOTHING, asked()));
    const known = { record, lastChange: change };
    expect(etagOfConfig(record)).toBe("1");
    expect(decideConfig(known, asked({ value: 7, etag: "1" })).kind).toBe("changed");
    expect(decideConfig(known, asked({ value: 7, etag: "2" }))).toEqual({ kind: "stale", etag: "1" });
    expect(decideConfig(NOTHING, asked({ etag: "1" }))).toEqual({ kind: "stale", etag: "" });
  });

  it("is never older than the one before, though the clock was set back", () => {
    const first = changed(decideConfig(NOTHING, asked({ at: 5000 })));
    expect(changed(decideConfig(after(first), asked({ value: 7, at: 1000 }))).change.at).toBe(5000);
  });
});

describe("a place", () => {
  it("has an id that says scope, user and key, and no user's is the beginning of another's", () => {
    expect(configId(PLACE)).toBe("global/retention_days");
    expect(configId({ ...PLACE, scope: "USER", userId: "u1" })).toBe("user/u1/retention_days");
    const odd = configId({ ...PLACE, scope: "USER", userId: "u1/retry_max" });
    expect(odd.startsWith(userPrefix("u1"))).toBe(false);
    expect(odd).not.toBe(configId({ ...PLACE, scope: "USER", userId: "u1%2Fretry_max" }));
  });

  it("has changes of which newer ones sort first", () => {
    const ids = [1, 2, 9, 10, 99, 100].map((revision) => configChangeId(PLACE, revision));
    expect(ids.toSorted()).toEqual(ids.toReversed());
  });

  it.each([
    [{ scope: "USER", userId: "", key: "retry_max" }, ["userId"]],
    [{ scope: "GLOBAL", userId: "u1", key: "retry_max" }, ["userId"]],
    [{ scope: "USER", userId: "u1", key: "cleanup_crontab" }, ["scope"]],
    [{ scope: "USER", userId: "", key: "nonsense" }, ["userId", "key"]],
    [{ scope: "GLOBAL", userId: "", key: "toString" }, ["key"]],
  ] as const)("that cannot be is refused: %j", (given, fields) => {
    const reading = readConfigPlace(given, true);
    expect(reading.kind === "wrong" && reading.violations.map(({ field }) => field)).toEqual(fields);
  });

  it("of a user can be read whatever the key, for what holds there is the global value", () => {
    expect(readConfigPlace({ scope: "USER", userId: "u1", key: "cleanup_crontab" }, false).kind).toBe("place");
  });

  it("with an unknown key is refused with those that there are", () => {
    const reading = readConfigPlace({ scope: "GLOBAL", userId: "", key: "retention" }, false);
    const [violation] = reading.kind === "wrong" ? reading.violations : [];
    expect(violation?.description).toMatch(/there are .*cleanup_crontab.*retention_days.*timeout_minutes/);
  });
});
