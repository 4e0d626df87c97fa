import { describe, expect, it } from "vitest";
import { Connections } from "../../../src/system/http/connections.ts";
import { createDial } from "../../../src/system/http/dial.ts";
import { resolveBySystem } from "../../../src/system/http/lookup.ts";
import {
  answers,
  changes,
  flaps,
  floodsBody,
  forgetsConnections,
  resets,
  says,
  staysSilent,
} from "../../support/receiver-behaviours.ts";
import { aClosedPort, aReceiver } from "../../support/receiver.ts";
import { until } from "../../support/until.ts";
import { aSender, LOOPBACK, nothingEscapes } from "./sending.ts";

nothingEscapes();

const ok = { kind: "answered", status: 200 };

describe("A connection", () => {
  it("carries one request after the other", async () => {
    await using receiver = await aReceiver();
    await using sender = aSender();
    for (let count = 0; count < 20; count += 1) expect(await sender.send(receiver.url("/"))).toMatchObject(ok);
    expect(receiver.connections).toBe(1);
  });

  it("carries requests after an answer that failed", async () => {
    await using receiver = await aReceiver({ behaviour: flaps(answers(500), answers(404, "no"), answers(301)) });
    await using sender = aSender();
    for (let count = 0; count < 6; count += 1) await sender.send(receiver.url("/"));
    expect(receiver.connections).toBe(1);
  });

  it("is for one request at a time, and there are no more of an origin than the bound", async () => {
    const gate = Promise.withResolvers<void>();
    await using receiver = await aReceiver({
      behaviour: async ({ response }) => {
        await gate.promise;
        response.end("ok");
      },
    });
    await using sender = aSender({ maxConnectionsPerOrigin: 3 });
    const sent = Array.from({ length: 10 }, (_, at) => sender.send(receiver.url(`/${at}`)));
    await receiver.received(3);
    // Three have a deadline for the headers beside that of the whole.
    await sender.timers(13);
    gate.resolve();
    for (const reply of await Promise.all(sent)) expect(reply).toMatchObject(ok);
    expect(receiver.connections).toBe(3);
    expect(receiver.requests.map(({ path }) => path)).toEqual(Array.from({ length: 10 }, (_, at) => `/${at}`));
  });

  it("makes room for who waits when it fails", async () => {
    await using receiver = await aReceiver({ behaviour: changes(2, resets(), answers()) });
    await using sender = aSender({ maxConnectionsPerOrigin: 1 });
    const replies = await Promise.all(
      [1, 2, 3, 4].map((at) => sender.send(receiver.url(`/`), { headers: { at: `${at}` } })),
    );
    expect(replies.map(({ kind }) => kind)).toEqual(["failed", "failed", "answered", "answered"]);
    expect(receiver.connections).toBe(3);
  });

  it("is not used again when the server says that it closes it", async () => {
    await using receiver = await aReceiver({ behaviour: answers(200, "ok", { connection: "close" }) });
    await using sender = aSender();
    for (let count = 0; count < 3; count += 1) expect(await sender.send(receiver.url("/"))).toMatchObject(ok);
    expect(receiver.connections).toBe(3);
  });

  it("is closed when the server keeps it for no time worth speaking of", async () => {
    await using receiver = await aReceiver({
      behaviour: answers(200, "ok", { connection: "keep-alive", "keep-alive": "timeout=1" }),
    });
    await using sender = aSender();
    expect(await sender.send(receiver.url("/"))).toMatchObject(ok);
    await receiver.openFor(0);
  });

  it("is kept when the rest of a cut body is short", async () => {
    await using receiver = await aReceiver({ behaviour: answers(200, "a".repeat(60_000)) });
    await using sender = aSender();
    for (let count = 0; count < 3; count += 1) {
      expect(await sender.send(receiver.url("/"), { keepBytes: 100 })).toMatchObject({
        body: "a".repeat(100),
        isCut: true,
      });
      await sender.timers(0);
    }
    expect(receiver.connections).toBe(1);
  });

  it("is closed when the rest of a cut body is long, and hardly any of it is read", async () => {
    let written = 0;
    await using receiver = await aReceiver({
      behaviour: (receiving) => {
        receiving.socket.once("close", () => {
          written = receiving.socket.bytesWritten;
        });
        return floodsBody()(receiving);
      },
    });
    await using sender = aSender();
    expect(await sender.send(receiver.url("/"))).toMatchObject({ status: 200, isCut: true });
    await receiver.openFor(0);
    expect(sender.clock.pendingTimers).toBe(0);
    // What the buffers of the system took.
    expect(written).toBeLessThan(16 * 1024 * 1024);
  });

  it("with more on it than its answer is not used again", async () => {
    const smuggled = says(
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nsmuggled",
    );
    await using receiver = await aReceiver({ behaviour: changes(1, smuggled, answers(200, "mine")) });
    await using sender = aSender();
    expect(await sender.send(receiver.url("/"))).toMatchObject({ ...ok, body: "ok" });
    expect(await sender.send(receiver.url("/"))).toMatchObject({ ...ok, body: "mine" });
    expect(receiver.connections).toBe(2);
  });
});

describe("A connection that the server closed", () => {
  it("while it was idle is noticed", async () => {
    await using receiver = await aReceiver();
    await using sender = aSender();
    await sender.send(receiver.url("/"));
    receiver.breakConnections();
    await receiver.openFor(0);
    expect(await sender.send(receiver.url("/"))).toMatchObject(ok);
    expect(receiver.requests).toHaveLength(2);
    expect(receiver.connections).toBe(2);
  });

  it("in the moment of its next use costs one repetition over another one, with the same id", async () => {
    await using receiver = await aReceiver({ behaviour: forgetsConnections() });
    await using sender = aSender();
    expect(await sender.send(receiver.url("/"), { headers: { "webhook-id": "wf_1" } })).toMatchObject(ok);
    expect(await sender.send(receiver.url("/"), { headers: { "webhook-id": "wf_2" } })).toMatchObject(ok);
    expect(receiver.requests.map(({ headers, connection }) => [headers["webhook-id"], connection])).toEqual([
      ["wf_1", 1],
      ["wf_2", 1],
      ["wf_2", 2],
    ]);
  });

  it("is not repeated for when that fails too", async () => {
    await using receiver = await aReceiver({ behaviour: changes(1, answers(), resets()) });
    await using sender = aSender();
    await sender.send(receiver.url("/"));
    expect(await sender.send(receiver.url("/"))).toMatchObject({ kind: "failed", cause: "CONNECTION" });
    expect(receiver.requests).toHaveLength(3);
  });

  it("is not repeated for when something of an answer came", async () => {
    await using receiver = await aReceiver({
      behaviour: changes(1, answers(), says("HTTP/1.1 200 OK\r\nx-a", "close")),
    });
    await using sender = aSender();
    await sender.send(receiver.url("/"));
    expect(await sender.send(receiver.url("/"))).toMatchObject({ kind: "failed", cause: "BAD_RESPONSE" });
    expect(receiver.requests).toHaveLength(2);
  });

  it("is told from one that the client broke off itself: nothing is repeated", async () => {
    const controller = new AbortController();
    await using receiver = await aReceiver({ behaviour: changes(1, answers(), staysSilent()) });
    await using sender = aSender();
    await sender.send(receiver.url("/"));
    const sent = sender.send(receiver.url("/"), {}, controller.signal);
    await receiver.received(2);
    controller.abort();
    await sent;
    await receiver.openFor(0);
    expect(receiver.requests).toHaveLength(2);
  });

  it("while the repetition has its deadlines anew, the whole is what it was", async () => {
    await using receiver = await aReceiver({ behaviour: changes(2, forgetsConnections(), staysSilent()) });
    await using sender = aSender();
    await sender.send(receiver.url("/"));
    const sent = sender.send(receiver.url("/"));
    await receiver.received(3);
    await sender.timers(2);
    await sender.clock.advance(15_000);
    expect(await sent).toMatchObject({ kind: "failed", cause: "TIMEOUT", durationMs: 15_000 });
  });
});

describe("Where nothing listens", () => {
  it("the connection is refused", async () => {
    await using sender = aSender();
    const port = await aClosedPort();
    expect(await sender.send(`http://127.0.0.1:${port}/`)).toMatchObject({
      kind: "failed",
      cause: "CONNECTION",
      message: "the connection was refused",
    });
    expect(await sender.send(`https://127.0.0.1:${port}/`)).toMatchObject({
      kind: "failed",
      cause: "CONNECTION",
      message: "the connection was refused",
    });
    expect(sender.clock.pendingTimers).toBe(0);
  });
});

describe("The connections that are kept", () => {
  const dial = createDial({ allowPrivate: LOOPBACK, ca: undefined, resolve: resolveBySystem });

  /** Posts once over a connection of its own, and puts it back. */
  const use = (connections: Connections, origin: string): Promise<void> =>
    new Promise((resolve, reject) => {
      connections.take(origin, (connection) => {
        connection.post(
          { method: "POST", path: "/", headers: {}, body: "" },
          {
            onDialling: () => {},
            onDialled: () => {},
            onSent: () => {},
            onBegun: () => {},
            onHead: () => {},
            onBody: () => {},
            onEnd: () => {
              connections.putBack(connection);
              resolve();
            },
            onError: reject,
          },
        );
      });
    });

  it("are bounded over all origins: the one that was idle longest goes, and its origin is forgotten", async () => {
    await using first = await aReceiver();
    await using second = await aReceiver();
    await using third = await aReceiver();
    const connections = new Connections({ dial, maxPerOrigin: 10, maxIdle: 2 });
    await use(connections, first.origin);
    await use(connections, second.origin);
    await use(connections, first.origin);
    await use(connections, third.origin);
    await second.openFor(0);
    expect([first.openConnections, third.openConnections]).toEqual([1, 1]);
    expect([connections.size, connections.origins]).toEqual([2, 2]);
    await connections.close();
    expect([connections.size, connections.origins]).toEqual([0, 0]);
  });

  it("are forgotten when the server closes them", async () => {
    await using receiver = await aReceiver();
    const connections = new Connections({ dial, maxPerOrigin: 10, maxIdle: 10 });
    await use(connections, receiver.origin);
    receiver.breakConnections();
    await until(() => connections.size === 0, "the connection is forgotten");
    expect(connections.origins).toBe(0);
    await connections.close();
  });
});
