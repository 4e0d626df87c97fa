import { expect, it } from "vitest";
import type { QueueLane } from "../../../src/ports/store/actors.ts";
import type { QueueEntry } from "../../../src/ports/store/journal.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import type { Priority } from "../../../src/domain/policy/priority.ts";
import { anEntry, anInstance } from "../../support/records.ts";
import type { Given } from "./given-store.ts";

interface Waiting {
  readonly id: string;
  readonly queue?: string;
  readonly priority?: Priority;
  readonly definitionId?: string | null;
  readonly shard?: number;
}

function waiting({ id, queue = "agents", priority = 3, definitionId = "d1", shard = 0 }: Waiting): InstanceRecord {
  const action = { kind: "worker", queue, disconnectPolicy: "FAIL_AT_ONCE" } as const;
  return anInstance({ id, shard, spec: { action, priority, definitionId } });
}

function entries(instances: readonly InstanceRecord[]): QueueEntry[] {
  return instances.map((instance) => anEntry(instance));
}

function sorted(lanes: readonly QueueLane[]): string[] {
  return lanes
    .map(({ queue, priority, definitionId, count }) => `${queue}/${priority}/${definitionId}: ${count}`)
    .toSorted();
}

/** Instances that wait for a worker. */
export function queueContract(given: Given): void {
  it(
    "lanes are what has the same queue, priority and definition, and count their entries",
    given(async ({ store, writer }) => {
      const node = await writer();
      const instances = [
        waiting({ id: "a" }),
        waiting({ id: "b" }),
        waiting({ id: "c", priority: 1 }),
        waiting({ id: "d", definitionId: "d2" }),
        waiting({ id: "e", queue: "队列" }),
        waiting({ id: "f", definitionId: null }),
      ];
      await node.write({ createdInstances: instances, enqueued: entries(instances) });
      expect(sorted(await store.actors.queueLanes([0]))).toEqual(
        ["agents/3/d1: 2", "agents/1/d1: 1", "agents/3/d2: 1", "队列/3/d1: 1", "agents/3/: 1"].toSorted(),
      );
    }),
  );

  it(
    "lanes are counted over the shards asked for",
    given(async ({ store, writer }) => {
      const node = await writer();
      const instances = [0, 1, 1, 2].map((shard, index) => waiting({ id: `i${index}`, shard }));
      await node.write({ createdInstances: instances, enqueued: entries(instances) });
      expect(sorted(await store.actors.queueLanes([0, 1]))).toEqual(["agents/3/d1: 3"]);
      expect(sorted(await store.actors.queueLanes([2]))).toEqual(["agents/3/d1: 1"]);
      expect(await store.actors.queueLanes([3])).toEqual([]);
      expect(await store.actors.queueLanes([])).toEqual([]);
    }),
  );

  it(
    "what is dequeued is gone from its lane, and an empty lane is gone",
    given(async ({ store, writer }) => {
      const node = await writer();
      const instances = [waiting({ id: "a" }), waiting({ id: "b" }), waiting({ id: "c", queue: "other" })];
      await node.write({ createdInstances: instances, enqueued: entries(instances) });
      await node.write({ dequeued: entries([instances[0]!, instances[2]!]) });
      expect(sorted(await store.actors.queueLanes([0]))).toEqual(["agents/3/d1: 1"]);
    }),
  );

  it(
    "an instance that was dequeued can wait again",
    given(async ({ store, writer }) => {
      const node = await writer();
      const instance = waiting({ id: "a" });
      const [entry] = entries([instance]);
      await node.write({ createdInstances: [instance], enqueued: [entry!] });
      await node.write({ dequeued: [entry!] });
      await node.write({ enqueued: [entry!] });
      expect(sorted(await store.actors.queueLanes([0]))).toEqual(["agents/3/d1: 1"]);
    }),
  );

  it(
    "a lane is read by id, in pages, over the shards asked for",
    given(async ({ store, writer }) => {
      const node = await writer();
      const instances = [
        waiting({ id: "e", shard: 1 }),
        waiting({ id: "b" }),
        waiting({ id: "d" }),
        waiting({ id: "a" }),
        waiting({ id: "c", shard: 1 }),
        waiting({ id: "aa", priority: 2 }),
        waiting({ id: "bb", queue: "other" }),
        waiting({ id: "cc", definitionId: "d2" }),
        waiting({ id: "dd", shard: 2 }),
      ];
      await node.write({ createdInstances: instances, enqueued: entries(instances) });
      const lane = { queue: "agents", priority: 3, definitionId: "d1" };
      const read = async (shards: readonly number[], after: string, limit: number) =>
        (await store.actors.readLane(lane, shards, after, limit)).map(({ instanceId }) => instanceId).join(" ");
      expect(await read([0, 1], "", 10)).toBe("a b c d e");
      expect(await read([0, 1], "", 2)).toBe("a b");
      expect(await read([0, 1], "b", 2)).toBe("c d");
      expect(await read([0, 1], "d", 2)).toBe("e");
      expect(await read([0, 1], "e", 2)).toBe("");
      expect(await read([1], "", 10)).toBe("c e");
      expect(await read([3], "", 10)).toBe("");
    }),
  );

  it(
    "entries come out as they went in",
    given(async ({ store, writer }) => {
      const node = await writer();
      const instance = waiting({ id: "实例'1", queue: '队 列\\"', definitionId: "定义", priority: 4, shard: 3 });
      const [entry] = entries([instance]);
      await node.write({ createdInstances: [instance], enqueued: [entry!] });
      const lane = { queue: '队 列\\"', priority: 4, definitionId: "定义" };
      expect(await store.actors.readLane(lane, [3], "", 10)).toEqual([entry]);
      expect(await store.actors.queueLanes([3])).toEqual([{ ...lane, count: 1 }]);
    }),
  );
}
