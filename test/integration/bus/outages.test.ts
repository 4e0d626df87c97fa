import { describe, expect, it } from "vitest";
import type { Bus } from "../../../src/ports/bus.ts";
import { acquaint, Ear } from "../../contract/bus/ear.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { startNatsServer, type NatsServer } from "../../support/nats-server.ts";
import { natsUnderTest, plainClient, type NatsUnderTest } from "./nats-under-test.ts";

interface Node {
  readonly nats: NatsUnderTest;
  readonly bus: Bus;
  readonly ear: Ear;
}

const QUICK = { pingIntervalMs: 50, connectTimeoutMs: 500 };

async function aNode(server: Pick<NatsServer, "url">, node: string, timing = {}): Promise<Node> {
  const nats = await natsUnderTest({ servers: server.url, timing });
  const bus = nats.bus(node);
  return { nats, bus, ear: new Ear(bus) };
}

function changes(nodes: readonly Node[], count: number): Promise<unknown> {
  return Promise.all(nodes.map(({ ear }) => ear.until(() => ear.changes.length >= count)));
}

describe("when NATS", () => {
  it("is killed and started again, nodes are told, what they send meanwhile is lost, and then they hear each other again", async () => {
    await using server = await startNatsServer({ jetstream: false });
    const [a, b] = [await aNode(server, "a"), await aNode(server, "b")];
    await acquaint([a, b]);
    await server.kill();
    await changes([a, b], 1);
    expect([a.bus.connected, b.bus.connected]).toEqual([false, false]);
    expect(a.nats.status).toBe("disconnected");
    const restarting = server.restart();
    // Until the last moment: the client library would keep what it is given while it connects.
    while (!a.bus.connected) {
      a.bus.send("b", "lost");
      a.bus.broadcast("lost");
      await new Promise((resolve) => setImmediate(resolve));
    }
    await restarting;
    await changes([a, b], 2);
    expect(a.ear.changes).toEqual([false, true]);
    await acquaint([a, b]);
    a.bus.send("b", "after");
    expect(await b.ear.atLeast(1)).toEqual(["after"]);
    await a.nats.close();
    await b.nats.close();
  });

  it("goes silent, nodes are told, and come back when it speaks again", async () => {
    await using server = await startNatsServer({ jetstream: false });
    const [a, b] = [await aNode(server, "a", QUICK), await aNode(server, "b", QUICK)];
    await acquaint([a, b]);
    await server.freeze();
    await changes([a, b], 1);
    expect(a.ear.changes).toEqual([false]);
    a.bus.send("b", "lost");

    server.thaw();
    await changes([a, b], 2);
    expect(a.ear.changes.slice(0, 2)).toEqual([false, true]);
    await acquaint([a, b]);
    a.bus.send("b", "after");
    expect(await b.ear.atLeast(1)).toEqual(["after"]);
    await a.nats.close();
    await b.nats.close();
  });

  it("goes silent with much on its way to it, nodes do not wait for that to leave and go to another server", async () => {
    await using silent = await startNatsServer({ jetstream: false });
    await using other = await startNatsServer({ jetstream: false });
    await other.stop();
    const a = await aNode({ url: `${silent.url},${other.url}` }, "a", QUICK);
    await other.restart();
    await silent.freeze();
    // More than the network takes in while nobody reads.
    for (let index = 0; index < 32; index++) a.bus.send("b", "x".repeat(1_000_000));
    await changes([a], 2);
    expect(a.ear.changes).toEqual([false, true]);
    const b = await aNode(other, "b");
    await acquaint([a, b]);
    a.bus.send("b", "after");
    expect(await b.ear.atLeast(1)).toEqual(["after"]);
    await a.nats.close();
    await b.nats.close();
  });

  it("loses a node that says goodbye, what that sent before still arrives", async () => {
    await using server = await startNatsServer({ jetstream: false });
    const [a, b] = [await aNode(server, "a"), await aNode(server, "b")];
    await acquaint([a, b]);
    a.bus.send("b", "x".repeat(20_000_000));
    a.bus.broadcast("goodbye");
    await a.bus.close();
    await a.nats.close();
    expect((await b.ear.atLeast(2)).map(({ length }) => length)).toEqual([20_000_000, "goodbye".length]);
    await b.nats.close();
  });

  it("is away, closing a node does not wait for it", async () => {
    await using server = await startNatsServer({ jetstream: false });
    const a = await aNode(server, "a");
    await server.kill();
    await changes([a], 1);
    await a.bus.close();
    await a.nats.close();
    expect(a.nats.status).toBe("closed");
    expect(a.ear.changes).toEqual([false]);
  });

  it("is silent, closing a node waits for it a second and no longer", async () => {
    await using server = await startNatsServer({ jetstream: false });
    const clock = new ManualClock();
    const nats = await natsUnderTest({ servers: server.url, clock });
    const bus = nats.bus("a");
    await server.freeze();
    bus.send("b", "never arrives");
    await bus.close();
    let closed = false;
    const closing = nats.close().then(() => (closed = true));
    await clock.advance(999);
    expect(closed).toBe(false);
    await clock.advance(1);
    await closing;
    expect(nats.status).toBe("closed");
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes the credentials away for a while, nodes come back when it has them again", async () => {
    const withUser = `authorization { token: "t0ken" }`;
    await using server = await startNatsServer({ jetstream: false, config: withUser });
    await using nats = await natsUnderTest({ servers: server.url, token: "t0ken" });
    const ear = new Ear(nats.bus("a"));
    await server.restart({ config: `authorization { token: "other" }` });
    // Twice refused is when the client library would give up for ever.
    const refused = (): number =>
      nats.log.lines.filter(({ fields }) => /Authorization/.test(String(fields["error"]))).length;
    while (refused() < 3) await new Promise((resolve) => setImmediate(resolve));
    await server.restart({ config: withUser });
    await ear.until(() => ear.changes.includes(true));
    expect(nats.status).toBe("connected");
    expect(JSON.stringify(nats.log.lines)).not.toContain("t0ken");
  });
});

describe("on NATS", () => {
  it("two clusters of Belfry do not hear each other", async () => {
    await using server = await startNatsServer({ jetstream: false });
    await using one = await natsUnderTest({ servers: server.url, cluster: "one" });
    await using two = await natsUnderTest({ servers: server.url, cluster: "two" });
    const [a, b, other] = [one.bus("a"), one.bus("b"), two.bus("b")].map((bus) => ({ bus, ear: new Ear(bus) }));
    await acquaint([a!, b!]);
    a!.bus.send("b", "for b of one");
    a!.bus.broadcast("for one");
    other!.bus.send("b", "for b of two");
    expect(await b!.ear.atLeast(2)).toEqual(["for b of one", "for one"]);
    expect(await other!.ear.atLeast(1)).toEqual(["for b of two"]);
    expect(other!.ear.greetings.size).toBe(0);
  });

  it("what others publish on private subjects is passed over", async () => {
    await using server = await startNatsServer({ jetstream: false });
    const [a, b] = [await aNode(server, "a"), await aNode(server, "b")];
    await acquaint([a, b]);
    const stranger = await plainClient(server.url);
    const bytes = [[], [1], [1, 255, 255], [2, 0, 0], [2, 0, 1, 97, 0], [77, 0, 1, 97, 104, 105], [123, 125, 10]];
    for (const frame of bytes) stranger.publish("belfry.internal.belfry.node.b", Uint8Array.from(frame));
    await stranger.flush();
    a.bus.send("b", "for b");
    expect(await b.ear.atLeast(1)).toEqual(["for b"]);
    expect(b.nats.log.lines.filter(({ level }) => level === "warn")).toHaveLength(bytes.length);
    await stranger.close();
    await a.nats.close();
    await b.nats.close();
  });

  it("a listener that throws costs its message only", async () => {
    await using server = await startNatsServer({ jetstream: false });
    const [a, b] = [await aNode(server, "a"), await aNode(server, "b")];
    await acquaint([a, b]);
    b.ear.onMessage = (message) => {
      if (message === "bad") throw new Error("cannot bear it");
    };
    for (const message of ["bad", "good"]) a.bus.send("b", message);
    expect(await b.ear.atLeast(2)).toEqual(["bad", "good"]);
    expect(b.nats.log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
    await a.nats.close();
    await b.nats.close();
  });

  it("a server that takes small messages only is enough", async () => {
    await using server = await startNatsServer({ jetstream: false, config: "max_payload: 1024" });
    const [a, b] = [await aNode(server, "a"), await aNode(server, "节".repeat(200))];
    await acquaint([a, b]);
    const long = "任务".repeat(50_000);
    a.bus.send("节".repeat(200), long);
    b.bus.send("a", long);
    expect((await a.ear.atLeast(1))[0] === long).toBe(true);
    expect((await b.ear.atLeast(1))[0] === long).toBe(true);
    await a.nats.close();
    await b.nats.close();
  });

  it("a missing permission is told to the operator with its subject", async () => {
    const user = `{ user: a, password: a, permissions: { subscribe: { deny: "belfry.internal.>" } } }`;
    await using server = await startNatsServer({ jetstream: false, config: `authorization { users: [ ${user} ] }` });
    await using nats = await natsUnderTest({ servers: server.url, user: "a", password: "a" });
    const told = (): string[] =>
      nats.log.lines.filter(({ level }) => level === "error").map(({ fields }) => String(fields["subject"]));
    const bus = nats.bus("a");
    const ear = new Ear(bus);
    while (told().length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(told()).toEqual(["belfry.internal.belfry.node.a", "belfry.internal.belfry.all"]);
    expect(ear.changes).toEqual([]);
    await bus.close();
  });
});
