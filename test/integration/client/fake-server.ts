import { createSecureServer, createServer } from "node:http2";
import type { ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { WorkerService } from "../../../src/gen/belfry/v1/worker_service_pb.ts";
import type { WorkHello, WorkRequest, WorkResponseSchema } from "../../../src/gen/belfry/v1/worker_service_pb.ts";
import type { SelfSigned } from "./self-signed.ts";

/** What was put in and not yet taken out; whoever takes from an empty one waits. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #takers: ((item: T) => void)[] = [];

  put(item: T): void {
    const taker = this.#takers.shift();
    if (taker) taker(item);
    else this.#items.push(item);
  }

  next(): Promise<T> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  get size(): number {
    return this.#items.length;
  }
}

/** A server on a port of its own that speaks the real protocol and does what a test tells it. */
export interface FakeServer {
  readonly url: string;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Breaks all connections, as a fallen node does. */
  cut(): void;
  stop(): Promise<void>;
}

export async function startFakeServer(routes: (router: ConnectRouter) => void, tls?: SelfSigned): Promise<FakeServer> {
  const handler = connectNodeAdapter({ routes });
  const server = tls ? createSecureServer({ cert: tls.cert, key: tls.key }, handler) : createServer(handler);
  const sessions = new Set<ServerHttp2Session>();
  let connections = 0;
  server.on("session", (session: ServerHttp2Session) => {
    connections += 1;
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const session of sessions) session.destroy();
  };
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
    cut,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}

/** A Work stream as its server sees it. */
export class FakeSession {
  readonly hello: WorkHello;
  /** The message that brought the hello. */
  readonly first: WorkRequest;
  /** Messages after the first. */
  readonly requests = new Inbox<WorkRequest>();
  /** Resolves when the worker has nothing more to say, or cannot. */
  readonly ended: Promise<void>;
  readonly #responses = new Inbox<MessageInitShape<typeof WorkResponseSchema> | "end" | Error>();

  constructor(first: WorkRequest, rest: AsyncIterator<WorkRequest>) {
    if (!first.hello) throw new Error("The first message brought no hello");
    this.hello = first.hello;
    this.first = first;
    this.ended = this.#read(rest);
  }

  send(response: MessageInitShape<typeof WorkResponseSchema>): void {
    this.#responses.put(response);
  }

  welcome(heartbeatMs = 20_000, stale: string[] = []): void {
    const heartbeatInterval = { seconds: BigInt(Math.floor(heartbeatMs / 1_000)), nanos: (heartbeatMs % 1_000) * 1e6 };
    this.send({ welcome: { sessionId: "s", stale, heartbeatInterval } });
  }

  /** Gives out instances whose tokens are `token-<id>`. */
  assign(...ids: string[]): void {
    this.send({ assignments: ids.map((id) => ({ instance: { id }, attempt: { number: 1, token: `token-${id}` } })) });
  }

  accept(...tokens: string[]): void {
    this.send({ receipts: tokens.map((attemptToken) => ({ attemptToken, accepted: true })) });
  }

  refuse(reason: string, ...tokens: string[]): void {
    this.send({ receipts: tokens.map((attemptToken) => ({ attemptToken, accepted: false, reason })) });
  }

  /** The next message that brings results. */
  async results(): Promise<WorkRequest> {
    for (;;) {
      const request = await this.requests.next();
      if (request.completions.length > 0 || request.failures.length > 0) return request;
    }
  }

  /** Ends the stream from the server's side, in order or with an error. */
  end(error?: Error): void {
    this.#responses.put(error ?? "end");
  }

  async *responses(): AsyncGenerator<MessageInitShape<typeof WorkResponseSchema>, void, undefined> {
    // A worker that has said all it had to say gets the end that it waits for.
    void this.ended.then(() => this.end());
    for (;;) {
      const response = await this.#responses.next();
      if (response === "end") return;
      if (response instanceof Error) throw response;
      yield response;
    }
  }

  async #read(rest: AsyncIterator<WorkRequest>): Promise<void> {
    try {
      for (let next = await rest.next(); !next.done; next = await rest.next()) this.requests.put(next.value);
    } catch {
      // The stream broke.
    }
  }
}

/** A WorkerService whose streams a test answers one by one. */
export class FakeWorkerService {
  readonly #sessions = new Inbox<FakeSession>();
  /** Errors for the next calls of Work, instead of a stream. */
  readonly refusals: Error[] = [];
  /** Work streams opened so far, the refused ones included. */
  calls = 0;

  readonly routes = (router: ConnectRouter): void => {
    router.service(WorkerService, { work: (requests) => this.#work(requests) });
  };

  /** The next stream that a worker opens, once its hello is here. */
  session(): Promise<FakeSession> {
    return this.#sessions.next();
  }

  async *#work(requests: AsyncIterable<WorkRequest>): ReturnType<FakeSession["responses"]> {
    this.calls += 1;
    const refusal = this.refusals.shift();
    if (refusal) throw refusal;
    const iterator = requests[Symbol.asyncIterator]();
    const first = await iterator.next();
    if (first.done) return;
    const session = new FakeSession(first.value, iterator);
    this.#sessions.put(session);
    yield* session.responses();
  }
}
