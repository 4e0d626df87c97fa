import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import { DefinitionService } from "../../../src/gen/belfry/v1/definition_service_pb.ts";
import { InstanceService } from "../../../src/gen/belfry/v1/instance_service_pb.ts";
import type { InstanceCommands } from "../../../src/runtime/index.ts";
import { anApiInProcess, refusalOf } from "../../support/api-in-process.ts";
import { settled } from "../../support/manual-clock.ts";
import { aDefinition, anInstance, aSupervisor, changed } from "../../support/records.ts";

/** `count` instances of user1, each of another second, and what becomes of commands on them. */
function many(count: number, cancel: InstanceCommands["cancel"], limits = {}) {
  const api = anApiInProcess({ instances: { cancel } }, limits);
  const instances = Array.from({ length: count }, (_, index) =>
    anInstance({ createdAt: 1_700_000_000_000 + index * 1000 }),
  );
  api.runtime.put(...instances, anInstance({ spec: { userId: "somebody else" } }));
  return { api, instances, client: api.client(InstanceService) };
}

describe("a bulk command", () => {
  it("with validate_only counts, shows a sample and changes nothing", async () => {
    const { api, instances, client } = many(12, () => Promise.reject(new Error("must not be called")));
    const { bulk, instance } = await client.cancelInstance({ selector: { userId: "user1" }, validateOnly: true });
    expect(bulk).toMatchObject({ matchedCount: 12n, changedCount: 0n });
    expect(bulk?.sampleIds).toEqual(
      instances
        .map(({ id }) => id)
        .toReversed()
        .slice(0, 10),
    );
    expect(instance).toBeUndefined();
    expect(api.runtime.asked).toEqual([]);
  });

  it("goes through all pages, and counts what changed", async () => {
    const { api, instances, client } = many(1203, async (id) => {
      const index = instances.findIndex((instance) => instance.id === id);
      const instance = instances[index] ?? anInstance();
      if (index % 100 === 1) throw new BelfryError("STATE_FORBIDS", "It has ended.");
      if (index % 100 === 2) throw new BelfryError("INSTANCE_NOT_FOUND", "It has gone.");
      return index % 100 === 3 ? instance : changed(instance, {});
    });
    const { bulk } = await client.cancelInstance({
      selector: { userId: "user1" },
      requestId: "r",
      reason: "spring cleaning",
    });
    expect(bulk).toMatchObject({ matchedCount: 1203n, changedCount: 1203n - 12n * 3n - 2n });
    expect(api.runtime.asked).toHaveLength(1203);
    const [first] = api.runtime.asked;
    expect(first?.args).toEqual([
      instances.at(-1)?.id,
      { reason: "spring cleaning", terminate: false, requestId: `r:${instances.at(-1)?.id}` },
    ]);
  });

  it("has so many under way at a time and no more", async () => {
    let open = 0;
    let most = 0;
    const { client } = many(
      50,
      async (id) => {
        most = Math.max(most, ++open);
        await settled();
        open -= 1;
        return anInstance({ id, revision: 2 });
      },
      { bulkConcurrency: 4 },
    );
    await client.cancelInstance({ selector: { userId: "user1" } });
    expect(most).toBe(4);
  });

  it("tries again what was refused because something was full, after the time it was told", async () => {
    let calls = 0;
    const { api, client } = many(1, async (id) => {
      if (++calls < 3) throw new BelfryError("BUSY", "Full.", { retryAfterMs: 250 });
      return anInstance({ id, revision: 2 });
    });
    const answer = client.cancelInstance({ selector: { userId: "user1" } });
    await expect.poll(() => api.clock.nextDelayMs).toBe(250);
    await api.clock.advance(250);
    await api.clock.advance(250);
    expect((await answer).bulk).toMatchObject({ changedCount: 1n });
    expect(calls).toBe(3);
  });

  it("ends with any other refusal", async () => {
    const { client, api } = many(
      100,
      () => Promise.reject(new BelfryError("SHARD_UNAVAILABLE", "Moving.", { retryAfterMs: 100 })),
      { bulkConcurrency: 2 },
    );
    expect(await refusalOf(client.cancelInstance({ selector: { userId: "user1" } }))).toMatchObject({
      code: "Unavailable",
      reason: "SHARD_UNAVAILABLE",
    });
    expect(api.runtime.asked.length).toBeLessThanOrEqual(2);
  });

  it("needs an id or a selector with a filter, and not both", async () => {
    const client = anApiInProcess().client(InstanceService);
    expect(await refusalOf(client.retryInstance({}))).toMatchObject({
      code: "InvalidArgument",
      fields: ["instanceId"],
    });
    expect(await refusalOf(client.retryInstance({ selector: {} }))).toMatchObject({ fields: ["selector"] });
    expect(await refusalOf(client.retryInstance({ instanceId: "i", selector: { userId: "u" } }))).toMatchObject({
      fields: ["selector"],
    });
    const bad = { createdAfter: { seconds: 1n, nanos: -1 } };
    expect(await refusalOf(client.retryInstance({ selector: bad }))).toMatchObject({
      fields: ["selector.createdAfter"],
    });
  });

  it("works for definitions, too", async () => {
    const api = anApiInProcess({
      definitions: {
        pause: async (id) => {
          const definition = aDefinition({ id, revision: 2 });
          return { definition, supervision: aSupervisor(definition).supervision };
        },
      },
    });
    api.runtime.put(aDefinition({ spec: { labels: { team: "a" } } }), aDefinition({ spec: { labels: { team: "b" } } }));
    const { bulk } = await api.client(DefinitionService).pauseDefinition({ selector: { labels: { team: "a" } } });
    expect(bulk).toMatchObject({ matchedCount: 1n, changedCount: 1n });
  });
});
