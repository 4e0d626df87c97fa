import { headers, type MsgHdrs } from "@nats-io/transport-node";
import type { Requester, ServiceReply, ServiceRequest } from "../../ports/requester.ts";
import type { Line } from "./line.ts";
import type { Answer, Replies } from "./replies.ts";
import { readServiceReply } from "./service-reply.ts";

/** Tokens with dots between them, no wildcards. */
const SUBJECT = /^[^\s.*>]+(?:\.[^\s.*>]+)*$/u;

/** Requests of the `nats` executor: core request and reply. */
export class NatsRequester implements Requester {
  readonly #line: Line;
  readonly #replies: Replies;

  constructor(line: Line, replies: Replies) {
    this.#line = line;
    this.#replies = replies;
  }

  get connected(): boolean {
    return this.#line.connected;
  }

  onChange(listener: () => void): void {
    this.#line.onChange(listener);
  }

  async request(request: ServiceRequest, signal: AbortSignal): Promise<ServiceReply> {
    // Nobody can listen on what is no subject.
    if (!SUBJECT.test(request.subject)) return { kind: "no-responders" };
    let sent: MsgHdrs;
    try {
      sent = headersOf(request);
    } catch (error) {
      return { kind: "unavailable", message: `The request has a header that NATS cannot carry: ${reasonOf(error)}` };
    }
    const question = { subject: request.subject, payload: JSON.stringify(request.payload), headers: sent };
    const [answer] = await this.#replies.ask([question], request.timeoutMs, signal);
    return toReply(answer ?? { kind: "disconnected" }, request.subject);
  }
}

function headersOf(request: ServiceRequest): MsgHdrs {
  const sent = headers();
  for (const [name, value] of Object.entries(request.headers)) sent.set(name, value);
  return sent;
}

function toReply(answer: Answer, subject: string): ServiceReply {
  switch (answer.kind) {
    case "answered":
      return readServiceReply(answer.message);
    case "no-responders":
    case "timed-out":
      return answer;
    case "disconnected":
      return { kind: "unavailable", message: "There is no connection to NATS" };
    case "forbidden":
      return { kind: "unavailable", message: `The user of Belfry may not send requests to ${subject} on NATS` };
    case "unsendable":
      return { kind: "unavailable", message: `The request cannot be sent over NATS: ${answer.reason}` };
    case "called-off":
      return { kind: "unavailable", message: "The request was called off" };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
