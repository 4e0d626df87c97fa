import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import type { ReceivedRequest } from "./receiver.ts";

/** One request as a behaviour sees it. Answer through `response`, or write to the `socket` what no server would. */
export interface Receiving {
  readonly request: ReceivedRequest;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** Requests to this path so far, this one included. */
  readonly count: number;
  /** Requests over this connection so far, this one included. */
  readonly countOnConnection: number;
}

/** What a receiver does with a request once it has all of it. */
export type Behaviour = (receiving: Receiving) => void | Promise<void>;

/** A piece of a slow answer comes so often. */
const DRIP_MS = 20;
/** Before a connection breaks, so that what was sent is read before: a reset takes away what was not. */
const BREAK_AFTER_MS = 50;
const FLOOD = Buffer.alloc(64 * 1024, "flood ");

/** A proper answer. */
export function answers(
  status = 200,
  body: string | Buffer = "ok",
  headers: Record<string, string | string[]> = {},
): Behaviour {
  return ({ response }) => {
    response.writeHead(status, headers).end(body);
  };
}

/** 429 or 503 with `Retry-After`: seconds, or a date. */
export function asksToWait(status: 429 | 503, until: number | Date): Behaviour {
  return answers(status, "later", { "retry-after": until instanceof Date ? until.toUTCString() : String(until) });
}

export function redirects(status: 301 | 302 | 303 | 307 | 308, to: string): Behaviour {
  return answers(status, "", { location: to });
}

/** A body in an encoding that nobody asked for. */
export function compresses(encoding: "gzip" | "deflate" | "deflate-raw" | "br", body: string | Buffer): Behaviour {
  const packed = { gzip: gzipSync, deflate: deflateSync, "deflate-raw": deflateRawSync, br: brotliCompressSync }[
    encoding
  ](body);
  return answers(200, packed, { "content-encoding": encoding.replace("-raw", "") });
}

/** A few bytes on the wire that unpack to so many. */
export function bombs(encoding: "gzip" | "deflate" | "br", megabytes: number): Behaviour {
  let bomb: Behaviour | null = null;
  return (receiving) => {
    bomb ??= compresses(encoding, Buffer.alloc(megabytes * 1024 * 1024));
    return bomb(receiving);
  };
}

/** Reads all, says nothing. */
export function staysSilent(): Behaviour {
  return () => {};
}

/** The headers of a 200 come byte by byte, and never end. */
export function dripsHeaders(): Behaviour {
  return async ({ socket }) => {
    socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
    await drip(() => socket.write("a"), socket);
  };
}

/** A 200 at once; its body comes byte by byte, and never ends. */
export function dripsBody(): Behaviour {
  return async ({ response, socket }) => {
    response.writeHead(200);
    await drip(() => response.write("a"), socket);
  };
}

/** A 200 at once; its body comes as fast as it is read, and never ends. */
export function floodsBody(): Behaviour {
  return async ({ response, socket }) => {
    response.writeHead(200);
    const closed = new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
    });
    while (!socket.destroyed) {
      if (response.write(FLOOD)) await sleep(0);
      else await Promise.race([closed, new Promise<void>((resolve) => response.once("drain", () => resolve()))]);
    }
  };
}

/** Resets the connection without a word. */
export function resets(): Behaviour {
  return ({ socket }) => {
    socket.resetAndDestroy();
  };
}

/** Closes the connection without a word. */
export function closes(): Behaviour {
  return ({ socket }) => {
    socket.end();
  };
}

/** Answers over each connection once, and resets it when it is used again, as a server does that closed it meanwhile. */
export function forgetsConnections(): Behaviour {
  return ({ response, socket, countOnConnection }) => {
    if (countOnConnection === 1) response.end("ok");
    else socket.resetAndDestroy();
  };
}

/** What becomes of the connection after {@link says}. */
export type Afterwards = "keep" | "close" | "reset";

/**
 * Bytes as they are, which need not be HTTP.
 *
 * @param when Settles before the connection is closed or reset; default: 50 ms later.
 */
export function says(bytes: string | Buffer, afterwards: Afterwards = "keep", when?: Promise<void>): Behaviour {
  return async ({ socket }) => {
    socket.write(bytes, "latin1");
    if (afterwards === "keep") return;
    await (when ?? sleep(BREAK_AFTER_MS));
    if (afterwards === "close") socket.end();
    else socket.resetAndDestroy();
  };
}

/** A 200 whose body is announced longer than what comes before the connection is closed or reset. */
export function breaksOff(afterwards: "close" | "reset", when?: Promise<void>): Behaviour {
  return says("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", afterwards, when);
}

/** Headers of so many bytes in all, in lines of a hundred. */
export function bragsInHeaders(bytes: number): Behaviour {
  const lines = Array.from({ length: Math.ceil(bytes / 100) }, (_, at) => `x-${at}: `.padEnd(98, "a"));
  return says(["HTTP/1.1 200 OK", ...lines, "content-length: 2", "", "ok"].join("\r\n"));
}

/** One behaviour after the other, and then from the first on again. */
export function flaps(...behaviours: readonly [Behaviour, ...Behaviour[]]): Behaviour {
  return (receiving) => behaviours[(receiving.count - 1) % behaviours.length]?.(receiving);
}

/** One behaviour for so many requests, then another one. */
export function changes(after: number, first: Behaviour, then: Behaviour): Behaviour {
  return (receiving) => (receiving.count <= after ? first : then)(receiving);
}

async function drip(one: () => void, socket: Socket): Promise<void> {
  while (!socket.destroyed) {
    one();
    await sleep(DRIP_MS);
  }
}

/** Those that need no choice, by the path at which every receiver has them: `receiver.url("/drips-body")`. */
export const NAMED: Readonly<Record<string, Behaviour>> = {
  "/silent": staysSilent(),
  "/drips-headers": dripsHeaders(),
  "/drips-body": dripsBody(),
  "/floods-body": floodsBody(),
  "/resets": resets(),
  "/closes": closes(),
  "/resets-in-body": breaksOff("reset"),
  "/closes-in-body": breaksOff("close"),
  "/forgets-connections": forgetsConnections(),
  "/flaps": flaps(answers(503, "no"), answers()),
  "/bombs": bombs("gzip", 32),
  "/garbage": says("\u{1}\u{2}\u{3} this is not HTTP\r\n\r\n", "close"),
  "/brags": bragsInHeaders(64 * 1024),
  "/500": answers(500, "broken"),
  "/503": asksToWait(503, 2),
  "/429": asksToWait(429, 2),
  "/410": answers(410, "gone"),
  "/redirects": redirects(307, "http://127.0.0.1:1/"),
};
