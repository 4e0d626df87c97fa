import { describe, expect, it } from "vitest";
import { EventHub, type Tap } from "../../../src/server/events/event-hub.ts";
import { aNode, FakeRuntime } from "../../support/fake-runtime.ts";
import { recordingLog } from "../../support/log.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const POLL_MS = 500;

/** A hub on a node that owns shards 0 and 1 of 4, and hears of so many others. */
function aHub({ others = 0 } = {}) {
  const clock = new ManualClock();
  const nodes = Array.from({ length: others + 1 }, (_, index) => aNode({ nodeId: `node${index + 1}` }));
  const runtime = new FakeRuntime({ cluster: { nodes: () => nodes } });
  runtime.setStatus({ ownedShards: [0, 1] });
  const looks: number[] = [];
  const queries = {
    eventBounds: () => {
      looks.push(clock.monotonic());
      return runtime.queries.eventBounds();
    },
  };
  const hub = new EventHub({ runtime, queries, clock, log: recordingLog(), pollMs: POLL_MS, tapLimit: 100 });
  return { hub, runtime, clock, looks };
}

/** What has come to a tap; undefined when nothing has. */
async function taken(tap: Tap): Promise<{ events: string[]; behind: number[] | "all" } | undefined> {
  const now = new AbortController();
  const taking = tap.take(now.signal);
  now.abort(new Error("nothing is there"));
  const something = await taking.catch(() => undefined);
  if (something === undefined) return undefined;
  const { events, behind } = something;
  return {
    events: events.map(({ shard, sequence }) => `${shard}-${sequence}`),
    behind: behind === "all" ? behind : [...behind].toSorted((one, other) => one - other),
  };
}

describe("a tap", () => {
  it("has the events of this node as they happen", async () => {
    const { hub, runtime } = aHub();
    const tap = hub.tap(null);
    runtime.commit([{ shard: 1 }, { shard: 0 }, { shard: 1 }]);
    expect(await taken(tap)).toEqual({ events: ["1-1", "0-1", "1-2"], behind: [] });
    expect(await taken(tap)).toBeUndefined();
    tap.close();
  });

  it("is behind as soon as another node says that it has committed", async () => {
    const { hub, runtime, looks } = aHub({ others: 1 });
    const all = hub.tap(null);
    const one = hub.tap(new Set([3]));
    runtime.commit([{ shard: 2 }, { shard: 3 }], false);
    runtime.moved(2, 3);
    expect(await taken(all)).toEqual({ events: [], behind: [2, 3] });
    expect(await taken(one)).toEqual({ events: [], behind: [3] });
    runtime.moved(2);
    expect(await taken(one)).toBeUndefined();
    expect(looks).toEqual([]);
    all.close();
    one.close();
  });

  it("waits no longer when such a notice comes", async () => {
    const { hub, runtime } = aHub({ others: 1 });
    const tap = hub.tap(null);
    const taking = tap.take(new AbortController().signal);
    runtime.moved(2);
    expect((await taking).behind).toEqual(new Set([2]));
    tap.close();
  });
});

describe("the log is asked how far it has come", () => {
  it("again and again while no other node is heard", async () => {
    const { hub, clock, looks } = aHub();
    const tap = hub.tap(null);
    await clock.advance(4 * POLL_MS);
    expect(looks).toEqual([1, 2, 3, 4].map((times) => times * POLL_MS));
    tap.close();
  });

  it("soon after somebody begins to watch, and rarely from then on, while others tell of their commits", async () => {
    const { hub, clock, looks } = aHub({ others: 2 });
    const tap = hub.tap(null);
    await clock.advance(9 * POLL_MS);
    expect(looks).toEqual([POLL_MS, 5 * POLL_MS, 9 * POLL_MS]);
    tap.close();
  });

  it("so that a notice that was lost does not matter", async () => {
    const { hub, runtime, clock } = aHub({ others: 1 });
    const tap = hub.tap(null);
    await clock.advance(POLL_MS);
    await taken(tap);
    runtime.commit([{ shard: 3 }], false);
    await clock.advance(4 * POLL_MS);
    expect(await taken(tap)).toEqual({ events: [], behind: [3] });
    tap.close();
  });

  it("not at all when nobody watches, or this node has every shard", async () => {
    const { hub, runtime, clock, looks } = aHub();
    hub.tap(null).close();
    expect(clock.pendingTimers).toBe(0);
    runtime.setStatus({ ownedShards: [0, 1, 2, 3] });
    const tap = hub.tap(null);
    await clock.advance(10 * POLL_MS);
    expect(looks).toEqual([]);
    tap.close();
    expect(runtime.listenerCount).toBe(0);
  });
});
