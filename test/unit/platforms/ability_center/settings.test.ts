import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PUSH_ACTIONS } from "../../../../src/domain/approval/push-action.ts";
import { abilityCenter } from "../../../../src/platforms/ability_center/connector.ts";
import { toldBy } from "../acknowledging.ts";
import { anyFacts, facts, settingsOf } from "./facts-given.ts";
import { settingsAskedFor } from "./settings-asked-for.ts";

const NEEDED = { host: "https://ability.example.edu.cn", appId: "belfry", appSecret: "secret" };

describe("the settings of 能力中心", () => {
  it("R-003: it says what it is", () => {
    const { name, title, capability, category } = abilityCenter;
    expect({ name, title, capability, category }).toEqual({
      name: "ability_center",
      title: "能力中心",
      capability: "任务中心",
      category: "任务中心",
    });
  });

  it("R-004: only the host and the credentials are required, and all else has a default", () => {
    const { settings, violations } = abilityCenter.read(NEEDED);
    expect(violations).toEqual([]);
    expect(settings).toMatchObject({
      ...NEEDED,
      pushPath: "/third/task.push.push-task",
      tokenPath: "/third/token.get-access-token",
      deletePath: "",
      timeZone: "Asia/Shanghai",
      events: PUSH_ACTIONS,
    });
    expect(Object.values(settings)).not.toContain(null);
    expect(abilityCenter.plan(facts("receive"), settings).kind).toBe("push");
  });

  it("R-004: what is required is asked for", () => {
    const { violations } = abilityCenter.read({});
    expect(violations.map(({ field }) => field)).toEqual(["settings.host", "settings.appId", "settings.appSecret"]);
  });

  it("each is used", () => {
    const names = abilityCenter.settings.map(({ name }) => name);
    expect(settingsAskedFor(abilityCenter)).toEqual(new Set(names));
  });
});

describe("whatever the facts are", () => {
  const SETTINGS = settingsOf(abilityCenter);

  it.each([
    ["the defaults", SETTINGS],
    ["a path for deletions", settingsOf(abilityCenter, { deletePath: "/third/task.delete", deleteOnArchive: true })],
    ["tasks by their session", settingsOf(abilityCenter, { events: ["manual"], taskStatusFrom: "session" })],
  ])(
    "R-017, R-019: a plan comes of them, with requests of JSON to the host, and all it desires is told: %s",
    (_, settings) => {
      fc.assert(
        fc.property(anyFacts, (given) => {
          const plan = abilityCenter.plan(given, settings);
          if (plan.kind === "skip") {
            expect(plan.reason).toMatch(/\.$/u);
            return;
          }
          expect(plan.operations).not.toEqual([]);
          expect(toldBy(plan.operations)).toEqual(plan.desired);
          for (const operation of plan.operations) {
            const context = { settings, token: "t", at: 0, idempotencyKey: "k" };
            const { method, url, body } = abilityCenter.requestOf(operation, context);
            expect([method, new URL(url).origin]).toEqual(["POST", "https://ability.example.edu.cn"]);
            expect(JSON.parse(body)).toEqual(operation.body);
            expect(abilityCenter.repairOf(operation, given, settings)).toEqual([]);
          }
        }),
      );
    },
  );
});
