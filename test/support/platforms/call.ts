import type { IncomingHttpHeaders } from "node:http";

/** One request that a platform got. */
export interface Call {
  /** The first is 1. */
  readonly number: number;
  /** The platform's word for what was asked, e.g. `push`, `token`; `unknown` for a path that it does not have. */
  readonly operation: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body read as JSON; undefined when it is none. */
  readonly json: unknown;
  /** By the platform's clock, in epoch milliseconds. */
  readonly at: number;
  /** What the platform did; undefined until it did. */
  reply: Reply | undefined;
  /** Whether a fault decided what it did. */
  isFaulty: boolean;
}

/** `reset`: the connection breaks without an answer. `silence`: no answer ever comes. */
export type Reply = Answer | "reset" | "silence";

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function json(status: number, body: unknown): Answer {
  return { status, body: JSON.stringify(body), headers: { "content-type": "application/json;charset=UTF-8" } };
}

/** Something that a platform can be asked for. */
export interface Endpoint {
  readonly operation: string;
  readonly methods: readonly string[];
  readonly path: string;
  /** How its body is written; default: JSON. `none`: it has no body. */
  readonly body?: "json" | "form" | "none";
  /** @param items stands in for the JSON of the call, when a fault holds a part of it back. */
  perform(call: Call, items?: unknown): Reply;
}
