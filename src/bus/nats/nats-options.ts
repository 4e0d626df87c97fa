import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";

/** How Belfry uses NATS. */
export interface NatsOptions {
  /** One or several addresses of servers of one NATS, with commas between them: see {@link import("./nats-url.ts").parseNatsUrls}. */
  readonly servers: string;
  /** Under which name the servers list this connection. Default "belfry". */
  readonly name?: string;
  /** The contents of a creds file (a user's JWT and seed). */
  readonly credentials?: string;
  /** Wins over what the addresses say. */
  readonly token?: string;
  /** Wins over what the addresses say. */
  readonly user?: string;
  readonly password?: string;
  readonly tls?: NatsTls;
  /**
   * Which Belfry this is, of several that share one NATS: letters, digits, `_` and `-`. Default "belfry". It keeps the nodes of clusters apart;
   * the subjects of status events are the same for all.
   */
  readonly cluster?: string;
  readonly events?: EventStreamSettings;
  /**
   * `required` (default): connectNats rejects when no server can be reached, or the credentials are not taken. `background`: it resolves at
   * once, disconnected, and tries until it succeeds or is closed.
   */
  readonly firstConnection?: "required" | "background";
  readonly timing?: NatsTiming;
  readonly clock: Clock;
  readonly log: Log;
}

/** PEM. Given at all, even empty: the connection must be encrypted. */
export interface NatsTls {
  /** Authorities to trust instead of the usual. */
  readonly ca?: string;
  /** A certificate of this client and its key. */
  readonly cert?: string;
  readonly key?: string;
}

/** With what the stream of status events is made. One that exists keeps what its operator chose. */
export interface EventStreamSettings {
  /** How long events stay. Default 7 days. */
  readonly maxAgeMs?: number;
  /** How much room they may take; the oldest go first. Default without limit. */
  readonly maxBytes?: number;
  /** How long the stream knows the ids of events, to store none twice. At least 100. Default 2 minutes. */
  readonly duplicateWindowMs?: number;
  /** On how many servers of a NATS cluster each event is kept: 1 (default), 3 or 5. */
  readonly replicas?: number;
}

export interface NatsTiming {
  /** How often the server is asked for a sign of life. Default 5 s. The third that goes without an answer ends the connection. */
  readonly pingIntervalMs?: number;
  /** For connecting to one server, TLS and credentials included. Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** For the stream's answer to what was published or asked. Default 5 s. */
  readonly publishTimeoutMs?: number;
}

export const DEFAULT_CLUSTER = "belfry";
