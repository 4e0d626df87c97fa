import { describe, expect, it, onTestFinished } from "vitest";
import type { Json, JsonObject } from "../../../../src/domain/json.ts";
import { stateOfPlatform, type PlatformRecord } from "../../../../src/domain/platform/platform.ts";
import { stateOfTrigger } from "../../../../src/domain/platform/trigger-state.ts";
import { platformChangeId, stateOfChange } from "../../../../src/domain/platform/platform-change.ts";
import { jinzhi } from "../../../../src/platforms/jinzhi/connector.ts";
import type { ActorKind } from "../../../../src/ports/store/actor-states.ts";
import type { PlatformCommands, PlatformTest } from "../../../../src/runtime/index.ts";
import { rowsOf } from "../../../../src/store/memory/tables.ts";
import { anApiServer } from "../../../support/api-server.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { belfryHere, jsonHere } from "../../cli/belfry-here.ts";
import { aPlatform, aTrigger, JINZHI } from "./given.ts";

async function given(answers: Partial<PlatformCommands> = {}, record: PlatformRecord = aPlatform()) {
  const view = (changed: Partial<PlatformRecord> = {}) => ({
    record: { ...record, ...changed },
    underWay: 1,
    waiting: 4,
  });
  const platforms: Partial<PlatformCommands> = {
    create: async ({ platform }) => view(platform),
    get: async () => view(),
    update: async (_, { change }) =>
      view({
        ...change,
        settings: { ...record.settings, ...change.settings },
        policy: { ...record.policy, ...change.policy },
      }),
    enable: async () => view({ enabled: true }),
    disable: async () => view({ enabled: false }),
    remove: async () => {},
    reset: async () => view(),
    isolate: async (_, { reason = "" }) => view({ breaker: { ...record.breaker, state: "ISOLATED", reason } }),
    createTrigger: async (platformId, { trigger }) => ({
      ...trigger,
      id: "t1",
      platformId,
      createdAt: MANUAL_START_AT,
    }),
    deleteTrigger: async () => {},
    ...answers,
  };
  const api = await anApiServer({ answers: { platforms, connectors: new Map([["jinzhi", jinzhi]]) } });
  onTestFinished(() => api[Symbol.asyncDispose]());
  const write = (kind: ActorKind, id: string, state: JsonObject): void =>
    void rowsOf(api.runtime.tables.actorStates, kind).set(id, { kind, id, shard: 0, state, updatedAt: 0 });
  write("platform", record.id, stateOfPlatform(record));
  const asked = (command: string) => api.runtime.asked.find((each) => each.command === command)?.args;
  return { write, asked, env: { BELFRY_SERVER: api.url } };
}

const FLAGS = ["--name", "jz", "--connector", "jinzhi"];
const SETTINGS = Object.entries(JINZHI).flatMap(([name, value]) => ["--set", `${name}=${value}`]);

describe("belfry platforms", () => {
  it("list shows one in a line", async () => {
    const { env } = await given();
    const { out } = await belfryHere(["platforms", "list", "--disabled", "--connector", "jinzhi"], env);
    expect(out.split("\n")[1]).toMatch(/^p1  jz  +jinzhi  +DISABLED /);
    expect((await belfryHere(["platforms", "list", "--enabled"], env)).err).toEqual(["No platforms."]);
  });

  it("connectors shows which there are, and the settings of one", async () => {
    const { env } = await given();
    const { out } = await belfryHere(["platforms", "connectors"], env);
    expect(out).toMatch(/^jinzhi .*any +host, appId, appSecret, sceneCode$/m);
    const settings = (await belfryHere(["platforms", "connectors", "jinzhi"], env)).out;
    expect(settings).toMatch(/^appSecret +\S.* password +\(required\)/m);
    expect(settings).toMatch(/^authCodes .* list +\["40001","40014","42001"\]/m);
    const { code, err } = await belfryHere(["platforms", "connectors", "nobody"], env);
    expect([code, err[0]]).toEqual([1, 'belfry: There is no connector "nobody": there are jinzhi.']);
  });

  it("create makes one from options, and says what comes next", async () => {
    const { asked, env } = await given();
    const beside = ["--settings", '{"tokenSeconds":60}', "--max-concurrent", "3", "--rate", "5", "--by", "li"];
    const said = await belfryHere(["platforms", "create", ...FLAGS, ...SETTINGS, ...beside], env);
    expect(said.code).toBe(0);
    expect(asked("create")?.[0]).toMatchObject({
      changedBy: "li",
      platform: {
        name: "jz",
        connector: "jinzhi",
        settings: { ...JINZHI, tokenSeconds: 60 },
        policy: { maxConcurrent: 3, rate: { perSecond: 5, burst: 5 } },
      },
    });
    expect(said.err[0]).toContain('"belfry platforms test p1"');
  });

  it("create makes one from a file, above which options stand", async () => {
    const { asked, env } = await given();
    const file = JSON.stringify({ platform: { name: "a", connector: "jinzhi", settings: JINZHI } });
    const words = ["platforms", "create", "-f", "jz.json", "--name", "b", "--set", "appId=c"];
    expect(await jsonHere(words, env, { "jz.json": file })).toMatchObject({ platform: { id: "p1" } });
    expect(asked("create")?.[0]).toMatchObject({ platform: { name: "b", settings: { ...JINZHI, appId: "c" } } });
  });

  it("show and get show one, without what is not set", async () => {
    const settings: Readonly<Record<string, Json>> = { ...JINZHI, priority: null };
    const { env } = await given({}, aPlatform({ settings, standsFor: "p2" }));
    const { out } = await belfryHere(["platforms", "show", "p1"], env);
    expect(out).toMatch(/^stands for +p2$/m);
    expect(out).toMatch(/^setting sceneCode +APPROVAL$/m);
    expect(out).not.toContain("priority");
    expect(out).toMatch(/^swept +up to 3 times an item, 5 min apart$/m);
    expect((await belfryHere(["platforms", "get", "p1"], env)).out).toBe(out);
  });

  it("update changes what its options name, and nothing else", async () => {
    const { asked, env } = await given();
    const words = [
      "--set",
      "appSecret=new",
      "--unset",
      "priority",
      "--max-concurrent",
      "4",
      "--etag",
      "1",
      "--reason",
      "r",
    ];
    await belfryHere(["platforms", "update", "p1", ...words], env);
    expect(asked("update")).toMatchObject([
      "p1",
      {
        etag: "1",
        reason: "r",
        change: { settings: { appSecret: "new", priority: null }, policy: { maxConcurrent: 4 } },
      },
    ]);
    expect(asked("update")?.[1]).not.toHaveProperty("change.name");
    const nothing = await belfryHere(["platforms", "update", "p1"], env);
    expect([nothing.code, nothing.err[0]]).toEqual([1, "belfry: Say what to change (see --help)."]);
  });

  it("update ends that it stands for another", async () => {
    const { asked, env } = await given();
    await belfryHere(["platforms", "update", "p1", "--stands-for", ""], env);
    expect(asked("update")).toMatchObject(["p1", { change: { standsFor: null } }]);
  });

  it("enable, disable, reset, isolate and delete say who asks and why", async () => {
    const { asked, env } = await given();
    const run = async (verb: string) =>
      (await belfryHere(["platforms", verb, "p1", "--by", "li", "--reason", "they move", "--etag", "1"], env)).out;
    expect(await run("enable")).toMatch(/^state +ENABLED$/m);
    expect(await run("disable")).toMatch(/^state +DISABLED$/m);
    expect(await run("isolate")).toMatch(/^because +they move$/m);
    expect(await run("reset")).toMatch(/^breaker +CLOSED$/m);
    expect(await run("delete")).toMatch(/^Deleted/);
    for (const command of ["enable", "disable", "isolate", "reset", "remove"]) {
      expect(asked(command)).toMatchObject(["p1", { changedBy: "li", reason: "they move", etag: "1" }]);
    }
  });

  it("status shows how it fares", async () => {
    const { env } = await given({}, aPlatform({ enabled: true }));
    const { out } = await belfryHere(["platforms", "status", "p1"], env);
    expect(out).toMatch(/^breaker +CLOSED$/m);
    expect(out).toMatch(/^now +1 under way, 4 waiting$/m);
    expect(out).toMatch(/^token +NONE$/m);
  });

  it.each(["test", "refresh-token"])("%s says what was found, and fails when it is not well", async (verb) => {
    const found = (ok: boolean): PlatformTest => ({
      ok,
      code: ok ? "" : "40001",
      message: ok ? "It gave a token." : "no such appId",
      exchanges: [],
      view: { record: aPlatform(), underWay: 0, waiting: 0 },
    });
    const well = await given({ test: async () => found(true), refreshToken: async () => found(true) });
    const good = await belfryHere(["platforms", verb, "p1"], well.env);
    expect([good.code, good.err]).toEqual([0, []]);
    expect(good.out).toMatch(/^found +It gave a token\.$/m);
    const ill = await given({ test: async () => found(false), refreshToken: async () => found(false) });
    const bad = await belfryHere(["platforms", verb, "p1"], ill.env);
    expect([bad.code, bad.err]).toEqual([1, ["belfry: the platform is not well: 40001: no such appId"]]);
    expect(bad.out).toMatch(/^well +no$/m);
  });

  it("changes shows who changed what", async () => {
    const { write, env } = await given();
    const id = platformChangeId("p1", 1);
    const what = {
      kind: "UPDATED",
      changedBy: "li",
      reason: "why",
      before: { name: "a" },
      after: { name: "b" },
    } as const;
    write("platform_change", id, stateOfChange({ id, shard: 0, platformId: "p1", at: MANUAL_START_AT, ...what }));
    const { out } = await belfryHere(["platforms", "changes", "p1"], env);
    expect(out.split("\n")[1]).toMatch(/UPDATED  li  why  \{"name":"a"\}  \{"name":"b"\}$/);
  });

  it("triggers are made, listed and deleted", async () => {
    const { write, asked, env } = await given();
    const words = [
      "--action",
      "receive,after_end",
      "--action",
      "action.archive.0",
      "--app",
      "12",
      "--assignee",
      "10086",
    ];
    const made = await belfryHere(["platforms", "triggers", "create", "p1", ...words, "--by", "li"], env);
    expect(made.out).toMatch(/^t1  p1 +receive, after_end, archive  12 +assignee 10086 /m);
    expect(asked("createTrigger")).toMatchObject(["p1", { changedBy: "li", trigger: { appIds: ["12"] } }]);
    write("trigger", "t1", stateOfTrigger(aTrigger()));
    const { out } = await belfryHere(["platforms", "triggers", "list", "--platform", "p1"], env);
    expect(out).toMatch(/^t1  p1 +all +all +always /m);
    expect((await belfryHere(["platforms", "triggers", "delete", "t1"], env)).out).toBe("Deleted.\n");
    expect(asked("deleteTrigger")?.[0]).toBe("t1");
  });

  const verbs =
    "list connectors create show status changes update delete enable disable test reset isolate refresh-token";
  it.each([...verbs.split(" "), "triggers list", "triggers create", "triggers delete"])(
    "%s has an example",
    async (verb) => {
      const { code, out } = await belfryHere(["platforms", ...verb.split(" "), "--help"]);
      expect(code).toBe(0);
      expect(out).toContain(`$ belfry platforms ${verb}`);
    },
  );
});
