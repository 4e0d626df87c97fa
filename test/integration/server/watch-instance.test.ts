import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { InstanceService } from "../../../src/gen/belfry/v1/instance_service_pb.ts";
import { shardOf } from "../../../src/domain/routing.ts";
import { anApiServer } from "../../support/api-server.ts";
import { FAKE_SHARDS } from "../../support/fake-runtime.ts";
import { anInstance, changed, ended } from "../../support/records.ts";

describe("WatchInstance", () => {
  it("shows the instance now and after each of its events, and ends with it", async () => {
    await using api = await anApiServer();
    const pending = anInstance();
    const shard = shardOf(pending.id, FAKE_SHARDS);
    api.runtime.put(pending);
    const seen: (string | undefined)[][] = [];
    const watch = api.client(InstanceService).watchInstance({ instanceId: pending.id })[Symbol.asyncIterator]();
    seen.push([(await watch.next()).value?.event?.type]);

    const running = changed(pending, { state: "RUNNING" });
    api.runtime.put(running);
    api.runtime.commit([
      { shard, resourceId: pending.id, name: "started" },
      { shard, resourceId: "other", name: "started" },
    ]);
    const started = (await watch.next()).value;
    expect(started).toMatchObject({ instance: { state: 2 }, event: { type: "belfry.instance.started" } });

    api.runtime.put(ended(running, "COMPLETED"));
    api.runtime.commit([
      { shard, resourceId: pending.id, name: "progressed" },
      { shard, resourceId: pending.id, name: "completed" },
    ]);
    expect((await watch.next()).value?.event?.type).toBe("belfry.instance.progressed");
    expect((await watch.next()).value).toMatchObject({
      instance: { state: 5 },
      event: { type: "belfry.instance.completed" },
    });
    expect((await watch.next()).done).toBe(true);
  });

  it("one that has ended is shown once; one that does not exist is NOT_FOUND", async () => {
    await using api = await anApiServer();
    const done = ended(anInstance(), "FAILED");
    api.runtime.put(done);
    const shown: number[] = [];
    for await (const { instance } of api.client(InstanceService).watchInstance({ instanceId: done.id }))
      shown.push(instance?.state ?? 0);
    expect(shown).toEqual([6]);
    const watch = api.client(InstanceService).watchInstance({ instanceId: "nope" })[Symbol.asyncIterator]();
    const error = await watch.next().catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.NotFound });
  });
});
