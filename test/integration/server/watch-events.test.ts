import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { EventService } from "../../../src/gen/belfry/v1/event_service_pb.ts";
import { ErrorInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { shardOf } from "../../../src/domain/routing.ts";
import { decodeResumeToken } from "../../../src/server/events/resume-token.ts";
import { anApiServer, type ApiServer } from "../../support/api-server.ts";
import { FAKE_SHARDS } from "../../support/fake-runtime.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { anInstance } from "../../support/records.ts";

interface Seen {
  readonly id: string | undefined;
  readonly token: string;
}

/** A watch whose messages are taken one by one. */
function watchEvents(api: ApiServer, request: { subjects?: string[]; resumeToken?: string; fromStart?: boolean } = {}) {
  const abort = new AbortController();
  const stream = api.client(EventService).watchEvents(request, { signal: abort.signal })[Symbol.asyncIterator]();
  return {
    next: async (): Promise<Seen> => {
      const { value, done } = await stream.next();
      if (done === true) throw new Error("The watch has ended");
      return { id: value.event?.id, token: value.resumeToken };
    },
    stop: () => abort.abort(),
  };
}

async function take(watch: { next(): Promise<Seen> }, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const { id } = await watch.next();
    if (id !== undefined) ids.push(id);
  }
  return ids;
}

describe("WatchEvents", () => {
  it("says first where it starts, and then tells what happens", async () => {
    await using api = await anApiServer();
    api.runtime.commit([{ shard: 1 }]);
    const watch = watchEvents(api);
    expect(await watch.next()).toMatchObject({ id: undefined, token: expect.stringMatching(/^[\w-]+$/) });
    api.runtime.commit([{ shard: 1, resourceId: "i1", name: "started", data: { attempt: 1 } }, { shard: 2 }]);
    expect(await take(watch, 2)).toEqual(["1-2", "2-1"]);
    watch.stop();
  });

  it("goes on after a token without gap or repetition, whichever event it came with", async () => {
    await using api = await anApiServer();
    const first = watchEvents(api, { fromStart: true });
    const start = await first.next();
    api.runtime.commit([{ shard: 0 }, { shard: 3 }, { shard: 0 }, { shard: 3 }, { shard: 0 }]);
    const all = [start];
    while (all.length < 6) all.push(await first.next());
    first.stop();
    const order = all.flatMap(({ id }) => id ?? []);
    for (const [index, { token }] of all.entries()) {
      const resumed = watchEvents(api, { resumeToken: token });
      const fromLog = await take(resumed, order.length - index);
      const [live] = api.runtime.commit([{ shard: 1 }]);
      expect(fromLog.toSorted()).toEqual(order.slice(index).toSorted());
      expect(await take(resumed, 1)).toEqual([`1-${live?.sequence}`]);
      resumed.stop();
      // What came live is, for the next round, part of the log that follows every token.
      order.push(`1-${live?.sequence}`);
    }
  });

  it("tells only what its patterns match, and reads only the shard of the one resource they name", async () => {
    await using api = await anApiServer();
    const id = anInstance().id;
    const shard = shardOf(id, FAKE_SHARDS);
    const watch = watchEvents(api, { subjects: [`belfry.events.instance.${id}.>`], fromStart: true });
    await watch.next();
    api.runtime.commit([
      { shard, resourceId: "other" },
      { shard, resourceId: id, name: "started" },
      { shard: (shard + 1) % FAKE_SHARDS },
      { shard, resource: "definition", resourceId: id, name: "paused" },
      { shard, resourceId: id, name: "completed" },
    ]);
    expect(await take(watch, 2)).toEqual([`${shard}-2`, `${shard}-4`]);
    watch.stop();
  });

  it("gives newer tokens also to who rarely sees an event, so that they are good for as long as the log is kept", async () => {
    const clock = new ManualClock();
    await using api = await anApiServer({ clock, limits: { keepaliveMs: 3_600_000 } });
    const watch = watchEvents(api, { subjects: ["belfry.events.definition.>"] });
    await watch.next();
    for (const seen of [1, 2, 3]) {
      await clock.advance(60_000);
      api.runtime.commit([{ shard: 1 }]);
      const { id, token } = await watch.next();
      expect([id, decodeResumeToken(token, FAKE_SHARDS)[1]]).toEqual([undefined, seen]);
    }
    watch.stop();
  });

  it("a watcher that cannot keep up reads the log, and still sees everything once", async () => {
    await using api = await anApiServer({ limits: { watchBuffer: 10 } });
    const watch = watchEvents(api);
    await watch.next();
    for (let round = 0; round < 40; round++) {
      api.runtime.commit(Array.from({ length: 30 }, (_, index) => ({ shard: index % FAKE_SHARDS })));
    }
    const ids = await take(watch, 1200);
    expect(new Set(ids).size).toBe(1200);
    for (let shard = 0; shard < FAKE_SHARDS; shard++) {
      const sequences = ids.filter((id) => id.startsWith(`${shard}-`)).map((id) => Number(id.split("-")[1]));
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    }
    watch.stop();
  });

  it("sees events of shards that other nodes own", async () => {
    await using api = await anApiServer({ limits: { eventPollMs: 5 } });
    api.runtime.setStatus({ ownedShards: [0, 1] });
    const watch = watchEvents(api);
    await watch.next();
    api.runtime.commit([{ shard: 3 }], false);
    api.runtime.commit([{ shard: 0 }]);
    expect((await take(watch, 2)).toSorted()).toEqual(["0-1", "3-1"]);
    api.runtime.commit([{ shard: 3 }], false);
    expect(await take(watch, 1)).toEqual(["3-2"]);
    watch.stop();
  });

  it("refuses a token of another making, and one whose events are gone", async () => {
    await using api = await anApiServer();
    api.runtime.commit([{ shard: 0 }]);
    const old = watchEvents(api, { fromStart: true });
    const { token } = await old.next();
    old.stop();
    const reasonOf = async (resumeToken: string) => {
      const error = (await watchEvents(api, { resumeToken }).next().catch(ConnectError.from)) as ConnectError;
      return [error.code, error.findDetails(ErrorInfoSchema)[0]?.reason];
    };
    expect(await reasonOf("abc")).toEqual([Code.InvalidArgument, "RESUME_TOKEN_INVALID"]);
    expect(await reasonOf(`${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`)).toEqual([
      Code.InvalidArgument,
      "RESUME_TOKEN_INVALID",
    ]);

    api.runtime.commit([{ shard: 0 }, { shard: 0 }]);
    api.runtime.queries.eventBounds = async () => [{ shard: 0, first: 3, last: 3 }];
    expect(await reasonOf(token)).toEqual([Code.OutOfRange, "RESUME_TOKEN_EXPIRED"]);
    // Nothing is left at all.
    api.runtime.queries.eventBounds = async () => [{ shard: 0, first: 0, last: 3 }];
    expect(await reasonOf(token)).toEqual([Code.OutOfRange, "RESUME_TOKEN_EXPIRED"]);
  });

  it("refuses what is no pattern, naming it", async () => {
    await using api = await anApiServer();
    for (const subject of ["belfry..x", "belfry.>.x", "belfry.ev*", "a b"]) {
      const error = await watchEvents(api, { subjects: ["belfry.>", subject] })
        .next()
        .catch(ConnectError.from);
      expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: expect.stringContaining("subjects[1]") });
    }
  });

  it("lets go of the runtime's feed when the last watcher has gone", async () => {
    await using api = await anApiServer();
    const watches = [watchEvents(api), watchEvents(api)];
    for (const watch of watches) await watch.next();
    expect(api.runtime.listenerCount).toBe(1);
    for (const watch of watches) watch.stop();
    await expect.poll(() => api.runtime.listenerCount).toBe(0);
  });

  it("ends with DRAINING when the node drains", async () => {
    const drain = new AbortController();
    await using api = await anApiServer({ drainSignal: drain.signal });
    const watch = watchEvents(api);
    await watch.next();
    const end = watch.next().catch(ConnectError.from);
    drain.abort();
    const error = (await end) as ConnectError;
    expect([error.code, error.findDetails(ErrorInfoSchema)[0]?.reason]).toEqual([Code.Unavailable, "DRAINING"]);
  });
});
