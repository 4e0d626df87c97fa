import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { WebhookReply } from "../../../src/ports/webhook-client.ts";
import { dripsBody, dripsHeaders, staysSilent } from "../../support/receiver-behaviours.ts";
import { aRawListener, aReceiver } from "../../support/receiver.ts";
import { aSender, nothingEscapes } from "./sending.ts";

nothingEscapes();

/** A promise with a view on whether it has settled. */
function watched(sent: Promise<WebhookReply>): {
  readonly sent: Promise<WebhookReply>;
  readonly isOver: () => boolean;
} {
  let isOver = false;
  void (async () => {
    await sent;
    isOver = true;
  })();
  return { sent, isOver: () => isOver };
}

const forever = (): Promise<readonly string[]> => new Promise(() => {});
const aborting = (): { readonly signal: AbortSignal; readonly abort: () => void } => {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
};

describe("A connection that does not come about", () => {
  it("is given up to the millisecond, when the name is not found", async () => {
    await using sender = aSender({ resolve: forever });
    const { sent, isOver } = watched(sender.send("http://hooks.example.com/"));
    await sender.timers(2);
    await sender.clock.advance(4999);
    expect(isOver()).toBe(false);
    await sender.clock.advance(1);
    expect(await sent).toEqual({
      kind: "failed",
      cause: "TIMEOUT",
      message: "no connection within 5 s",
      durationMs: 5000,
    });
    expect(sender.clock.pendingTimers).toBe(0);
  });

  it("is given up when the TLS handshake does not end", async () => {
    await using listener = await aRawListener();
    await using sender = aSender();
    const { sent, isOver } = watched(sender.send(`https://127.0.0.1:${listener.port}/`));
    await listener.spokenTo(1);
    await sender.clock.advance(4999);
    expect(isOver()).toBe(false);
    await sender.clock.advance(1);
    expect(await sent).toMatchObject({ kind: "failed", cause: "TIMEOUT", message: "no connection within 5 s" });
    await listener.left();
  });
});

describe("An answer that does not come", () => {
  it.each([
    ["when nothing comes", staysSilent()],
    ["when the headers come byte by byte", dripsHeaders()],
  ])("is given up to the millisecond %s", async (_claim, behaviour) => {
    await using receiver = await aReceiver({ behaviour });
    await using sender = aSender();
    const { sent, isOver } = watched(sender.send(receiver.url("/")));
    await receiver.received(1);
    await sender.clock.advance(14_999);
    expect(isOver()).toBe(false);
    await sender.clock.advance(1);
    expect(await sent).toEqual({
      kind: "failed",
      cause: "TIMEOUT",
      message: "no answer within 15 s",
      durationMs: 15_000,
    });
    await receiver.openFor(0);
    expect(sender.clock.pendingTimers).toBe(0);
    expect(receiver.requests).toHaveLength(1);
  });

  it("is given up when informational ones come for ever", async () => {
    await using receiver = await aReceiver({
      behaviour: async ({ socket }) => {
        while (!socket.destroyed) {
          socket.write("HTTP/1.1 102 Processing\r\n\r\n");
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    });
    await using sender = aSender();
    const sent = sender.send(receiver.url("/"));
    await receiver.received(1);
    await sender.clock.advance(15_000);
    expect(await sent).toMatchObject({ kind: "failed", cause: "TIMEOUT", message: "no answer within 15 s" });
    await receiver.openFor(0);
  });

  it("is given up when the whole has taken too long, whatever part of it", async () => {
    await using receiver = await aReceiver({ behaviour: staysSilent() });
    await using sender = aSender();
    const sent = sender.send(receiver.url("/"), { wholeMs: 1500 });
    await receiver.received(1);
    await sender.clock.advance(1500);
    expect(await sent).toMatchObject({
      kind: "failed",
      cause: "TIMEOUT",
      message: "not done within 1.5 s",
      durationMs: 1500,
    });
    await receiver.openFor(0);
  });

  it("is given up when no connection becomes free", async () => {
    await using receiver = await aReceiver({ behaviour: staysSilent() });
    await using sender = aSender({ maxConnectionsPerOrigin: 1 });
    const first = sender.send(receiver.url("/"), { headersMs: 60_000, wholeMs: 60_000 });
    await receiver.received(1);
    const second = sender.send(receiver.url("/"));
    await sender.timers(3);
    await sender.clock.advance(30_000);
    expect(await second).toMatchObject({ kind: "failed", cause: "TIMEOUT", message: "not done within 30 s" });
    await sender.clock.advance(30_000);
    await first;
    await receiver.openFor(0);
    expect(receiver.requests).toHaveLength(1);
    expect(receiver.connections).toBe(1);
  });
});

describe("A body that does not end", () => {
  it("is cut when the whole has taken too long: the status counts", async () => {
    await using receiver = await aReceiver({ behaviour: dripsBody() });
    await using sender = aSender();
    const { sent, isOver } = watched(sender.send(receiver.url("/")));
    await receiver.received(1);
    // The headers are there: their deadline is gone.
    await sender.timers(1);
    await sender.clock.advance(29_999);
    expect(isOver()).toBe(false);
    await sender.clock.advance(1);
    expect(await sent).toMatchObject({
      kind: "answered",
      status: 200,
      body: expect.stringMatching(/^a*$/u),
      isCut: true,
      durationMs: 30_000,
    });
    await receiver.openFor(0);
  });

  it("is not waited for once enough of it is there, and its connection goes when the rest does not come soon", async () => {
    await using receiver = await aReceiver({ behaviour: dripsBody() });
    await using sender = aSender();
    expect(await sender.send(receiver.url("/"), { keepBytes: 3 })).toMatchObject({
      status: 200,
      body: "aaa",
      isCut: true,
    });
    expect(receiver.openConnections).toBe(1);
    expect(sender.clock.nextDelayMs).toBe(1000);
    await sender.clock.advance(1000);
    await receiver.openFor(0);
    expect(sender.clock.pendingTimers).toBe(0);
  });
});

describe("When nobody waits any more", () => {
  const givenUp = { kind: "failed", cause: "REFUSED", message: "nobody waited for the answer any more" };

  it("nothing is sent", async () => {
    await using receiver = await aReceiver();
    await using sender = aSender();
    expect(await sender.send(receiver.url("/"), {}, AbortSignal.abort())).toMatchObject(givenUp);
    expect(receiver.connections).toBe(0);
  });

  it("a lookup is not waited for", async () => {
    await using sender = aSender({ resolve: forever });
    const { signal, abort } = aborting();
    const sent = sender.send("http://hooks.example.com/", {}, signal);
    await sender.timers(2);
    abort();
    expect(await sent).toMatchObject(givenUp);
    expect(sender.clock.pendingTimers).toBe(0);
  });

  it("a TLS handshake is broken off", async () => {
    await using listener = await aRawListener();
    await using sender = aSender();
    const { signal, abort } = aborting();
    const sent = sender.send(`https://127.0.0.1:${listener.port}/`, {}, signal);
    await listener.spokenTo(1);
    abort();
    expect(await sent).toMatchObject(givenUp);
    await listener.left();
  });

  it("the wait for a free connection ends", async () => {
    await using receiver = await aReceiver({ behaviour: staysSilent() });
    await using sender = aSender({ maxConnectionsPerOrigin: 1 });
    const first = aborting();
    const holding = sender.send(receiver.url("/"), {}, first.signal);
    await receiver.received(1);
    const second = aborting();
    const waiting = sender.send(receiver.url("/"), {}, second.signal);
    await sender.timers(3);
    second.abort();
    expect(await waiting).toMatchObject(givenUp);
    first.abort();
    expect(await holding).toMatchObject(givenUp);
    await receiver.openFor(0);
    expect(receiver.requests).toHaveLength(1);
  });

  it("an answer is not waited for", async () => {
    await using receiver = await aReceiver({ behaviour: staysSilent() });
    await using sender = aSender();
    const { signal, abort } = aborting();
    const sent = sender.send(receiver.url("/"), {}, signal);
    await receiver.received(1);
    abort();
    expect(await sent).toMatchObject(givenUp);
    await receiver.openFor(0);
    expect(sender.clock.pendingTimers).toBe(0);
  });

  it("an answer that was there is told all the same", async () => {
    await using receiver = await aReceiver({ behaviour: dripsBody() });
    await using sender = aSender();
    const { signal, abort } = aborting();
    const sent = sender.send(receiver.url("/"), {}, signal);
    await receiver.received(1);
    await sender.timers(1);
    abort();
    expect(await sent).toMatchObject({ kind: "answered", status: 200, isCut: true });
    await receiver.openFor(0);
  });

  it("an abort after the answer changes nothing", async () => {
    await using receiver = await aReceiver();
    await using sender = aSender();
    const { signal, abort } = aborting();
    expect(await sender.send(receiver.url("/"), {}, signal)).toMatchObject({ kind: "answered", status: 200 });
    // A signal may live long: nothing of the request hangs on to it.
    expect(getEventListeners(signal, "abort")).toEqual([]);
    abort();
    expect(await sender.send(receiver.url("/"))).toMatchObject({ kind: "answered", status: 200 });
    expect(receiver.connections).toBe(1);
  });
});

describe("Closing", () => {
  it("ends what is under way in every phase, and all connections", async () => {
    await using receiver = await aReceiver();
    await using listener = await aRawListener();
    const sender = aSender({ resolve: forever });
    await sender.send(receiver.url("/idle"));
    const silent = sender.send(receiver.url("/silent"));
    const dripping = sender.send(receiver.url("/drips-body"));
    await receiver.received(3);
    const shaking = sender.send(`https://127.0.0.1:${listener.port}/`);
    await listener.spokenTo(1);
    const looking = sender.send("http://hooks.example.com/");
    // The body's whole; whole and phase of the other three.
    await sender.timers(7);

    await sender.client.close();
    const stopped = { kind: "failed", cause: "REFUSED", message: "this node is stopping" };
    expect(await Promise.all([silent, shaking, looking])).toMatchObject([stopped, stopped, stopped]);
    expect(await dripping).toMatchObject({ kind: "answered", status: 200, isCut: true });
    await receiver.openFor(0);
    await listener.left();
    expect(sender.clock.pendingTimers).toBe(0);
  });

  it("lets nothing begin after it, and may be done twice", async () => {
    await using receiver = await aReceiver();
    const sender = aSender();
    await sender.client.close();
    await sender.client.close();
    expect(await sender.send(receiver.url("/"))).toMatchObject({
      kind: "failed",
      cause: "REFUSED",
      message: "this node is stopping",
    });
    expect(receiver.connections).toBe(0);
  });

  it("does not wait for what is read away after a cut", async () => {
    await using receiver = await aReceiver({ behaviour: dripsBody() });
    const sender = aSender();
    await sender.send(receiver.url("/"), { keepBytes: 1 });
    await sender.client.close();
    await receiver.openFor(0);
    expect(sender.clock.pendingTimers).toBe(0);
  });
});
