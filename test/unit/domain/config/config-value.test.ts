import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  ALL_CONFIG_KEYS,
  CONFIG_KEYS,
  configRule,
  variableOfConfig,
} from "../../../../src/domain/config/config-key.ts";
import type { ConfigKey } from "../../../../src/domain/config/config-key.ts";
import { allowedInWords, readConfigText, readConfigValue } from "../../../../src/domain/config/config-value.ts";
import type { Json } from "../../../../src/domain/json.ts";

const said = (key: ConfigKey, value: Json) => {
  const reading = readConfigValue(key, value);
  return reading.kind === "value" ? reading.value : reading.description;
};

describe("the table of keys (R-131, R-133)", () => {
  it("has the source's keys with its defaults, and thirty days of retention", () => {
    const defaults = Object.fromEntries(ALL_CONFIG_KEYS.map((key) => [key, configRule(key).fallback]));
    expect(defaults).toMatchObject({
      retention_days: 30,
      timeout_minutes: 10,
      cleanup_crontab: "0 2 * * *",
      mark_timeout_crontab: "*/30 * * * *",
      cleanup_only_completed: true,
      cleanup_batch_size: 5000,
      retry_max: 3,
      retry_backoff: true,
      retry_backoff_max: 600,
    });
  });

  it.each(ALL_CONFIG_KEYS)("%s has a default that its own rule allows, and a variable", (key) => {
    const { fallback } = configRule(key);
    expect(said(key, fallback)).toBe(fallback);
    expect(readConfigText(key, String(fallback))).toEqual({ kind: "value", value: fallback });
    expect(variableOfConfig(key)).toMatch(/^BELFRY_CONFIG_[A-Z_]+$/);
  });

  it("is the one of docs/configuration.md", async () => {
    const page = await readFile(new URL("../../../../docs/configuration.md", import.meta.url), "utf8");
    const rows = page.matchAll(/^\| `(?<key>\w+)`(?<cells>.*)\|$/gm);
    const shown = [...rows].map(({ groups }) => [
      groups?.["key"],
      ...(groups?.["cells"] ?? "").split(" |").map((cell) => cell.replace("|", "").trim()),
    ]);
    expect(shown.map((row) => row.filter((cell) => cell !== ""))).toEqual(
      ALL_CONFIG_KEYS.map((key) => {
        const rule = configRule(key);
        const { fallback, forUsers, description } = rule;
        return [key, allowedInWords(rule), `\`${String(fallback)}\``, forUsers ? "yes" : "no", description];
      }),
    );
  });

  it("lets users have their own of what concerns their tasks alone", () => {
    const own = ALL_CONFIG_KEYS.filter((key) => CONFIG_KEYS[key].forUsers);
    const retries = ["retry_backoff", "retry_backoff_max", "retry_delay", "retry_max"];
    expect(own).toEqual(["retention_days", ...retries, "timeout_minutes"]);
  });
});

describe("a value", () => {
  it.each<[ConfigKey, number, number]>([
    ["retention_days", 1, 3650],
    ["timeout_minutes", 1, 1440],
    ["retry_max", 0, 100],
  ])("of %s lies from %d to %d", (key, least, most) => {
    expect([said(key, least), said(key, most)]).toEqual([least, most]);
    const refused = `must be a whole number from ${least} to ${most}`;
    for (const wrong of [least - 1, most + 1, least + 0.5, String(least), true, null, [least], {}]) {
      expect(said(key, wrong)).toBe(refused);
    }
  });

  it("that stands under its own key is taken out of there, and under another one refused", () => {
    expect(said("retention_days", { retention_days: 7 })).toBe(7);
    expect(said("retention_days", { timeout_minutes: 7 })).toMatch(/^must be/);
    expect(said("retention_days", { retention_days: 0 })).toMatch(/^must be/);
    expect(said("retention_days", { retention_days: { retention_days: 7 } })).toMatch(/^must be/);
  });

  it.each(["0 3 * * *", "*/5 8-18 * * MON-FRI", "0 0 L * *", "30 0 2 * * *", " 0 4 * * * "])(
    "of a crontab is what schedules take: %j",
    (expression) => {
      expect(said("cleanup_crontab", expression)).toBe(expression.trim());
    },
  );

  it.each([
    ["61 * * * *", /must be a cron expression.*61/],
    ["* * *", /has 3 fields, needs 5/],
    ["", /has 0 fields/],
    ["0 0 30 2 *", /names no day that ever comes/],
    ["0 2 * * *\n0 3 * * *", /must be a cron expression/],
    [5, /must be a cron expression/],
  ])("of a crontab that schedules refuse is refused: %j", (expression, why) => {
    expect(said("mark_timeout_crontab", expression)).toMatch(why);
  });

  it("of the other kinds is what they say", () => {
    expect(said("cleanup_enabled", false)).toBe(false);
    expect(said("cleanup_enabled", "false")).toBe("must be true or false");
    expect(said("maintenance_time_zone", "Asia/Shanghai")).toBe("Asia/Shanghai");
    expect(said("maintenance_time_zone", "Asia/Nowhere")).toMatch(/IANA time zone/);
  });

  it.each<[ConfigKey, string, unknown]>([
    ["retention_days", "90", 90],
    ["cleanup_enabled", "false", false],
    ["cleanup_crontab", "0 3 * * *", "0 3 * * *"],
  ])("of %s is read from the text %j", (key, text, value) => {
    expect(readConfigText(key, text)).toEqual({ kind: "value", value });
  });

  it.each<[ConfigKey, string]>([
    ["retention_days", "3651"],
    ["retention_days", "-1"],
    ["retention_days", "1e2"],
    ["retention_days", "thirty"],
    ["cleanup_enabled", "yes"],
    ["cleanup_crontab", "often"],
  ])("of %s is not read from the text %j", (key, text) => {
    expect(readConfigText(key, text).kind).toBe("wrong");
  });
});
