/**
 * A receiver of webhooks on 127.0.0.1 that behaves as a test wants, and remembers what it got.
 *
 * ```ts
 * await using receiver = await aReceiver();
 * receiver.behave("/hook", flaps(answers(503), answers()));
 * // … deliver to receiver.url("/hook") …
 * await receiver.received(2, "/hook");
 * expect(receiver.requests[0].headers["webhook-id"]).toBe("wf_…");
 * ```
 *
 * Paths that nobody told how to behave have the behaviour of that name (`NAMED` in `receiver-behaviours.ts`), or answer 200 `ok`.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from "node:net";
import { type Behaviour, answers, NAMED } from "./receiver-behaviours.ts";
import type { Certificate } from "./receiver-certificates.ts";

export interface ReceivedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** Names as they came and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** Which connection of the receiver it came over; the first is 1. */
  readonly connection: number;
}

export interface Receiver extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, or `https://…` with a certificate. */
  readonly origin: string;
  readonly port: number;
  /** All that came whole, in order. */
  readonly requests: readonly ReceivedRequest[];
  /** How many connections were made to it, TLS or not yet. */
  readonly connections: number;
  /** How many of them are open now. */
  readonly openConnections: number;
  url(path: string): string;
  /** From now on requests to this path, whatever their query, are treated so. */
  behave(path: string, behaviour: Behaviour): void;
  /** Resolves when so many requests came, to this path or in all. */
  received(count: number, path?: string): Promise<void>;
  /** Resolves when so many connections were made. */
  connected(count: number): Promise<void>;
  /** Resolves when so many connections are open, no more. */
  openFor(count: number): Promise<void>;
  /** Breaks all connections; it goes on accepting new ones. */
  breakConnections(): void;
}

export interface ReceiverOptions {
  /** Speaks TLS with it; see `anAuthority()`. */
  readonly certificate?: Certificate;
  /** Default: a free one. */
  readonly port?: number;
  /** Of all paths that are told nothing else. Default: the behaviour named so, or 200 `ok`. */
  readonly behaviour?: Behaviour;
}

export async function aReceiver({ certificate, port = 0, behaviour }: ReceiverOptions = {}): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const behaviours = new Map<string, Behaviour>();
  const sockets = new Set<Socket>();
  /** Of each socket that HTTP is spoken over: its number and how many requests came. */
  const known = new WeakMap<Socket, { readonly number: number; requests: number }>();
  const changed = new Signal();
  let connections = 0;
  let spoken = 0;

  const onRequest = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { socket } = incoming;
    const body = await textOf(incoming);
    if (body === null) return;
    const url = new URL(incoming.url ?? "/", "http://receiver");
    const connection = known.get(socket) ?? { number: (spoken += 1), requests: 0 };
    connection.requests += 1;
    known.set(socket, connection);
    const request: ReceivedRequest = {
      method: incoming.method ?? "",
      path: url.pathname,
      query: url.search,
      headers: incoming.headers,
      rawHeaders: incoming.rawHeaders,
      body,
      connection: connection.number,
    };
    requests.push(request);
    const count = requests.filter(({ path }) => path === request.path).length;
    const behave = behaviours.get(request.path) ?? behaviour ?? NAMED[request.path] ?? answers();
    changed.raise();
    await behave({ request, response, socket, count, countOnConnection: connection.requests });
  };
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    onRequest(incoming, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  };
  const server: Server = certificate ? createTlsServer(certificate, listener) : createServer(listener);
  // It is the client's turn to close what is idle.
  server.keepAliveTimeout = 0;
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => {
      sockets.delete(socket);
      changed.raise();
    });
    changed.raise();
  });
  // A client that goes away, or does not like the certificate, is what tests are about.
  server.on("clientError", (_error, socket) => socket.destroy());
  server.on("tlsClientError", (_error: Error, socket: Socket) => socket.destroy());
  await listening(server, port);

  const { port: bound } = server.address() as AddressInfo;
  const origin = `${certificate ? "https" : "http"}://127.0.0.1:${bound}`;
  const breakConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    origin,
    port: bound,
    requests,
    get connections() {
      return connections;
    },
    get openConnections() {
      return sockets.size;
    },
    url: (path) => origin + path,
    behave: (path, wanted) => {
      behaviours.set(path, wanted);
    },
    received: (count, path) =>
      changed.until(
        () => requests.filter((request) => path === undefined || request.path === path).length >= count,
        () => `${count} requests${path === undefined ? "" : ` to ${path}`}; there were ${requests.length} in all`,
      ),
    connected: (count) =>
      changed.until(
        () => connections >= count,
        () => `${count} connections; there were ${connections}`,
      ),
    openFor: (count) =>
      changed.until(
        () => sockets.size <= count,
        () => `${count} open connections; there are ${sockets.size}`,
      ),
    breakConnections,
    async [Symbol.asyncDispose]() {
      breakConnections();
      await closing(server);
    },
  };
}

/** Something that listens on 127.0.0.1 and need not speak any protocol. */
export interface RawListener extends AsyncDisposable {
  readonly port: number;
  /** Resolves when so many connections were made and their first bytes came. */
  spokenTo(count: number): Promise<void>;
  /** Resolves when all connections are closed. */
  left(): Promise<void>;
}

/** Does nothing but what it is told: without anything it never says a word, and a TLS handshake with it does not end. */
export async function aRawListener(
  onConnection: (socket: Socket) => void = () => {},
  onFirstBytes: (socket: Socket) => void = () => {},
): Promise<RawListener> {
  const sockets = new Set<Socket>();
  const changed = new Signal();
  let spokenTo = 0;
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.once("data", () => {
      spokenTo += 1;
      onFirstBytes(socket);
      changed.raise();
    });
    socket.on("error", () => {});
    socket.once("close", () => {
      sockets.delete(socket);
      changed.raise();
    });
    onConnection(socket);
  });
  await listening(server, 0);
  return {
    port: (server.address() as AddressInfo).port,
    spokenTo: (count) =>
      changed.until(
        () => spokenTo >= count,
        () => `first bytes of ${count} connections`,
      ),
    left: () =>
      changed.until(
        () => sockets.size === 0,
        () => "all connections closed",
      ),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await closing(server);
    },
  };
}

/** A port of 127.0.0.1 at which nothing listens. */
export async function aClosedPort(): Promise<number> {
  const server = createTcpServer();
  await listening(server, 0);
  const { port } = server.address() as AddressInfo;
  await closing(server);
  return port;
}

/** Wakes those who wait for something to hold. */
class Signal {
  readonly #listeners = new Set<() => void>();

  raise(): void {
    for (const listener of this.#listeners) listener();
  }

  until(holds: () => boolean, claim: () => string): Promise<void> {
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => {
        this.#listeners.delete(look);
        reject(new Error(`The receiver waited ${PATIENCE_MS / 1000} s for ${claim()}`));
      }, PATIENCE_MS);
      const look = (): void => {
        if (!holds()) return;
        clearTimeout(patience);
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      look();
    });
  }
}

const PATIENCE_MS = 20_000;

/** null: the client went away before all of it was there. */
async function textOf(incoming: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
  } catch {
    return null;
  }
  return Buffer.concat(chunks).toString();
}

function listening(server: TcpServer, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
}

function closing(server: TcpServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
