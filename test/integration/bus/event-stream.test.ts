import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { jetstreamManager, StorageType, type JetStreamManager, type StreamConfig } from "@nats-io/jetstream";
import { headers, nanos, type NatsConnection } from "@nats-io/transport-node";
import { eventChannel } from "../../../src/domain/event/status-event.ts";
import { EventStreamUnavailable } from "../../../src/ports/event-stream.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { startNatsServer, type NatsServer } from "../../support/nats-server.ts";
import { natsUnderTest, plainClient, until } from "./nats-under-test.ts";
import { anEvent, attributes, events, INSTANCE, STREAM, stored, taken } from "./published-events.ts";

const FIRST = { repeated: false };
const AGAIN = { repeated: true };

let server: NatsServer;
let client: NatsConnection;
let manager: JetStreamManager;

beforeAll(async () => {
  server = await startNatsServer();
  client = await plainClient(server.url);
  manager = await jetstreamManager(client);
});

beforeEach(async () => {
  for await (const { config } of manager.streams.list()) await manager.streams.delete(config.name);
});

afterAll(async () => {
  await client.close();
  await server[Symbol.asyncDispose]();
});

function makeStream(config: Partial<StreamConfig>): Promise<unknown> {
  return manager.streams.add({ name: STREAM, subjects: ["belfry.events.>"], storage: StorageType.Memory, ...config });
}

/** Resolves when the stream has forgotten the ids that it knew when this was called. */
async function windowPassed(): Promise<void> {
  const probe = async (): Promise<boolean> => {
    const probing = headers();
    probing.set("Nats-Msg-Id", "probe");
    const acknowledged = await client.request("belfry.events.probe", "", { headers: probing, timeout: 5_000 });
    return acknowledged.json<{ duplicate?: boolean }>().duplicate !== true;
  };
  await probe();
  await until(probe);
}

describe("the stream", () => {
  it("is made when it is missing, as it was asked for, and has the same name for everybody", async () => {
    const settings = { maxAgeMs: 3_600_000, maxBytes: 50_000_000, duplicateWindowMs: 5_000 };
    await using nats = await natsUnderTest({ servers: server.url, events: settings });
    await using other = await natsUnderTest({ servers: server.url });
    const names = await Promise.all([nats.eventStream.open(), other.eventStream.open(), nats.eventStream.open()]);
    const { config, created } = await manager.streams.info(STREAM);
    expect(new Set(names)).toEqual(new Set([`${STREAM}@${created}`]));
    expect(config).toMatchObject({
      subjects: ["belfry.events.>"],
      storage: "file",
      retention: "limits",
      discard: "old",
    });

    await manager.streams.delete(STREAM);
    expect(await nats.eventStream.open()).not.toBe(names[0]);
    expect((await manager.streams.info(STREAM)).config).toMatchObject({
      max_age: nanos(3_600_000),
      max_bytes: 50_000_000,
      duplicate_window: nanos(5_000),
      num_replicas: 1,
    });
  });

  it("keeps events for a week and knows ids for two minutes unless told otherwise", async () => {
    await using nats = await natsUnderTest({ servers: server.url });
    await nats.eventStream.open();
    expect((await manager.streams.info(STREAM)).config).toMatchObject({
      max_age: nanos(7 * 86_400_000),
      max_bytes: -1,
      duplicate_window: nanos(120_000),
    });
  });

  it("that exists keeps what its operator chose", async () => {
    await makeStream({ subjects: ["shop.>", "belfry.>"], max_age: nanos(60_000), max_msgs: 5 });
    await using nats = await natsUnderTest({ servers: server.url });
    await nats.eventStream.open();
    await nats.eventStream.publish(events(2), FIRST);
    expect((await manager.streams.info(STREAM)).config).toMatchObject({
      subjects: ["shop.>", "belfry.>"],
      storage: "memory",
      max_age: nanos(60_000),
      max_msgs: 5,
    });
    expect(await stored(manager)).toEqual(["3-1", "3-2"]);
  });

  it.each([["belfry.events.*"], ["belfry.events.instance.>"], ["belfry.events.*.*.*"], ["*.events"], ["shop.>"]])(
    "that captures %s only is refused with a word on what to do",
    async (subject) => {
      await makeStream({ subjects: [subject] });
      await using nats = await natsUnderTest({ servers: server.url });
      await expect(nats.eventStream.open()).rejects.toThrow(/does not capture belfry\.events\.>: add this subject/);
    },
  );

  it.each([[">"], ["belfry.*.>"], ["*.events.>"], ["belfry.events.>"]])(
    "that captures %s is taken",
    async (subject) => {
      await makeStream({ subjects: [subject], no_ack: subject === ">" });
      await using nats = await natsUnderTest({ servers: server.url });
      // A stream of everything must not acknowledge, or JetStream would answer its own calls; Belfry says so too.
      if (subject === ">") await expect(nats.eventStream.open()).rejects.toThrow(/no_ack/);
      else expect(await nats.eventStream.open()).toContain(`${STREAM}@`);
    },
  );

  it("that JetStream cannot make is an error with the server's reason", async () => {
    await using nats = await natsUnderTest({ servers: server.url, events: { replicas: 3 } });
    const error = await nats.eventStream.open().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EventStreamUnavailable);
    expect(String(error)).toMatch(/replicas/);
  });
});

describe("publishing", () => {
  it("gives CloudEvents to a plain subscriber", async () => {
    await using nats = await natsUnderTest({ servers: server.url });
    await nats.eventStream.open();
    const subscription = client.subscribe("belfry.events.>");
    await client.flush();
    const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    const odd = { resourceId: '任务 "1"\r\n100%.*>', sequence: 8, at: at + 1 };
    await nats.eventStream.publish([anEvent({ at }), anEvent({ ...odd, name: "created" })], FIRST);
    const [first, second] = await taken(subscription, 2);

    expect(first!.subject).toBe(`belfry.events.instance.${INSTANCE}.completed`);
    expect(first!.json()).toEqual({ state: "COMPLETED" });
    expect(attributes(first!.headers)).toEqual({
      "Nats-Msg-Id": "3-7",
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-id": "3-7",
      "ce-source": "/belfry",
      "ce-type": "belfry.instance.completed",
      "ce-subject": INSTANCE,
      "ce-time": "2026-01-02T03:04:05.678Z",
      "ce-datacontenttype": "application/json",
      "ce-traceparent": expect.stringMatching(/^00-019b76daa8007abc8def00000001beef-[0-9a-f]{16}-01$/),
      "ce-shard": "3",
      "ce-sequence": "7",
    });
    const others = attributes(second!.headers);
    expect(second!.subject).toBe(eventChannel(anEvent({ ...odd, name: "created" })));
    expect(others["ce-subject"]).toBe("%E4%BB%BB%E5%8A%A1%20%221%22%0D%0A100%25.*>");
    expect(decodeURIComponent(others["ce-subject"] ?? "")).toBe(odd.resourceId);
    expect(others["ce-traceparent"]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it("events of one resource belong to one trace, each a span of its own", async () => {
    await using nats = await natsUnderTest({ servers: server.url });
    await nats.eventStream.open();
    const resourceIds = [INSTANCE, INSTANCE, "business id", "business id", "00000000-0000-0000-0000-000000000000"];
    const parents: string[][] = [];
    for (const [index, resourceId] of resourceIds.entries()) {
      const event = anEvent({ resourceId, sequence: index + 1 });
      await nats.eventStream.publish([event], FIRST);
      const message = await manager.streams.getMessage(STREAM, { last_by_subj: eventChannel(event) });
      parents.push(message?.header.get("ce-traceparent").split("-") ?? []);
    }
    const traces = parents.map(([, trace]) => trace);
    expect(traces[0]).toBe(traces[1]);
    expect(traces[2]).toBe(traces[3]);
    expect(new Set(traces).size).toBe(3);
    expect(traces).not.toContain("0".repeat(32));
    expect(new Set(parents.map(([, , span]) => span)).size).toBe(resourceIds.length);
  });

  it("many events at once are all stored, more than may be on their way together", async () => {
    await using nats = await natsUnderTest({ servers: server.url });
    await nats.eventStream.open();
    await nats.eventStream.publish(events(2_500), FIRST);
    expect((await manager.streams.info(STREAM)).state.messages).toBe(2_500);
    await nats.eventStream.publish([], FIRST);
  });

  it("an event that is published again is stored once", async () => {
    await using nats = await natsUnderTest({ servers: server.url });
    await using other = await natsUnderTest({ servers: server.url });
    await nats.eventStream.open();
    await other.eventStream.open();
    await nats.eventStream.publish(events(3), FIRST);
    await nats.eventStream.publish(events(4), AGAIN);
    await other.eventStream.publish(events(4), AGAIN);
    expect(await stored(manager)).toEqual(["3-1", "3-2", "3-3", "3-4"]);
  });

  it("what the stream's memory of ids has lost is looked up", async () => {
    const clock = new ManualClock(Date.now());
    await using nats = await natsUnderTest({ servers: server.url, clock, events: { duplicateWindowMs: 100 } });
    await nats.eventStream.open();
    const published = events(3, { at: clock.now() });
    await nats.eventStream.publish(published, FIRST);
    await clock.advance(1_000);
    await windowPassed();
    const probes = (await stored(manager)).filter((id) => id === "").length;
    const young = anEvent({ resourceId: "young", sequence: 9, at: clock.now() });
    const missed = anEvent({ resourceId: "missed", sequence: 4, at: published[0]!.at });
    await nats.eventStream.publish([...published, missed, young], AGAIN);
    const ids = (await stored(manager)).filter((id) => id !== "");
    expect(ids).toEqual(["3-1", "3-2", "3-3", "3-4", "3-9"]);
    expect(probes).toBeGreaterThan(0);
    // Without the look they are stored a second time: it is the look that keeps them out.
    await nats.eventStream.publish(published, FIRST);
    expect((await stored(manager)).filter((id) => id === "3-1")).toHaveLength(2);
  });

  it("a later event of the same subject says that the earlier one is there; one of another shard says nothing", async () => {
    const clock = new ManualClock(Date.now());
    await using nats = await natsUnderTest({ servers: server.url, clock, events: { duplicateWindowMs: 100 } });
    await nats.eventStream.open();
    const at = clock.now() - 60_000;
    await nats.eventStream.publish([anEvent({ sequence: 5, at })], FIRST);
    await nats.eventStream.publish([anEvent({ sequence: 4, at })], AGAIN);
    await nats.eventStream.publish([anEvent({ sequence: 6, at })], AGAIN);
    await nats.eventStream.publish([anEvent({ shard: 1, sequence: 2, at })], AGAIN);
    expect(await stored(manager)).toEqual(["3-5", "3-6", "1-2"]);
  });

  it("clusters that share a NATS number their events alike, and lose none by it", async () => {
    await using one = await natsUnderTest({ servers: server.url });
    await using two = await natsUnderTest({ servers: server.url, cluster: "two" });
    await one.eventStream.open();
    await two.eventStream.open();
    await one.eventStream.publish([anEvent({ resourceId: "of one" })], FIRST);
    await two.eventStream.publish([anEvent({ resourceId: "of two" })], FIRST);
    await two.eventStream.publish([anEvent({ resourceId: "of two" })], AGAIN);
    expect(await stored(manager)).toEqual(["3-7", "3-7"]);
  });

  it("an event that is too large for the stream goes out without its data", async () => {
    await makeStream({ max_msg_size: 2_000 });
    await using nats = await natsUnderTest({ servers: server.url });
    await nats.eventStream.open();
    const large = anEvent({ resourceId: "large", sequence: 2, data: { result: "x".repeat(3_000) } });
    await nats.eventStream.publish([anEvent({ sequence: 1 }), large, anEvent({ resourceId: "c", sequence: 3 })], FIRST);
    expect((await stored(manager)).toSorted()).toEqual(["3-1", "3-2", "3-3"]);
    const message = await manager.streams.getMessage(STREAM, { last_by_subj: eventChannel(large) });
    expect(message?.json()).toEqual({});
    expect(message?.header.get("ce-dataomitted")).toBe("true");
    expect(nats.log.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields["event"])).toEqual([
      "3-2",
    ]);
  });
});
