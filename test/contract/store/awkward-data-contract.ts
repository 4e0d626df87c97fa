import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import { aDefinition, aRequest, aSupervisor, anInstance, anOccurrence, ended } from "../../support/records.ts";
import type { Given } from "./given-store.ts";

/** Texts that quoting, escaping, array literals, JSON and encodings are known to trip over. */
const TEXTS = [
  "",
  " ",
  "监控服务器状态",
  "🚀👩‍👩‍👧 𠮷 é e\u0301",
  `it's "quoted" \`so\` \\ back\\\\slashes \\n \\u0041 \\x`,
  "{a,b} (c) [d] NULL null {} ,",
  "$1 ?1 :name %s %% ; -- /* */",
  "line\nbreak\r\ttab\u0001\u001f\u007f\u2028\ufeff",
  "'; drop table instance; --",
  "x".repeat(20_000),
];

/** What is free for callers to choose comes out exactly as it went in. */
export function awkwardDataContract(given: Given): void {
  it(
    "texts of any kind, wherever they stand",
    given(async ({ store, writer }) => {
      const node = await writer();
      for (const text of TEXTS) {
        const name = text.slice(0, 255);
        const named = {
          name,
          userId: name,
          businessId: name,
          orderingKey: name,
          labels: { [name]: name },
          content: text,
          payload: { [text]: text },
        };
        const definition = aDefinition({ stateReason: text, spec: named });
        const spec = { ...named, uniqueKey: name };
        const instance = anInstance({ spec, life: { stateReason: text, workerId: name } });
        const finished = ended(anInstance({ spec }), "FAILED", {
          error: { code: text, message: text, traceback: text },
        });
        const occurrence = anOccurrence({ definitionId: definition.id, reason: text });
        const request = aRequest({ fingerprint: text, answer: text });
        const events = node.announce(0, "named").map((event) => ({ ...event, data: { [text]: text } }));
        await node.write({
          definitions: [definition],
          supervisors: [aSupervisor(definition)],
          createdInstances: [instance, finished],
          occurrences: [occurrence],
          requests: [request],
          events,
        });
        expect(await store.queries.getDefinition(definition.id)).toEqual({
          definition,
          supervisor: aSupervisor(definition),
        });
        expect(await store.queries.getInstance(instance.id)).toEqual(instance);
        expect(await store.queries.getInstance(finished.id)).toEqual(finished);
        expect(await store.queries.listOccurrences({ definitionId: definition.id }, null, 1)).toEqual([occurrence]);
        expect(await store.actors.findRequests([request.key])).toEqual([request]);
        expect(await store.queries.readEvents(0, events[0]!.sequence - 1, 1)).toEqual(events);
      }
    }),
  );

  it(
    "free-text ids",
    given(async ({ store, writer }) => {
      const node = await writer();
      const ids = TEXTS.map((text) => `#${text.slice(0, 200)}`);
      const instances = ids.map((id) => anInstance({ id }));
      await node.write({ createdInstances: instances });
      await node.write({ finishedInstances: instances.slice(0, 4).map((instance) => ended(instance, "COMPLETED")) });
      const loaded = await store.actors.loadInstances(ids);
      expect(loaded.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    }),
  );

  it(
    "payloads of any shape",
    given(async ({ store, writer }) => {
      const node = await writer();
      const values = fc.sample(fc.jsonValue({ maxDepth: 4, stringUnit: "grapheme" }), {
        numRuns: 200,
        seed: 20_260_101,
      });
      const asJson = (value: unknown): JsonObject => JSON.parse(JSON.stringify({ value }));
      const instances = [...values.map(asJson), asJson(JSON.parse('{"__proto__":{"x":1}}'))].map((payload) =>
        anInstance({ spec: { payload } }),
      );
      await node.write({ createdInstances: instances });
      const stored = new Map(
        (await store.actors.loadInstances(instances.map(({ id }) => id))).map((instance) => [instance.id, instance]),
      );
      for (const { id, spec } of instances) expect(stored.get(id)?.spec.payload).toEqual(spec.payload);
      expect(JSON.stringify(stored.get(instances.at(-1)!.id)?.spec.payload)).toBe('{"value":{"__proto__":{"x":1}}}');
    }),
  );
}
