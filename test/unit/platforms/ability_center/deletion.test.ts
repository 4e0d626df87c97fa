/** Connector and platform together: what is deleted here is gone there, in the order in which the platform allows it. */
import { describe, expect, it } from "vitest";
import type { PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import { abilityCenter } from "../../../../src/platforms/ability_center/connector.ts";
import type { Settings } from "../../../../src/ports/platform/setting.ts";
import { ABILITY_CENTER, anAbilityCenter } from "../../../support/platforms/ability-center.ts";
import { refusesWith } from "../../../support/platforms/faults.ts";
import type { PlatformServer } from "../../../support/platforms/platform-server.ts";
import { ask } from "../../support/platforms/asking.ts";
import { after } from "../acknowledging.ts";
import { aDoneItem, anItem, facts, operationsOf, settingsOf } from "./facts-given.ts";

const DELETE_PATH = "/third/task.delete";
const ITEMS = [aDoneItem({ id: "9000" }), anItem()];
const ALL_GONE = ["task 9000", "task 9001", "instance 77"];

/** A platform, and what it has acknowledged. */
class Pushing {
  readonly platform: PlatformServer;
  acknowledged: PushFacts["acknowledged"] = new Map();
  readonly #settings: Settings;
  readonly #token: string;

  private constructor(platform: PlatformServer) {
    this.platform = platform;
    const { appId, appSecret } = ABILITY_CENTER;
    const given = { host: platform.origin, appId, appSecret, deletePath: DELETE_PATH, deleteOnArchive: true };
    this.#settings = settingsOf(abilityCenter, given);
    this.#token = platform.tokens.issue();
  }

  static async to(deletePath = DELETE_PATH): Promise<Pushing> {
    return new Pushing(await anAbilityCenter({ deletePath }));
  }

  /** @returns the verdicts; one that is not ok stops a deletion. */
  async push(given: Partial<PushFacts>): Promise<readonly string[]> {
    const told: PushFacts = {
      ...facts("manual", { items: ITEMS, item: null }),
      acknowledged: this.acknowledged,
      ...given,
    };
    const verdicts: string[] = [];
    for (const operation of operationsOf(abilityCenter.plan(told, this.#settings))) {
      const context = { settings: this.#settings, token: this.#token, at: 0, idempotencyKey: "" };
      const { method, url, headers, body } = abilityCenter.requestOf(operation, context);
      const { status, body: answer } = await ask(this.platform, method, url.slice(this.platform.origin.length), body, {
        ...headers,
      });
      const said = { kind: "answered", status, body: JSON.stringify(answer) } as const;
      const { class: verdict } = abilityCenter.verdictOf(operation, said, this.#settings);
      verdicts.push(verdict);
      if (verdict === "ok") {
        this.acknowledged = after(this.acknowledged, [operation]);
      } else if (operation.onFailure === "stop") {
        break;
      }
    }
    return verdicts;
  }

  get deleted(): readonly string[] {
    return this.platform.believes.deletions.map(({ what, id }) => `${what} ${id}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.platform[Symbol.asyncDispose]();
  }
}

describe("能力中心 with a path for deletions", () => {
  it("R-042: loses every task one by one, then the instance, and takes no offence at the same again", async () => {
    await using pushing = await Pushing.to();
    expect(await pushing.push({})).toEqual(["ok", "ok"]);
    const deletion = { action: "sess_delete", isDeleted: true } as const;
    expect(await pushing.push(deletion)).toEqual(["ok", "ok", "ok"]);
    expect(pushing.deleted).toEqual(ALL_GONE);
    expect([pushing.platform.refusals, pushing.acknowledged.size]).toEqual([[], 0]);

    expect(await pushing.push(deletion)).toEqual(["ok", "ok", "ok"]);
    expect(pushing.deleted).toEqual(ALL_GONE);
    expect(pushing.platform.refusals.map(({ kind }) => kind)).toEqual(["unknown", "unknown", "unknown"]);
    expect(pushing.platform.violations).toEqual([]);
  });

  it("R-042: keeps the instance while one of its tasks stays, and loses it with the next push", async () => {
    await using pushing = await Pushing.to();
    await pushing.push({});
    pushing.platform.faults.next(1, refusesWith(7, "系统繁忙"));
    const deletion = { action: "sess_delete", isDeleted: true } as const;
    expect(await pushing.push(deletion)).toEqual(["permanent"]);
    expect([pushing.deleted, pushing.platform.believes.tasks.length]).toEqual([[], 2]);
    expect(await pushing.push(deletion)).toEqual(["ok", "ok", "ok"]);
    expect(pushing.deleted).toEqual(ALL_GONE);
    expect([pushing.platform.refusals, pushing.platform.violations]).toEqual([[], []]);
  });

  it("R-062: what was archived does not come back with a late event", async () => {
    await using pushing = await Pushing.to();
    await pushing.push({});
    await pushing.push({ action: "archive", isArchived: true });
    await pushing.push({ action: "receive", isArchived: true, item: anItem() });
    expect([pushing.deleted, pushing.platform.believes.tasks]).toEqual([ALL_GONE, []]);
    expect(pushing.platform.believes.instances).toEqual([]);
    expect(pushing.platform.violations).toEqual([]);
  });
});
