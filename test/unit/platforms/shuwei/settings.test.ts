import { describe, expect, it } from "vitest";
import type { Connector } from "../../../../src/ports/platform/connector.ts";
import type { Settings } from "../../../../src/ports/platform/setting.ts";
import { shuwei } from "../../../../src/platforms/shuwei/shuwei.ts";
import { shuweiV2 } from "../../../../src/platforms/shuwei_v2/shuwei-v2.ts";
import { done, DONE_AT, factsOf, HOST, li, open, session, settingsOf, wang, withdrawn } from "./leave.ts";

const lives = [
  factsOf({ action: "receive" }),
  factsOf({ action: "after_examine", item: done }),
  factsOf({ action: "after_end", item: done, session: { ...session, state: "COMPLETED" } }),
  factsOf({ action: "change_assignee", item: { ...open, assignees: [wang] }, transfer: { from: [li], to: [wang] } }),
  factsOf({ action: "remind_task" }),
  factsOf({ action: "task_abort", item: withdrawn, session: { ...session, state: "ABORTED" } }),
  factsOf({ action: "task_resume", session: { ...session, state: "SUSPENDED" } }),
  factsOf({ action: "sess_delete" }),
];

/** Does all that a connector can do. */
function useAll(connector: Connector, settings: Settings): void {
  connector.token?.requestOf(settings, DONE_AT);
  for (const facts of lives) {
    const plan = connector.plan(facts, settings);
    for (const operation of plan.kind === "push" ? plan.operations : []) {
      connector.requestOf(operation, { settings, token: "t", at: DONE_AT, idempotencyKey: "k" });
      connector.repairOf(operation, facts, settings);
      for (const body of ['{"code":0,"data":{"errorIds":[{"code":1}]}}', '{"code":1,"message":"m"}']) {
        connector.verdictOf(operation, { kind: "answered", status: 200, body }, settings);
      }
    }
  }
}

describe.each([shuwei, shuweiV2])("R-003, R-004: the settings of $name", (connector) => {
  it("with nothing but the required ones it works", () => {
    const given = { host: `${HOST}/`, clientId: "id", clientSecret: "secret", appId: "APP" };
    const required = connector.settings.filter((spec) => spec.required).map(({ name }) => name);
    expect(required.toSorted()).toEqual(Object.keys(given).toSorted());
    const { settings, violations } = connector.read(given);
    expect(violations).toEqual([]);
    expect(() => {
      useAll(connector, settings);
    }).not.toThrow();
  });

  it("each required one is missed", () => {
    const { violations } = connector.read({});
    expect(violations).toHaveLength(4);
  });

  it("each one is used, and none that is not described", () => {
    const used = new Set<string>();
    const settings = new Proxy(settingsOf(connector), {
      get(target, name) {
        if (typeof name === "string") used.add(name);
        return target[String(name)];
      },
    });
    useAll(connector, settings);
    expect([...used].toSorted()).toEqual(connector.settings.map(({ name }) => name).toSorted());
  });

  it("each one has a name of its own, a title and a sentence; every default would be accepted", () => {
    const names = connector.settings.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { title, help } of connector.settings) {
      expect(title).toMatch(/\p{Script=Han}/u);
      expect(help).toMatch(/\.$/u);
    }
    const defaults = Object.fromEntries(connector.settings.map(({ name, default: standard }) => [name, standard]));
    const { violations } = connector.read(defaults);
    expect(violations.map(({ field }) => field).toSorted()).toEqual([
      "settings.appId",
      "settings.clientId",
      "settings.clientSecret",
      "settings.host",
    ]);
  });

  it("only the client's secret is sealed", () => {
    expect(connector.settings.filter(({ secret }) => secret).map(({ name }) => name)).toEqual(["clientSecret"]);
  });

  it("paths are put together with single slashes", () => {
    const settings = settingsOf(connector, { host: `${HOST}/poa/`, pathPrefix: "/v9/", addPath: "/put" });
    const [operation] = (() => {
      const plan = connector.plan(factsOf({}), settings);
      return plan.kind === "push" ? plan.operations : [];
    })();
    const request = connector.requestOf(operation!, { settings, token: "t", at: DONE_AT, idempotencyKey: "k" });
    expect(request.url).toBe(`${HOST}/poa/v9/put`);
  });
});
