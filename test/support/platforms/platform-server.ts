/**
 * A task centre (任务中心) on a free port of 127.0.0.1, that is strict, remembers what it was told, and fails as a test wants.
 *
 * ```ts
 * await using platform = await aShuwei({ appId: "APP" });
 * platform.faults.next(3, answersHttp(503));
 * // … push to platform.origin …
 * expect(platform.believes.todosOf("10086")).toEqual(["77_9001"]);
 * expect(platform.violations).toEqual([]);
 * ```
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Beliefs, Noted } from "./beliefs.ts";
import type { Call, Endpoint, Reply } from "./call.ts";
import { Faults } from "./faults.ts";
import { bodyFindings, parsed, textOf } from "./http-body.ts";
import type { Ledger, Refusal } from "./ledger.ts";
import type { TokenDesk } from "./token-desk.ts";

export interface ServerOptions {
  /** The platform's clock, in epoch milliseconds; default: the real one. `() => clock.now()` for one that a test turns. */
  readonly now?: () => number;
  /** How many calls are kept in `calls`, the latest; default: all. Storms need fewer. */
  readonly keepCalls?: number;
}

/** What makes a server one of a certain platform. */
export interface Platform {
  readonly endpoints: readonly Endpoint[];
  readonly believes: Beliefs;
  readonly tokens: TokenDesk;
  readonly ledger: Ledger;
  readonly now: () => number;
  /** No, in the platform's own words; 400 for what breaks the contract. */
  refuse(code: number, message: string): Reply;
}

const PATIENCE_MS = 20_000;
const PORT_AGAIN_MS = 20;

export class PlatformServer implements AsyncDisposable {
  readonly faults = new Faults();
  /** In the order in which they came. */
  readonly calls: Call[] = [];
  readonly believes: Beliefs;
  readonly tokens: TokenDesk;
  readonly #platform: Platform;
  readonly #keepCalls: number;
  readonly #sockets = new Set<Socket>();
  readonly #counts = new Map<string, number>();
  readonly #lookers = new Set<() => void>();
  #server: Server | null = null;
  #port = 0;
  #count = 0;

  private constructor(platform: Platform, { keepCalls = Infinity }: ServerOptions) {
    this.#platform = platform;
    this.#keepCalls = keepCalls;
    this.believes = platform.believes;
    this.tokens = platform.tokens;
  }

  static async start(platform: Platform, options: ServerOptions): Promise<PlatformServer> {
    const server = new PlatformServer(platform, options);
    await server.comeBack();
    return server;
  }

  /** `http://127.0.0.1:<port>`, the same for its whole life. */
  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What broke the wire contract, a sentence each: tests assert that there is none. */
  get violations(): readonly string[] {
    return this.#platform.ledger.violations;
  }

  /** What the platform said no to although it kept the contract. Faults are not among it. */
  get refusals(): readonly Refusal[] {
    return this.#platform.ledger.refusals;
  }

  /** Todos that came to stand twice. */
  get duplicates(): readonly Noted[] {
    return this.believes.duplicates;
  }

  get tokensIssued(): number {
    return this.tokens.issued.length;
  }

  /** How many calls came, kept or not; of one operation or in all. */
  countOf(operation?: string): number {
    return operation === undefined ? this.#count : (this.#counts.get(operation) ?? 0);
  }

  callsOf(operation: string): readonly Call[] {
    return this.calls.filter((call) => call.operation === operation);
  }

  /** From now on the platform takes none of the tokens that it has issued. */
  expireTokens(): void {
    this.tokens.expireAll();
  }

  /** Resolves when so many calls came, of one operation or in all. */
  called(count: number, operation?: string): Promise<void> {
    return this.until(
      () => this.countOf(operation) >= count,
      `${count} calls${operation === undefined ? "" : ` of ${operation}`}`,
    );
  }

  /** Resolves when it holds; looks whenever the platform has got or answered a call. */
  until(holds: () => boolean, claim: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => {
        this.#lookers.delete(look);
        reject(new Error(`The platform waited ${PATIENCE_MS / 1000} s for ${claim}; ${this.#count} calls came in all`));
      }, PATIENCE_MS);
      const look = (): void => {
        if (!holds()) return;
        clearTimeout(patience);
        this.#lookers.delete(look);
        resolve();
      };
      this.#lookers.add(look);
      look();
    });
  }

  /** Breaks all connections and refuses new ones. What it believes stays. */
  async goDown(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = null;
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Listens again on the port that it had. */
  async comeBack(): Promise<void> {
    if (this.#server) return;
    const server = createServer((incoming, response) => {
      this.#serve(incoming, response).catch((error: unknown) => {
        this.#platform.ledger.violations.push(`the fake itself failed: ${String(error)}`);
        response.destroy();
      });
    });
    // It is the client's turn to close what is idle.
    server.keepAliveTimeout = 0;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("clientError", (_error, socket) => socket.destroy());
    // While it was down anybody may have got its port, for as long as a connection lasts.
    for (const from = performance.now(); !(await this.#listens(server)); await sleep(PORT_AGAIN_MS)) {
      if (performance.now() - from > PATIENCE_MS) throw new Error(`Port ${this.#port} was taken by somebody else`);
    }
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goDown();
  }

  #listens(server: Server): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => {
        if (error.code === "EADDRINUSE") resolve(false);
        else reject(error);
      };
      server.once("error", onError);
      server.listen(this.#port, "127.0.0.1", () => {
        server.off("error", onError);
        resolve(true);
      });
    });
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(incoming);
    if (body === null) return;
    const { call, endpoint } = this.#received(incoming, body);
    this.#look();
    const fault = this.faults.of(call);
    call.isFaulty = fault !== null;
    const perform = (items?: unknown): Reply => this.#perform(call, endpoint, items);
    call.reply = fault ? await fault({ call, perform, refuse: this.#platform.refuse }) : perform();
    if (call.reply === "reset") incoming.socket.resetAndDestroy();
    else if (call.reply !== "silence") response.writeHead(call.reply.status, call.reply.headers).end(call.reply.body);
    this.#look();
  }

  #received(incoming: IncomingMessage, body: string): { call: Call; endpoint: Endpoint | undefined } {
    const url = new URL(incoming.url ?? "/", this.origin);
    const endpoint = this.#platform.endpoints.find(({ path }) => path === url.pathname);
    this.#count += 1;
    const call: Call = {
      number: this.#count,
      operation: endpoint?.operation ?? "unknown",
      method: incoming.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body,
      json: parsed(body),
      at: this.#platform.now(),
      reply: undefined,
      isFaulty: false,
    };
    this.#counts.set(call.operation, this.countOf(call.operation) + 1);
    this.calls.push(call);
    if (this.calls.length > this.#keepCalls) this.calls.shift();
    return { call, endpoint };
  }

  #perform(call: Call, endpoint: Endpoint | undefined, items?: unknown): Reply {
    const { ledger, refuse } = this.#platform;
    if (!endpoint) {
      ledger.violate(call, ["the platform has no such path"]);
      return { status: 404, body: "Not Found" };
    }
    if (!endpoint.methods.includes(call.method)) {
      ledger.violate(call, [`it is asked for by ${endpoint.methods.join(" or ")}`]);
      return { status: 405, body: "Method Not Allowed" };
    }
    const findings = bodyFindings(call, endpoint.body ?? "json");
    if (findings.length > 0) {
      ledger.violate(call, findings);
      return refuse(400, findings.join("; "));
    }
    return endpoint.perform(call, items);
  }

  #look(): void {
    for (const look of this.#lookers) look();
  }
}
