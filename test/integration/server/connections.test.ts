import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import { Health } from "../../../src/gen/grpc/health/v1/health_pb.ts";
import { anApiServer, type ApiServer } from "../../support/api-server.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { selfSigned } from "../client/self-signed.ts";

async function connected(api: ApiServer): Promise<Socket> {
  const { hostname, port } = new URL(api.url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, "connect");
  return socket;
}

async function answerOf(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, "data")) as [Buffer];
  return chunk.toString();
}

/** So that what was written so far arrives by itself. */
async function arrived(api: ApiServer): Promise<void> {
  await api.client(Health).check({});
}

const HTTP1_CALL =
  "POST /grpc.health.v1.Health/Check HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

/** An HTTP/2 frame; the server answers with its own. */
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

describe("the one port", () => {
  it("takes an HTTP/1.1 request that comes byte by byte at first", async () => {
    await using api = await anApiServer();
    await using socket = await connected(api);
    socket.write("P");
    await arrived(api);
    socket.write(HTTP1_CALL.slice(1, 3));
    await arrived(api);
    socket.write(HTTP1_CALL.slice(3));
    expect(await answerOf(socket)).toMatch(/^HTTP\/1.1 200/);
  });

  it("takes an HTTP/2 preface that comes byte by byte", async () => {
    await using api = await anApiServer();
    await using socket = await connected(api);
    const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for (const byte of preface) {
      socket.write(byte);
      await arrived(api);
    }
    socket.write(EMPTY_SETTINGS);
    const [frame] = (await once(socket, "data")) as [Buffer];
    expect(frame[3]).toBe(4);
  });

  it("keeps an HTTP/1.1 connection for the next request", async () => {
    await using api = await anApiServer();
    await using socket = await connected(api);
    for (let round = 0; round < 3; round++) {
      socket.write(HTTP1_CALL);
      expect(await answerOf(socket)).toMatch(/^HTTP\/1.1 200/);
    }
  });

  it("answers nonsense with 400 and goes on", async () => {
    await using api = await anApiServer();
    await using socket = await connected(api);
    socket.write("\x16\x03\x01 this is no HTTP\r\n\r\n");
    expect(await answerOf(socket)).toMatch(/^HTTP\/1.1 400/);
    await arrived(api);
  });

  it("closes a connection that says nothing, or too little, when its time is up, and no earlier", async () => {
    const clock = new ManualClock();
    await using api = await anApiServer({ clock, limits: { headerWaitMs: 5000 } });
    await using idle = await connected(api);
    await using short = await connected(api);
    short.write("PR");
    await arrived(api);
    await clock.advance(4999);
    await arrived(api);
    expect([idle.readyState, short.readyState]).toEqual(["open", "open"]);
    idle.resume();
    short.resume();
    const closed = Promise.all([once(idle, "close"), once(short, "close")]);
    await clock.advance(1);
    await closed;
  });

  it("closes a connection whose headers never end", async () => {
    await using api = await anApiServer({ limits: { headerWaitMs: 200 } });
    await using socket = await connected(api);
    socket.write("POST / HTTP/1.1\r\nHost: x\r\n");
    socket.resume();
    await once(socket, "close");
    expect(socket.destroyed).toBe(true);
  });

  it("survives connections that end half-way", async () => {
    await using api = await anApiServer();
    for (const words of ["", "P", "PRI * HT", "POST / HTTP/1.1\r\n"]) {
      const socket = await connected(api);
      socket.write(words);
      socket.end();
      socket.resume();
      await once(socket, "close");
    }
    for (const words of ["P", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]) {
      const socket = await connected(api);
      socket.write(words);
      socket.resetAndDestroy();
    }
    await arrived(api);
    expect(api.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("asks a silent HTTP/2 client for a sign of life, and keeps it when it gives one", async () => {
    const clock = new ManualClock();
    await using api = await anApiServer({ clock, limits: { keepaliveMs: 1000, keepaliveTimeoutMs: 500 } });
    const session = connectHttp2(api.url);
    await once(session, "remoteSettings");
    const pinged = once(session, "ping");
    await clock.advance(1000);
    await pinged;
    // Our answer has arrived when a ping that we send after it is answered.
    await new Promise((resolve) => session.ping(resolve));
    await clock.advance(600);
    expect(session.destroyed).toBe(false);
    session.close();
  });

  it("cuts an HTTP/2 connection that no longer answers", async () => {
    const clock = new ManualClock();
    await using api = await anApiServer({ clock, limits: { keepaliveMs: 1000, keepaliveTimeoutMs: 500 } });
    await using socket = await connected(api);
    socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), EMPTY_SETTINGS]));
    await once(socket, "data");
    socket.resume();
    await clock.advance(1000);
    expect(socket.readyState).toBe("open");
    const closed = once(socket, "close");
    await clock.advance(500);
    await closed;
  });

  it("tells HTTP/2 clients how many calls they may have open", async () => {
    await using api = await anApiServer({ limits: { maxConcurrentStreams: 7 } });
    const session = connectHttp2(api.url);
    const [settings] = (await once(session, "remoteSettings")) as [{ maxConcurrentStreams: number }];
    expect(settings.maxConcurrentStreams).toBe(7);
    session.close();
  });

  it("hears of a client that resets its call", async () => {
    const heard = Promise.withResolvers<void>();
    await using api = await anApiServer({
      answers: {
        workers: {
          poll: (_, signal) =>
            new Promise((resolve) => {
              signal?.addEventListener("abort", () => {
                resolve(null);
                heard.resolve();
              });
            }),
        },
      },
    });
    const session = connectHttp2(api.url);
    const stream = session.request({
      ":method": "POST",
      ":path": "/belfry.v1.WorkerService/PollInstance",
      "content-type": "application/json",
    });
    stream.end('{"queue":"q","workerId":"w","wait":"60s"}');
    await expect.poll(() => api.runtime.asked.length).toBe(1);
    stream.close(constants.NGHTTP2_CANCEL);
    await heard.promise;
    session.close();
  });
});

describe("over TLS", () => {
  it("serves HTTP/2 and HTTP/1.1 as ALPN says", async () => {
    const { key, cert } = selfSigned();
    await using api = await anApiServer({ tls: { key, cert } });
    const baseUrl = api.url.replace("http:", "https:");
    const nodeOptions = { ca: cert };
    const h2 = createClient(Health, createGrpcTransport({ baseUrl, nodeOptions }));
    const h1 = createClient(Health, createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions }));
    expect(await h2.check({})).toMatchObject({ status: 1 });
    expect(await h1.check({})).toMatchObject({ status: 1 });
  });
});
