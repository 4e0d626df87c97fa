import { describe, expect, it } from "vitest";
import { readConfig } from "../../../src/config/index.ts";
import type { Environment, Machine } from "../../../src/config/index.ts";
import { ALL_CONFIG_KEYS, configRule, variableOfConfig } from "../../../src/domain/config/config-key.ts";

const machine: Machine = { hostname: "tower", pid: 7, readFile: () => "" };

const told = (environment: Environment) => {
  const reading = readConfig(environment, machine);
  return reading.kind === "read" ? reading.config.runtime : reading;
};

describe("what can be configured while Belfry runs (R-131)", () => {
  it("may be said by the environment, a variable a key", () => {
    expect(
      told({
        BELFRY_CONFIG_RETENTION_DAYS: "90",
        BELFRY_CONFIG_CLEANUP_ENABLED: "false",
        BELFRY_CONFIG_CLEANUP_CRONTAB: " 0 3 * * * ",
        BELFRY_CONFIG_MAINTENANCE_TIME_ZONE: "Asia/Shanghai",
        BELFRY_CONFIG_RETRY_MAX: "",
      }),
    ).toEqual({
      retention_days: 90,
      cleanup_enabled: false,
      cleanup_crontab: "0 3 * * *",
      maintenance_time_zone: "Asia/Shanghai",
    });
  });

  it("has a variable for every key", () => {
    const all = ALL_CONFIG_KEYS.map((key) => [variableOfConfig(key), String(configRule(key).fallback)] as const);
    const reading = readConfig(Object.fromEntries(all), machine);
    expect(reading).toMatchObject({ kind: "read", warnings: [] });
    expect(Object.keys(told(Object.fromEntries(all)))).toEqual(ALL_CONFIG_KEYS);
  });

  it.each([
    ["BELFRY_CONFIG_RETENTION_DAYS", "3651", "a whole number from 1 to 3650"],
    ["BELFRY_CONFIG_TIMEOUT_MINUTES", "10m", "a whole number from 1 to 1440"],
    ["BELFRY_CONFIG_CLEANUP_ENABLED", "on", "true or false"],
    ["BELFRY_CONFIG_CLEANUP_CRONTAB", "nightly", "a cron expression, such as 0 2 * * *"],
    ["BELFRY_CONFIG_MAINTENANCE_TIME_ZONE", "Berlin", "an IANA time zone, such as UTC or Asia/Shanghai"],
  ])("stops the start when %s is %j, with a line that names it", (variable, text, allowed) => {
    const message = `${variable} must be ${allowed}, got ${JSON.stringify(text)}.`;
    expect(told({ [variable]: text })).toEqual({ kind: "wrong", variable, message });
  });

  it("warns of a variable that is none, and says which was meant", () => {
    const reading = readConfig({ BELFRY_CONFIG_RETENTION_DAY: "90" }, machine);
    expect(reading.kind === "read" && reading.warnings).toEqual([
      "BELFRY_CONFIG_RETENTION_DAY is not a variable of Belfry and has no effect: did you mean BELFRY_CONFIG_RETENTION_DAYS?",
    ]);
  });
});
