import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { says } from "../../support/receiver-behaviours.ts";
import { aRawListener, aReceiver } from "../../support/receiver.ts";
import { aSender, nothingEscapes } from "./sending.ts";

nothingEscapes();

const RUNS = { seed: 20260308, numRuns: 400 };

/** Pieces of answers, put together in every order, with noise between. */
const piece = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      "HTTP/1.1 200 OK\r\n",
      "HTTP/1.1 204 \r\n",
      "HTTP/1.0 500 x\r\n",
      "HTTP/1.1 101 x\r\n",
      "HTTP/1.1 103 x\r\n",
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      "content-length: 2\r\n",
      "content-length: 0\r\n",
      "content-length: 99999999999999999999\r\n",
      "transfer-encoding: chunked\r\n",
      "transfer-encoding: gzip, chunked\r\n",
      "content-encoding: gzip\r\n",
      "connection: close\r\n",
      "connection: upgrade\r\nupgrade: h2c\r\n",
      "keep-alive: timeout=0\r\n",
      " folded\r\n",
      ": nameless\r\n",
    ),
  },
  { weight: 3, arbitrary: fc.constant("\r\n") },
  {
    weight: 2,
    arbitrary: fc.constantFrom("ok", "2\r\nok\r\n", "0\r\n\r\n", "0\r\nx-after: 1\r\n\r\n", "ffffffffffffffff\r\n"),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
);

describe("Whatever a receiver says before it closes the connection,", () => {
  it("there is an outcome, and nothing is left behind", async () => {
    await using receiver = await aReceiver();
    await using sender = aSender();
    const kinds = { answered: 0, failed: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        receiver.behave("/", says(pieces.join(""), "close", Promise.resolve()));
        const reply = await sender.send(receiver.url("/"));
        kinds[reply.kind] += 1;
        if (reply.kind === "answered") expect(reply.status).toBeGreaterThanOrEqual(200);
        else expect(["CONNECTION", "BAD_RESPONSE"]).toContain(reply.cause);
      }),
      RUNS,
    );
    expect(Math.min(kinds.answered, kinds.failed)).toBeGreaterThan(10);
    expect(sender.clock.pendingTimers).toBe(0);
    await receiver.openFor(0);
  });
});

describe("Who answers before he is asked", () => {
  it("is heard, or is not, but is called once", async () => {
    let connections = 0;
    await using listener = await aRawListener((socket) => {
      connections += 1;
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    });
    await using sender = aSender();
    expect(await sender.send(`http://127.0.0.1:${listener.port}/`)).toMatchObject({
      kind: "answered",
      status: 200,
      body: "ok",
    });
    expect(connections).toBe(1);
  });

  it("is heard when he does not wait for the end of the request", async () => {
    await using listener = await aRawListener(undefined, (socket) => {
      socket.write("HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    });
    await using sender = aSender();
    const body = "a".repeat(4 * 1024 * 1024);
    expect(await sender.send(`http://127.0.0.1:${listener.port}/`, { body })).toMatchObject({
      kind: "answered",
      status: 413,
    });
    await listener.left();
  });
});

describe("Whatever the URL,", () => {
  it("a request to it has an outcome", async () => {
    await using sender = aSender({ allowPrivate: [], resolve: async () => [] });
    const odd = fc
      .tuple(
        fc.constantFrom("http://", "https://", "HTTP:\\\\", "//", ""),
        fc.string({ unit: "grapheme" }),
        fc.string({ unit: "binary" }),
      )
      .map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(fc.oneof(odd, fc.webUrl({ withQueryParameters: true, withFragments: true })), async (url) => {
        const reply = await sender.send(url);
        expect(reply.kind).toBe("failed");
        expect(reply).toMatchObject({ cause: sender.client.refusal(url) === null ? "CONNECTION" : "REFUSED" });
      }),
      { ...RUNS, numRuns: 1000 },
    );
    expect(sender.clock.pendingTimers).toBe(0);
  });
});
