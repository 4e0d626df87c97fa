import type { Socket } from "node:net";
import { Client } from "undici";
import type { Dial } from "./dial.ts";
import { DialError } from "./failures.ts";

/** One connection to an origin, for one request at a time. It dials at the first request, and again when its socket was closed meanwhile. */
export interface Connection {
  readonly origin: string;
  /** Responses that came whole over the socket that stands now. */
  readonly served: number;
  post(request: Post, watcher: Watcher): void;
  /** The socket was closed, by either side. */
  onClosed(listener: () => void): void;
  /** Ends the socket and what is under way. Resolves when it is closed. Harmless when it was destroyed already. */
  destroy(): Promise<void>;
}

export interface Post {
  readonly method: "GET" | "POST" | "PUT";
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Hears what becomes of a request. After `onEnd` or `onError` it hears nothing more. Must not throw. */
export interface Watcher {
  onDialling(): void;
  onDialled(): void;
  /** All of it was handed to the socket. */
  onSent(): void;
  /** The first byte of an answer came. */
  onBegun(): void;
  /** The headers of an answer are complete; several times when it is announced by informational ones. */
  onHead(status: number, rawHeaders: readonly (Buffer | string)[]): void;
  onBody(chunk: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
}

/** Idle connections are closed after so long: sooner than most servers do it, as Node's after 5 s. */
const IDLE_MS = 4000;
/** However much longer a server says that it keeps them. */
const LONGEST_IDLE_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1024;

export function openConnection(origin: string, dial: Dial): Connection {
  let socket: Socket | null = null;
  let served = 0;
  let watching: Watcher | null = null;

  const client = new Client(origin, {
    connect: (target, callback) => {
      served = 0;
      watching?.onDialling();
      socket = dial(target, (dialled) => {
        if (dialled instanceof DialError) {
          callback(dialled, null);
        } else {
          watching?.onDialled();
          callback(null, dialled);
        }
      });
    },
    allowH2: false,
    pipelining: 1,
    // Deadlines come from the clock, to the millisecond; the client's own are coarse.
    connectTimeout: 0,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: LONGEST_IDLE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  });

  return {
    origin,
    get served() {
      return served;
    },
    post(request, watcher) {
      watching = watcher;
      // Not kept longer than needed: an idle connection would hold the last request and its answer.
      const rest = (): void => {
        if (watching === watcher) watching = null;
      };
      client.dispatch(
        { ...request, body: request.body === "" ? null : request.body },
        {
          onRequestStart: () => {},
          onRequestSent: () => watcher.onSent(),
          onResponseStarted: () => watcher.onBegun(),
          onResponseStart: (controller, status) => {
            const { rawHeaders } = controller;
            watcher.onHead(status, Array.isArray(rawHeaders) ? rawHeaders : []);
          },
          onResponseData: (_controller, chunk) => watcher.onBody(chunk),
          onResponseEnd: () => {
            served += 1;
            rest();
            watcher.onEnd();
          },
          onResponseError: (_controller, error) => {
            rest();
            watcher.onError(error);
          },
        },
      );
    },
    onClosed(listener) {
      client.on("disconnect", listener);
    },
    async destroy() {
      // While it dials, the client does not know the socket yet.
      socket?.destroy();
      await client.destroy();
    },
  };
}
