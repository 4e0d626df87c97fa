import { expect, it } from "vitest";
import type { DefinitionRecord } from "../../../src/domain/definition/definition.ts";
import type { DefinitionFilter } from "../../../src/ports/store/queries.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import { aDefinition, aSupervisor, anOccurrence } from "../../support/records.ts";
import type { ShardWriter } from "../../support/shard-writer.ts";
import type { Given } from "./given-store.ts";
import { readPages } from "./pages.ts";

async function write(node: ShardWriter, ...definitions: readonly DefinitionRecord[]): Promise<void> {
  await node.write({ definitions, supervisors: definitions.map((definition) => aSupervisor(definition)) });
}

async function idsOf(store: Store, filter: DefinitionFilter): Promise<string> {
  return (await store.queries.listDefinitions(filter, null, 100)).map(({ definition }) => definition.id).join(" ");
}

async function found(store: Store, query: string, filter: DefinitionFilter = {}, limit = 10): Promise<string> {
  return (await store.queries.searchDefinitions(query, filter, limit)).map(({ definition }) => definition.id).join(" ");
}

/** What the API reads of definitions. */
export function definitionQueriesContract(given: Given): void {
  it(
    "a definition that does not exist is null",
    given(async ({ store }) => {
      expect(await store.queries.getDefinition("nobody")).toBeNull();
    }),
  );

  it(
    "lists come newest first, those of one instant by id in code unit order",
    given(async ({ store, writer }) => {
      const same = ["B", "a", "_", "9", "10", "任务"].map((id, index) =>
        aDefinition({ id, shard: index % 4, createdAt: 500 }),
      );
      await write(
        await writer(),
        ...same,
        aDefinition({ id: "new", createdAt: 501 }),
        aDefinition({ id: "old", createdAt: 499 }),
      );
      expect(await idsOf(store, {})).toBe("new 任务 a _ B 9 10 old");
    }),
  );

  it(
    "list pages cover all rows once, in order",
    given(async ({ store, writer }) => {
      const definitions = Array.from({ length: 11 }, (_, index) =>
        aDefinition({ id: `d${index}`, createdAt: 1000 + (index >> 2) }),
      );
      await write(await writer(), ...definitions);
      const whole = await idsOf(store, {});
      for (const size of [1, 3, 4, 11, 12]) {
        const rows = await readPages(
          size,
          (after, limit) => store.queries.listDefinitions({}, after, limit),
          ({ definition }) => ({ at: definition.createdAt, id: definition.id }),
        );
        expect(rows.map(({ definition }) => definition.id).join(" "), `pages of ${size}`).toBe(whole);
      }
    }),
  );

  it(
    "each filter keeps what it names, and together they must all hold",
    given(async ({ store, writer }) => {
      await write(
        await writer(),
        aDefinition({ id: "a", createdAt: 30, state: "PAUSED", spec: { userId: "u1", businessId: "b'1" } }),
        aDefinition({ id: "b", createdAt: 20, spec: { userId: "u1", labels: { team: "ops", 环境: "生产" } } }),
        aDefinition({ id: "c", createdAt: 10, state: "COMPLETED", spec: { userId: "u2", labels: { team: "dev" } } }),
      );
      expect(await idsOf(store, {})).toBe("a b c");
      expect(await idsOf(store, { userId: "u1" })).toBe("a b");
      expect(await idsOf(store, { states: ["PAUSED"] })).toBe("a");
      expect(await idsOf(store, { states: ["COMPLETED", "ACTIVE", "CANCELLED"] })).toBe("b c");
      expect(await idsOf(store, { businessId: "b'1" })).toBe("a");
      expect(await idsOf(store, { labels: { team: "ops" } })).toBe("b");
      expect(await idsOf(store, { labels: { team: "ops", 环境: "生产" } })).toBe("b");
      expect(await idsOf(store, { labels: { team: "ops", 环境: "测试" } })).toBe("");
      expect(await idsOf(store, { labels: {} })).toBe("a b c");
      expect(await idsOf(store, { createdAfter: 20 })).toBe("a b");
      expect(await idsOf(store, { createdBefore: 20 })).toBe("c");
      expect(await idsOf(store, { createdAfter: 20, createdBefore: 30 })).toBe("b");
      expect(await idsOf(store, { userId: "u1", states: ["ACTIVE"], labels: { team: "ops" } })).toBe("b");
      expect(await idsOf(store, { userId: "u2", states: ["ACTIVE"] })).toBe("");
      const page = await store.queries.listDefinitions({ userId: "u1" }, { at: 30, id: "a" }, 10);
      expect(page.map(({ definition }) => definition.id)).toEqual(["b"]);
    }),
  );

  it(
    "those of the system are in no list and no search, and are found by their id",
    given(async ({ store, writer }) => {
      const ids = ["$", "$dispatch/https://hooks.example.com", "$belfry/sweep"];
      const system = ids.map((id) => aDefinition({ id, createdAt: 20 }));
      const users = ["#a", "%", "a$", "dispatch"].map((id, index) => aDefinition({ id, createdAt: 10 + 10 * index }));
      await write(await writer(), ...system, ...users);
      expect(await idsOf(store, {})).toBe("dispatch a$ % #a");
      expect(await idsOf(store, { userId: "user1", createdBefore: 30 })).toBe("% #a");
      expect(await idsOf(store, { maintenance: true, createdBefore: 30 })).toBe("% $belfry/sweep #a");
      const page = await store.queries.listDefinitions({}, { at: 30, id: "a$" }, 1);
      expect(page.map(({ definition }) => definition.id)).toEqual(["%"]);
      expect(await found(store, "监控服务器")).toBe("dispatch a$ % #a");
      expect(await found(store, "监控服务器", {}, 3)).toBe("dispatch a$ %");
      for (const definition of system) {
        expect((await store.queries.getDefinition(definition.id))?.definition).toEqual(definition);
        expect(await store.actors.loadDefinitions([definition.id])).toHaveLength(1);
      }
    }),
  );

  it(
    "search finds Chinese, what shares most first (R-105)",
    given(async ({ store, writer }) => {
      await write(
        await writer(),
        aDefinition({ id: "backup", spec: { name: "backup", content: "备份服务器" } }),
        aDefinition({ id: "watch", spec: { name: "watch", content: "监控服务器状态" } }),
        aDefinition({ id: "weather", spec: { name: "weather", content: "天气预报" } }),
      );
      expect(await found(store, "监控服务器")).toBe("watch backup");
      expect(await found(store, "监控一下服务器")).toBe("watch backup");
      expect(await found(store, "天气")).toBe("weather");
      expect(await found(store, "会议")).toBe("");
    }),
  );

  it(
    "search finds English in name and content, with other endings and typos",
    given(async ({ store, writer }) => {
      await write(
        await writer(),
        aDefinition({ id: "watch", spec: { name: "Monitor servers", content: "" } }),
        aDefinition({ id: "report", spec: { name: "weekly", content: "Email the Report" } }),
      );
      expect(await found(store, "server monitor")).toBe("watch");
      expect(await found(store, "moniter servers")).toBe("watch");
      expect(await found(store, "ＭＯＮＩＴＯＲ")).toBe("watch");
      expect(await found(store, "report email")).toBe("report");
    }),
  );

  it(
    "search keeps to filter and limit, and nothing is found for a query of signs",
    given(async ({ store, writer }) => {
      await write(
        await writer(),
        aDefinition({ id: "a", spec: { userId: "u1", content: "监控服务器" } }),
        aDefinition({ id: "b", state: "PAUSED", spec: { userId: "u2", content: "监控服务" } }),
        aDefinition({ id: "c", spec: { userId: "u2", content: "监控" } }),
      );
      expect(await found(store, "监控服务器", { userId: "u2" })).toBe("b c");
      expect(await found(store, "监控服务器", { states: ["ACTIVE"] })).toBe("a c");
      expect(await found(store, "监控服务器", {}, 2)).toBe("a b");
      for (const signs of ["", " ", "%", "'", "\\", "(&|!)"]) expect(await found(store, signs), signs).toBe("");
    }),
  );

  it(
    "search follows a definition's new text",
    given(async ({ store, writer }) => {
      const node = await writer();
      const definition = aDefinition({ spec: { name: "x", content: "监控服务器" } });
      await write(node, definition);
      await write(node, aDefinition({ ...definition, revision: 2, spec: { name: "y", content: "天气预报" } }));
      expect(await found(store, "监控")).toBe("");
      expect(await found(store, "天气")).toBe(definition.id);
    }),
  );

  it(
    "occurrences are listed newest due time first, by filter, in pages",
    given(async ({ store, writer }) => {
      const node = await writer();
      const outcomes = ["FIRED", "MISSED", "FIRED", "PAUSED", "DROPPED"] as const;
      const occurrences = outcomes.map((outcome, index) => anOccurrence({ scheduledAt: 10 * (index + 1), outcome }));
      await node.write({ occurrences: [...occurrences, anOccurrence({ definitionId: "another", scheduledAt: 25 })] });
      const list = async (filter: object, before: number | null = null, limit = 10) =>
        (await store.queries.listOccurrences({ definitionId: "definition", ...filter }, before, limit)).map(
          (row) => row.scheduledAt,
        );

      expect(await list({})).toEqual([50, 40, 30, 20, 10]);
      expect(await list({}, null, 2)).toEqual([50, 40]);
      expect(await list({}, 40, 2)).toEqual([30, 20]);
      expect(await list({ outcomes: ["FIRED"] })).toEqual([30, 10]);
      expect(await list({ outcomes: ["MISSED", "PAUSED"] })).toEqual([40, 20]);
      expect(await list({ scheduledAfter: 20, scheduledBefore: 40 })).toEqual([30, 20]);
      expect(await list({ scheduledAfter: 20, scheduledBefore: 40 }, 30)).toEqual([20]);
    }),
  );

  it(
    "the ledger tells which due times it has",
    given(async ({ store, writer }) => {
      const node = await writer();
      const occurrences = [10, 20, 30, 40].map((scheduledAt) => anOccurrence({ scheduledAt }));
      await node.write({ occurrences: [...occurrences, anOccurrence({ definitionId: "another", scheduledAt: 25 })] });
      const known = async (from: number, to: number) =>
        (await store.queries.knownOccurrences("definition", from, to)).toSorted((one, other) => one - other);
      expect(await known(15, 35)).toEqual([20, 30]);
      expect(await known(0, 100)).toEqual([10, 20, 30, 40]);
      expect(await known(41, 100)).toEqual([]);
    }),
  );
}
