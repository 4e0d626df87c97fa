import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { jetstreamManager, StorageType, type JetStreamManager } from "@nats-io/jetstream";
import { type NatsConnection } from "@nats-io/transport-node";
import { EventStreamUnavailable } from "../../../src/ports/event-stream.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { startNatsServer, type NatsServer } from "../../support/nats-server.ts";
import { natsUnderTest, plainClient, until } from "./nats-under-test.ts";
import { anEvent, attributes, events, STREAM, stored, taken } from "./published-events.ts";

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

describe("a stream that is gone", () => {
  it("is an error, and made anew by the next open, under another name", async () => {
    await using nats = await natsUnderTest({ servers: server.url });
    const before = await nats.eventStream.open();
    await nats.eventStream.publish(events(2), FIRST);
    await manager.streams.delete(STREAM);
    await expect(nats.eventStream.publish(events(3), AGAIN)).rejects.toBeInstanceOf(EventStreamUnavailable);
    const after = await nats.eventStream.open();
    expect(after).not.toBe(before);
    await nats.eventStream.publish(events(3), AGAIN);
    expect(await stored(manager)).toEqual(["3-1", "3-2", "3-3"]);
  });

  it("and was made anew by another node is an error too, until it is opened", async () => {
    await using nats = await natsUnderTest({ servers: server.url });
    await using other = await natsUnderTest({ servers: server.url });
    const before = await nats.eventStream.open();
    await nats.eventStream.publish(events(5), FIRST);
    await manager.streams.delete(STREAM);
    const after = await other.eventStream.open();
    const next = anEvent({ sequence: 6 });
    await expect(nats.eventStream.publish([next], FIRST)).rejects.toThrow(/made anew/);
    expect(await nats.eventStream.open()).toBe(after);
    expect(after).not.toBe(before);
    await nats.eventStream.publish([...events(5), next], AGAIN);
    expect((await stored(manager)).toSorted()).toEqual(["3-1", "3-2", "3-3", "3-4", "3-5", "3-6"]);
  });

  it("and whose subjects another stream has taken is an error", async () => {
    await using nats = await natsUnderTest({ servers: server.url });
    await nats.eventStream.open();
    await manager.streams.delete(STREAM);
    await manager.streams.add({ name: "OTHER", subjects: ["belfry.events.>"], storage: StorageType.Memory });
    await expect(nats.eventStream.publish(events(1), FIRST)).rejects.toBeInstanceOf(EventStreamUnavailable);
  });

  it("publishing before the first open is an error", async () => {
    await using nats = await natsUnderTest({ servers: server.url });
    await expect(nats.eventStream.publish(events(1), FIRST)).rejects.toBeInstanceOf(EventStreamUnavailable);
  });
});

describe("a server that is gone", () => {
  it("ends what is being published at once, and what it stored is there when it comes back", async () => {
    await using own = await startNatsServer();
    await using nats = await natsUnderTest({ servers: own.url });
    const before = await nats.eventStream.open();
    await nats.eventStream.publish(events(2), FIRST);
    await own.freeze();
    const pending = nats.eventStream.publish(events(3), AGAIN).catch((error: unknown) => error);
    await own.kill();
    expect(String(await pending)).toMatch(/no connection/);
    await expect(nats.eventStream.publish(events(3), AGAIN)).rejects.toThrow(/no connection/);
    await expect(nats.eventStream.open()).rejects.toBeInstanceOf(EventStreamUnavailable);

    await own.restart();
    await until(() => nats.status === "connected");
    expect(await nats.eventStream.open()).toBe(before);
    await nats.eventStream.publish(events(3), AGAIN);
    const plain = await plainClient(own.url);
    expect(await stored(await jetstreamManager(plain))).toEqual(["3-1", "3-2", "3-3"]);
    await plain.close();
  });

  it("or does not answer in time is an error after that time", async () => {
    await using own = await startNatsServer();
    const clock = new ManualClock(Date.now());
    await using nats = await natsUnderTest({ servers: own.url, clock, timing: { publishTimeoutMs: 3_000 } });
    await nats.eventStream.open();
    await own.freeze();
    const published = nats.eventStream.publish(events(2), FIRST).catch((error: unknown) => error);
    await clock.advance(3_000);
    expect(await published).toBeInstanceOf(EventStreamUnavailable);
    expect(clock.pendingTimers).toBe(0);
    own.thaw();
  });
});

describe("without JetStream", () => {
  it("events go to those who listen, after a word in the log; with it they go to the stream", async () => {
    await using own = await startNatsServer({ jetstream: false, config: "max_payload: 4096" });
    await using nats = await natsUnderTest({ servers: own.url });
    await using other = await natsUnderTest({ servers: own.url });
    const plain = await plainClient(own.url);
    const subscription = plain.subscribe("belfry.events.>");
    await plain.flush();
    const name = await nats.eventStream.open();
    expect(name).toMatch(/^core@/);
    expect(await other.eventStream.open()).toBe(name);
    await nats.eventStream.publish([anEvent(), anEvent({ sequence: 8, data: { much: "x".repeat(5_000) } })], FIRST);
    const [first, second] = await taken(subscription, 2);
    expect(attributes(first!.headers)).toMatchObject({ "ce-id": "3-7", "ce-type": "belfry.instance.completed" });
    expect(attributes(second!.headers)).toMatchObject({ "ce-id": "3-8", "ce-dataomitted": "true" });
    expect(nats.log.lines.filter(({ message }) => /JetStream is off/.test(message))).toHaveLength(1);

    await own.restart({ jetstream: true });
    await until(() => nats.status === "connected");
    await expect(nats.eventStream.publish([anEvent()], FIRST)).rejects.toBeInstanceOf(EventStreamUnavailable);
    expect(await nats.eventStream.open()).toContain(`${STREAM}@`);
    await plain.close();
  });

  it("in the account of its user it is as if it were off", async () => {
    const config = `accounts { A { users: [ { user: a, password: a } ] }, B { jetstream: enabled, users: [ { user: b, password: b } ] } }`;
    await using own = await startNatsServer({ config });
    await using nats = await natsUnderTest({ servers: own.url, user: "a", password: "a" });
    expect(await nats.eventStream.open()).toMatch(/^core@/);
    await nats.eventStream.publish(events(3), FIRST);
  });

  it("a missing permission is an error that says so", async () => {
    const user = `{ user: a, password: a, permissions: { publish: { deny: "belfry.events.>" } } }`;
    await using own = await startNatsServer({ config: `authorization { users: [ ${user} ] }` });
    await using nats = await natsUnderTest({ servers: own.url, user: "a", password: "a" });
    await nats.eventStream.open();
    await expect(nats.eventStream.publish(events(1), FIRST)).rejects.toThrow(/lacks a permission/);
  });
});
