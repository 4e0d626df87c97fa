import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { WebhookReply } from "../../../src/ports/webhook-client.ts";
import {
  answers,
  asksToWait,
  type Behaviour,
  bombs,
  bragsInHeaders,
  breaksOff,
  closes,
  compresses,
  flaps,
  floodsBody,
  redirects,
  resets,
  says,
} from "../../support/receiver-behaviours.ts";
import { aReceiver } from "../../support/receiver.ts";
import { aSender, nothingEscapes } from "./sending.ts";

nothingEscapes();

const UNTIL = new Date(Date.UTC(2026, 0, 1, 0, 5));
const HEAD = "HTTP/1.1 200 OK\r\n";

/** A row of the table: what the receiver does, and what the client makes of it. */
type Row = readonly [claim: string, behaviour: Behaviour, outcome: object];

const answered = (status: number, body: string, rest: object = {}): object => ({
  kind: "answered",
  status,
  body,
  isCut: false,
  ...rest,
});
const cut = (status: number, body: string): object => answered(status, body, { isCut: true });
const failed = (cause: string, message: string): object => ({
  kind: "failed",
  cause,
  message: expect.stringContaining(message),
});

const PROPER: readonly Row[] = [
  ["200 with a body", answers(200, "thanks"), answered(200, "thanks")],
  ["204 without one", answers(204, ""), answered(204, "")],
  ["500", answers(500, "broken"), answered(500, "broken")],
  [
    "503 with Retry-After in seconds",
    asksToWait(503, 30),
    answered(503, "later", { headers: expect.objectContaining({ "retry-after": "30" }) }),
  ],
  [
    "429 with Retry-After as a date",
    asksToWait(429, UNTIL),
    answered(429, "later", { headers: expect.objectContaining({ "retry-after": "Thu, 01 Jan 2026 00:05:00 GMT" }) }),
  ],
  ["410", answers(410, "gone"), answered(410, "gone")],
  ["a status nobody has heard of", says("HTTP/1.1 799 Whatever\r\ncontent-length: 0\r\n\r\n"), answered(799, "")],
  ["301 to 127.0.0.1, not followed", redirects(301, "http://127.0.0.1:1/"), answered(301, "")],
  ["302 to metadata, not followed", redirects(302, "http://169.254.169.254/"), answered(302, "")],
  ["307 to 127.0.0.1, not followed", redirects(307, "http://127.0.0.1:1/"), answered(307, "")],
  [
    "a body in chunks with trailers",
    says(`${HEAD}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-after: 1\r\n\r\n`),
    answered(200, "ok"),
  ],
  ["a body that ends with the connection", says(`${HEAD}\r\nthanks`, "close"), answered(200, "thanks")],
  ["HTTP/1.0", says("HTTP/1.0 200 OK\r\n\r\nthanks", "close"), answered(200, "thanks")],
  [
    "103 before 200",
    says(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${HEAD}content-length: 2\r\n\r\nok`),
    answered(200, "ok"),
  ],
  [
    "204 with a body all the same",
    says("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nthanks", "close"),
    answered(204, ""),
  ],
  ["more than the length it announced", says(`${HEAD}content-length: 2\r\n\r\nok and more`), answered(200, "ok")],
  ["a body that is not UTF-8", answers(200, Buffer.from([0x61, 0xff, 0x62])), answered(200, "a\u{fffd}b")],
  ["a body with NUL", answers(200, "a\0b"), answered(200, "a\0b")],
  ["a body with a byte order mark", answers(200, "\u{feff}ok"), answered(200, "ok")],
];

const BROKEN_IN_THE_BODY: readonly Row[] = [
  ["closes before the announced length", breaksOff("close"), cut(200, "half")],
  [
    "closes before the last chunk",
    says(`${HEAD}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n`, "close"),
    cut(200, "ok"),
  ],
  [
    "sends garbage in place of a chunk",
    says(`${HEAD}transfer-encoding: chunked\r\n\r\n2\r\nok\r\nZZ\r\n`),
    cut(200, "ok"),
  ],
  ["sends a body without end", floodsBody(), cut(200, "flood ".repeat(171).slice(0, 1024))],
];

const COMPRESSED: readonly Row[] = [
  ["gzip", compresses("gzip", "thanks"), answered(200, "thanks")],
  ["deflate", compresses("deflate", "thanks"), answered(200, "thanks")],
  ["deflate without its wrapping", compresses("deflate-raw", "thanks"), answered(200, "thanks")],
  ["br", compresses("br", "thanks"), answered(200, "thanks")],
  ["gzip of more than is kept", compresses("gzip", "a".repeat(2000)), cut(200, "a".repeat(1024))],
  ["gzip of exactly what is kept", compresses("gzip", "a".repeat(1024)), answered(200, "a".repeat(1024))],
  ["a gzip bomb", bombs("gzip", 32), cut(200, "\0".repeat(1024))],
  ["a deflate bomb", bombs("deflate", 32), cut(200, "\0".repeat(1024))],
  ["a br bomb", bombs("br", 8), cut(200, "\0".repeat(1024))],
  ["what says gzip and is not", answers(200, "thanks", { "content-encoding": "gzip" }), cut(200, "")],
  [
    "gzip that is not whole",
    answers(200, gzipSync("thanks").subarray(0, -8), { "content-encoding": "gzip" }),
    cut(200, "thanks"),
  ],
  ["an encoding nobody knows", answers(200, "thanks", { "content-encoding": "zstd" }), cut(200, "")],
  ["one encoding in another", answers(200, "thanks", { "content-encoding": "gzip, br" }), cut(200, "")],
  ["identity by name", answers(200, "thanks", { "content-encoding": "identity" }), answered(200, "thanks")],
];

const NO_ANSWER: readonly Row[] = [
  ["resets the connection", resets(), failed("CONNECTION", "closed without an answer")],
  ["closes the connection", closes(), failed("CONNECTION", "closed without an answer")],
  ["speaks no HTTP", says("\u{1}\u{2} hello\r\n\r\n"), failed("BAD_RESPONSE", "not HTTP/1.1")],
  ["speaks HTTP/2 at once", says("\0\0\u{12}\u{4}\0\0\0\0\0\0\u{3}\0\0\0d"), failed("BAD_RESPONSE", "not HTTP/1.1")],
  ["greets as a mail server does", says("220 mail.example.com ESMTP\r\n"), failed("BAD_RESPONSE", "not HTTP/1.1")],
  ["closes within the headers", says(`${HEAD}x-a: 1\r\n`, "close"), failed("BAD_RESPONSE", "broke off in its headers")],
  [
    "names two lengths",
    says(`${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\nok`),
    failed("BAD_RESPONSE", "contradict each other"),
  ],
  [
    "names a length that is no number",
    says(`${HEAD}content-length: many\r\n\r\nok`),
    failed("BAD_RESPONSE", "not HTTP/1.1"),
  ],
  [
    "names a length and chunks",
    says(`${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\nok`),
    failed("BAD_RESPONSE", "contradict each other"),
  ],
  ["has NUL in a header", says(`${HEAD}x-a: \0\r\n\r\n`), failed("BAD_RESPONSE", "not HTTP/1.1")],
  ["has headers of 20 KB", bragsInHeaders(20_000), failed("BAD_RESPONSE", "too long")],
  ["has headers of 1 MB", bragsInHeaders(1_000_000), failed("BAD_RESPONSE", "too long")],
  [
    "says 100 to a request that does not expect it",
    says(`HTTP/1.1 100 Continue\r\n\r\n${HEAD}content-length: 2\r\n\r\nok`),
    failed("BAD_RESPONSE", "none to this request"),
  ],
  [
    "upgrades to another protocol",
    says("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"),
    failed("BAD_RESPONSE", ""),
  ],
  [
    "says 101 without a protocol",
    says("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    failed("BAD_RESPONSE", "a protocol that nobody asked for"),
  ],
];

describe.each([
  ["A proper answer is told as it is:", PROPER],
  ["The status counts, and the body is cut, when the receiver", BROKEN_IN_THE_BODY],
  ["A body that nobody asked to compress is unpacked within bounds:", COMPRESSED],
  ["There is no answer when the receiver", NO_ANSWER],
])("%s", (_title, rows) => {
  it.each(rows)("%s", async (_claim, behaviour, outcome) => {
    await using receiver = await aReceiver({ behaviour });
    await using sender = aSender();
    expect(await sender.send(receiver.url("/hook"))).toMatchObject(outcome);
    // Whatever it was: no timer, and no second request.
    expect(sender.clock.pendingTimers).toBeLessThanOrEqual(1);
    expect(receiver.requests).toHaveLength(1);
  });
});

describe("An answer", () => {
  it("has its headers in lower case, several of one name joined", async () => {
    const behaviour = says(
      `${HEAD}X-A: 1\r\nx-a: 2\r\nSet-Cookie: a=b\r\nset-cookie: c=d\r\n__proto__: odd\r\nconstructor: odd\r\nx-\u{e9}: \u{e9}\r\ncontent-length: 0\r\n\r\n`.replace(
        "x-\u{e9}",
        "x-latin",
      ),
    );
    await using receiver = await aReceiver({ behaviour });
    await using sender = aSender();
    const reply = await sender.send(receiver.url("/"));
    expect(Object.entries((reply as Extract<WebhookReply, { kind: "answered" }>).headers)).toEqual([
      ["x-a", "1, 2"],
      ["set-cookie", "a=b, c=d"],
      ["__proto__", "odd"],
      ["constructor", "odd"],
      ["x-latin", "\u{e9}"],
      ["content-length", "0"],
    ]);
  });

  it("says how long it took", async () => {
    await using receiver = await aReceiver({ behaviour: () => {} });
    await using sender = aSender();
    const sent = sender.send(receiver.url("/"));
    await receiver.received(1);
    await sender.clock.advance(700);
    receiver.breakConnections();
    expect(await sent).toMatchObject({ kind: "failed", durationMs: 700 });
  });

  it("that is cut in the middle of a character ends before it", async () => {
    await using receiver = await aReceiver({ behaviour: answers(200, "中文") });
    await using sender = aSender();
    expect(await sender.send(receiver.url("/"), { keepBytes: 4 })).toMatchObject(cut(200, "中"));
    expect(await sender.send(receiver.url("/"), { keepBytes: 6 })).toMatchObject(answered(200, "中文"));
  });

  it("may be asked for without its body", async () => {
    await using receiver = await aReceiver({ behaviour: flaps(answers(200, "thanks"), answers(200, "")) });
    await using sender = aSender();
    expect(await sender.send(receiver.url("/"), { keepBytes: 0 })).toMatchObject(cut(200, ""));
    expect(await sender.send(receiver.url("/"), { keepBytes: 0 })).toMatchObject(answered(200, ""));
  });

  it("keeps its status when the connection is reset within the body", async () => {
    const gate = Promise.withResolvers<void>();
    await using receiver = await aReceiver({ behaviour: breaksOff("reset", gate.promise) });
    await using sender = aSender();
    const sent = sender.send(receiver.url("/"));
    // The deadline of the headers is gone once they are there; only that of the whole is left.
    await receiver.received(1);
    await sender.timers(1);
    gate.resolve();
    expect(await sent).toMatchObject({ kind: "answered", status: 200, isCut: true });
  });
});

describe("A request", () => {
  it("arrives as it was asked for, and asks for nothing compressed (R-108)", async () => {
    await using receiver = await aReceiver();
    await using sender = aSender();
    await sender.send(receiver.url("/hook?a=1&b=%20#part"), {
      headers: { "Webhook-Id": "wf_7", "x-latin": "é" },
      body: '{"a":"中"}',
    });
    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: "POST", path: "/hook", query: "?a=1&b=%20", body: '{"a":"中"}' });
    const { port } = receiver;
    expect(request!.rawHeaders).toEqual([
      "host",
      `127.0.0.1:${port}`,
      "connection",
      "keep-alive",
      "Webhook-Id",
      "wf_7",
      "x-latin",
      "é",
      "accept-encoding",
      "identity",
      "content-length",
      "11",
    ]);
  });

  it("may have an empty body, and its own wish for an encoding", async () => {
    await using receiver = await aReceiver();
    await using sender = aSender();
    await sender.send(receiver.url("/"), { body: "", headers: { "Accept-Encoding": "gzip" } });
    expect(receiver.requests[0]).toMatchObject({
      body: "",
      headers: { "content-length": "0", "accept-encoding": "gzip" },
    });
  });

  it.each([
    ["a line break in a value", { "x-a": "1\r\nx-b: 2" }],
    ["a line break in a name", { "x-a\r\nx-b": "1" }],
    ["NUL in a value", { "x-a": "\0" }],
    ["a value past Latin-1", { "x-a": "\u{10a}" }],
    ["another host", { Host: "example.com" }],
    ["another length", { "content-length": "1" }],
    ["chunks", { "Transfer-Encoding": "chunked" }],
    ["a connection of its own", { connection: "close, x-a" }],
  ])("with %s is not sent", async (_claim, headers) => {
    await using receiver = await aReceiver();
    await using sender = aSender();
    expect(await sender.send(receiver.url("/"), { headers })).toMatchObject({
      kind: "failed",
      cause: "REFUSED",
      isForbidden: true,
    });
    expect(receiver.connections).toBe(0);
  });
});
