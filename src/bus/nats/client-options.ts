import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { credsAuthenticator, type NodeConnectionOptions } from "@nats-io/transport-node";
import { NatsError } from "./nats-error.ts";
import type { NatsOptions } from "./nats-options.ts";
import { parseNatsUrls } from "./nats-url.ts";

const PING_INTERVAL_MS = 5_000;
const MAX_PINGS_OUT = 2;
const CONNECT_TIMEOUT_MS = 5_000;
/** Between two attempts at one server, with as much chance again so that nodes do not come back all at the same moment. */
const RECONNECT_WAIT_MS = 250;

/** The client library's options, and `host:port` of all servers for messages and logs: no secret among them. */
export interface ClientOptions {
  readonly client: NodeConnectionOptions;
  readonly servers: readonly string[];
}

/** @throws NatsError WRONG_OPTIONS */
export function clientOptions(options: NatsOptions): ClientOptions {
  const { servers, ...url } = parseNatsUrls(options.servers);
  const { timing = {} } = options;
  // Where the client is about to dial. It tells the TLS check only the host's name, and "localhost" when the address is an IP.
  let dialled = "";
  const tls = options.tls !== undefined || url.tls ? { ...options.tls, checkServerIdentity: checkIdentity } : undefined;
  function checkIdentity(host: string, certificate: PeerCertificate): Error | undefined {
    return checkServerIdentity(isIP(dialled) === 0 ? host : dialled, certificate);
  }
  return {
    servers,
    client: {
      servers: [...servers],
      name: options.name ?? "belfry",
      tls,
      ...account(options, url),
      // What comes back after an outage is wanted for ever, also when the server refused the credentials for a while.
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      reconnectTimeWait: RECONNECT_WAIT_MS,
      reconnectJitter: RECONNECT_WAIT_MS,
      reconnectJitterTLS: RECONNECT_WAIT_MS,
      pingInterval: timing.pingIntervalMs ?? PING_INTERVAL_MS,
      maxPingOut: MAX_PINGS_OUT,
      timeout: timing.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      // They cost a stack trace a request.
      noAsyncTraces: true,
      reconnectToServer(pool) {
        dialled = pool[0]?.hostname ?? "";
        return null;
      },
    },
  };
}

type Account = Pick<NodeConnectionOptions, "authenticator" | "token" | "user" | "pass">;

function account(options: NatsOptions, url: Pick<NatsOptions, "token" | "user" | "password">): Account {
  if (options.credentials !== undefined) return { authenticator: credentialsOf(options.credentials) };
  if (options.token !== undefined) return { token: options.token };
  if (options.user !== undefined) return { user: options.user, pass: options.password };
  return { token: url.token, user: url.user, pass: url.password };
}

/** Tried once here: later a mistake in them would look like a connection that breaks. */
function credentialsOf(credentials: string): ReturnType<typeof credsAuthenticator> {
  const authenticator = credsAuthenticator(new TextEncoder().encode(credentials));
  try {
    authenticator("nonce");
    return authenticator;
  } catch {
    throw new NatsError(
      "WRONG_OPTIONS",
      "The NATS credentials are not the contents of a creds file (a JWT and a seed)",
    );
  }
}
