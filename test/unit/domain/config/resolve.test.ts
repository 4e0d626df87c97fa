import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../../../src/domain/config/resolve.ts";
import type { ConfigLevels } from "../../../../src/domain/config/resolve.ts";

describe("what holds (R-131): user before global before environment before default", () => {
  it.each<[string, ConfigLevels, number, string]>([
    ["nothing is set", {}, 10, "DEFAULT"],
    ["the environment", { environment: 20 }, 20, "ENVIRONMENT"],
    ["a global value", { global: 30 }, 30, "GLOBAL"],
    ["a global value above the environment", { global: 30, environment: 20 }, 30, "GLOBAL"],
    ["a user's own value", { user: 40 }, 40, "USER"],
    ["a user's own value above all", { user: 40, global: 30, environment: 20 }, 40, "USER"],
    ["a user's own value above the environment", { user: 40, environment: 20 }, 40, "USER"],
    ["the default, set by somebody", { global: 10, environment: 20 }, 10, "GLOBAL"],
    ["a value that is out of bounds is passed over", { user: 0, global: 30 }, 30, "GLOBAL"],
    ["a value of another kind is passed over", { user: "40", global: -1, environment: 20 }, 20, "ENVIRONMENT"],
    ["nothing that may be", { user: 0, global: 1441, environment: null }, 10, "DEFAULT"],
  ])("%s", (_, levels, value, source) => {
    expect(resolveConfig("timeout_minutes", levels)).toEqual({ value, source });
  });

  it("false and 0 are values like others", () => {
    expect(resolveConfig("retry_backoff", { user: false, global: true })).toEqual({ value: false, source: "USER" });
    expect(resolveConfig("retry_max", { global: 0, environment: 5 })).toEqual({ value: 0, source: "GLOBAL" });
  });

  it("a user's value counts only where users may have one", () => {
    const levels = { user: "0 4 * * *", global: "0 3 * * *" };
    expect(resolveConfig("cleanup_crontab", levels)).toEqual({ value: "0 3 * * *", source: "GLOBAL" });
  });
});
