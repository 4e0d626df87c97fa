import { createInProcessNetwork } from "../../bus/in-process/network.ts";
import { connectNats } from "../../bus/nats/connect-nats.ts";
import type { Nats } from "../../bus/nats/connect-nats.ts";
import { NatsError } from "../../bus/nats/nats-error.ts";
import type { NatsOptions } from "../../bus/nats/nats-options.ts";
import type { Config, NatsConfig } from "../../config/index.ts";
import type { Bus } from "../../ports/bus.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventStream } from "../../ports/event-stream.ts";
import type { Log } from "../../ports/log.ts";
import type { Requester } from "../../ports/requester.ts";
import { EXIT_WRONG_CONFIG, Failure } from "../failure.ts";

/** What a node has of the world beyond its database. */
export interface Network {
  readonly bus: Bus;
  /** Undefined without NATS, as the next. */
  readonly eventStream: EventStream | undefined;
  readonly requester: Requester | undefined;
  /** Never rejects. */
  close(): Promise<void>;
}

/** For each server. At the start a network that swallows everything shall not keep a node from its own work for long. */
const CONNECT_TIMEOUT_MS = 3_000;

/**
 * Connects to NATS, or makes a network with nobody else on it. When no NATS server is reached the node goes on without and keeps trying: NATS is
 * transport only, and the node's own shards need none of it.
 *
 * @throws Failure when the settings are wrong or the server does not take the credentials: those would be wrong for ever.
 */
export async function openNetwork({ nats, nodeId }: Config, clock: Clock, log: Log): Promise<Network> {
  if (nats === undefined) {
    const bus = createInProcessNetwork(log).endpoint(nodeId);
    return { bus, eventStream: undefined, requester: undefined, close: () => bus.close() };
  }
  const connection = await connected(nats, nodeId, clock, log);
  return {
    bus: connection.bus(nodeId),
    eventStream: connection.eventStream,
    requester: connection.requester,
    close: () => connection.close(),
  };
}

async function connected(nats: NatsConfig, nodeId: string, clock: Clock, log: Log): Promise<Nats> {
  const options = natsOptions(nats, `belfry ${nats.cluster} ${nodeId}`, clock, log);
  try {
    return await connectNats(options);
  } catch (error) {
    if (!(error instanceof NatsError) || error.code !== "UNREACHABLE") throw natsFailure(error);
    log.warn("The node starts without NATS and keeps trying to reach it: until then it works alone", {
      reason: error.message,
    });
  }
  try {
    return await connectNats({ ...options, firstConnection: "background" });
  } catch (error) {
    throw natsFailure(error);
  }
}

/** @param name under which the servers list the connection. */
export function natsOptions(nats: NatsConfig, name: string, clock: Clock, log: Log): NatsOptions {
  const { servers, account, tls, cluster, events } = nats;
  const timing = { connectTimeoutMs: CONNECT_TIMEOUT_MS };
  const common = { servers, name, tls, cluster, events, timing, clock, log };
  switch (account.kind) {
    case "addresses":
      return common;
    case "credentials":
      return { ...common, credentials: account.credentials };
    case "token":
      return { ...common, token: account.token };
    case "user":
      return { ...common, user: account.user, password: account.password };
  }
}

/** What connecting to NATS threw, for a person. An error that is none of NATS is a defect, and stays what it is. */
export function natsFailure(error: unknown): unknown {
  if (!(error instanceof NatsError)) return error;
  switch (error.code) {
    case "WRONG_OPTIONS":
      return new Failure(`The settings of NATS (BELFRY_NATS_URL and its kin) are wrong: ${error.message}.`, {
        exitCode: EXIT_WRONG_CONFIG,
      });
    case "UNAUTHORIZED":
      return new Failure(
        `${error.message}. Set BELFRY_NATS_CREDS_FILE, BELFRY_NATS_TOKEN, or BELFRY_NATS_USER and BELFRY_NATS_PASSWORD right.`,
      );
    case "UNREACHABLE":
      return new Failure(`${error.message}.`);
  }
}
