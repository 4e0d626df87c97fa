import { connect, errors, type NatsConnection, type PermissionViolationError } from "@nats-io/transport-node";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { clientOptions, type ClientOptions } from "./client-options.ts";
import { NatsError } from "./nats-error.ts";
import type { NatsOptions } from "./nats-options.ts";

/** Between two attempts to make a client; those of a client to come back are in its own hands. */
const REDIAL_MS = 500;

/**
 * The one connection to NATS, for as long as the node lives.
 *
 * N1. What is on the line is sent while it is connected, or not at all: nothing waits in the client for a network that may come back in an hour.
 *     So whoever sends asks `connection` first.
 * N2. The line comes back from everything but `close`. Breaks are healed by the client library, which subscribes again by itself. A connection
 *     that gives no sign of life is thrown away and a new one made: the library would first wait for the network to take what it still has to
 *     write, which may be a quarter of an hour. So it is with a client that gave up for a reason of its own. `whenOpened` runs for each client.
 * N3. A listener's mistake stays its own: in the library an exception ends the reading from the network.
 */
export class Line {
  readonly #options: ClientOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #closing = new AbortController();
  readonly #openers = new Set<(client: NatsConnection) => void>();
  readonly #watchers = new Set<(connected: boolean) => void>();
  readonly #refusals = new Set<(error: PermissionViolationError) => void>();
  #client: NatsConnection | undefined;
  #connected = false;
  #version: string | undefined;
  #lastFailure = "";

  private constructor(options: ClientOptions, { clock, log }: NatsOptions) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  /** @throws NatsError WRONG_OPTIONS, and the others when the first connection is required. */
  static async open(options: NatsOptions): Promise<Line> {
    const line = new Line(clientOptions(options), options);
    const first = options.firstConnection === "background" ? undefined : await line.#dial();
    if (first !== undefined) line.#take(first);
    void line.#live(first);
    return line;
  }

  /** The client while messages reach the server, otherwise undefined. */
  get connection(): NatsConnection | undefined {
    return this.#connected ? this.#client : undefined;
  }

  get connected(): boolean {
    return this.#connected;
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** The version of the server that was reached last. */
  get serverVersion(): string | undefined {
    return this.#version;
  }

  /** Runs `setUp` for the client there is, and for every new one. Returns how to stop that. */
  whenOpened(setUp: (client: NatsConnection) => void): () => void {
    this.#openers.add(setUp);
    const client = this.#client;
    if (client !== undefined && !client.isClosed()) setUp(client);
    return () => void this.#openers.delete(setUp);
  }

  onChange(listener: (connected: boolean) => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  /** The server said that its user may not publish or subscribe there. */
  onRefusal(listener: (error: PermissionViolationError) => void): () => void {
    this.#refusals.add(listener);
    return () => void this.#refusals.delete(listener);
  }

  /** Waits until the server has what was sent. Never rejects. @returns whether it has, within `limitMs`. */
  async flush(limitMs: number): Promise<boolean> {
    const client = this.connection;
    if (client === undefined) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const limit = this.#clock.schedule(limitMs, () => resolve(false));
    const stopWatching = this.onChange((connected) => connected || resolve(false));
    client.flush().then(
      () => resolve(true),
      () => resolve(false),
    );
    const flushed = await promise;
    limit.cancel();
    stopWatching();
    return flushed;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.#closing.abort();
    await this.#client?.close();
    this.#setConnected(false);
    this.#client = undefined;
  }

  async #live(first: NatsConnection | undefined): Promise<void> {
    let client = first;
    while (!this.closed) {
      client ??= await this.#dialUntilReached();
      if (client === undefined) return;
      if (client !== this.#client) this.#take(client);
      await this.#follow(client);
      this.#setConnected(false);
      this.#client = undefined;
      client = undefined;
    }
  }

  #take(client: NatsConnection): void {
    restoreServers(client, this.#options.servers);
    this.#client = client;
    for (const setUp of this.#openers) this.#guarded(() => setUp(client));
    this.#setConnected(true);
  }

  /** Resolves when the client is closed. */
  async #follow(client: NatsConnection): Promise<void> {
    for await (const status of client.status()) {
      switch (status.type) {
        case "disconnect":
          this.#setConnected(false);
          break;
        case "reconnect":
          this.#setConnected(true);
          break;
        case "staleConnection":
          this.#log.warn("NATS gave no sign of life; connecting anew", { server: client.getServer() });
          this.#setConnected(false);
          void client.close(); // N2
          break;
        case "error":
          this.#refused(status.error);
          break;
        default:
          break;
      }
    }
    await client.closed();
  }

  #refused(error: Error): void {
    if (error instanceof errors.PermissionViolationError) {
      this.#log.error("The user of Belfry lacks a permission on NATS", {
        operation: error.operation,
        subject: error.subject,
      });
      for (const listener of this.#refusals) this.#guarded(() => listener(error));
    } else {
      this.#log.warn("NATS reports an error", { error: error.message });
    }
  }

  #setConnected(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    const server = this.#client?.getServer();
    if (connected) {
      this.#version = this.#client?.info?.version;
      this.#lastFailure = "";
      this.#log.info("Connected to NATS", { server, version: this.#version });
    } else if (!this.closed) {
      this.#log.warn("The connection to NATS is broken; Belfry goes on without it and connects again", { server });
    }
    for (const listener of this.#watchers) this.#guarded(() => listener(connected));
  }

  async #dialUntilReached(): Promise<NatsConnection | undefined> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const client = await this.#dial();
        if (!signal.aborted) return client;
        await client.close();
      } catch (error) {
        this.#complain(error);
        await this.#clock.sleep(REDIAL_MS, signal).catch(() => {});
      }
    }
    return undefined;
  }

  /** One line for a reason, not one for every attempt. */
  #complain(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (message === this.#lastFailure || this.closed) return;
    this.#lastFailure = message;
    this.#log.warn("NATS cannot be used; Belfry goes on without it and keeps trying", { reason: message });
  }

  async #dial(): Promise<NatsConnection> {
    try {
      return await connect({ ...this.#options.client });
    } catch (error) {
      throw connectionError(error, this.#options.servers);
    }
  }

  #guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#log.error("A listener of the NATS connection failed", { error });
    }
  }
}

/** Servers that could not be reached at first are struck off the client's list; they may be the ones that are there next time. */
function restoreServers(client: NatsConnection, servers: readonly string[]): void {
  const known = client.getServers().map(({ listen }) => listen);
  const missing = servers.filter((server) => !known.includes(server));
  if (missing.length > 0) client.setServers([...known, ...missing]);
}

function connectionError(error: unknown, servers: readonly string[]): NatsError {
  const where = servers.join(", ");
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    return new NatsError("UNAUTHORIZED", `NATS at ${where} does not take the credentials: ${error.message}`);
  }
  const reason = error instanceof Error && error.message !== "" ? error.message : "no answer";
  return new NatsError("UNREACHABLE", `NATS cannot be reached at ${where}: ${reason}`);
}
