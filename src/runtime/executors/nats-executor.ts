/** The `nats` executor: an attempt is a request to a NATS subject, its reply the result. */
import { nextDeadline } from "../../actors/instance/deadline.ts";
import { NATS_QUEUE, REQUEST_TIMEOUT_MS } from "../../domain/action.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Requester, ServiceReply } from "../../ports/requester.ts";
import type { Assignment, WorkerCommands } from "../api.ts";
import { BuiltInExecutor } from "./built-in-executor.ts";
import { failed } from "./performed-attempt.ts";
import type { Outcome, Perform } from "./performed-attempt.ts";
import { requestHeaders } from "./request-headers.ts";
import { storableText, unstorable } from "./storable.ts";

/** A request is given up so long before the deadline of its attempt, so that what is reported is why: nobody replied. */
const REPORT_MS = 250;
/** Plain timers reach no further. */
const LONGEST_REQUEST_MS = 2 ** 31 - 1;
const MAX_MESSAGE = 4096;
const MAX_SERVICE_CODE = 64;

/** @param deps.slots requests at a time; default 256. */
export function natsExecutor(deps: {
  readonly requester: Requester;
  readonly workers: Pick<WorkerCommands, "open" | "heartbeat" | "complete" | "fail">;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  readonly slots?: number;
}): BuiltInExecutor {
  const { requester, nodeId, ...rest } = deps;
  const executor = new BuiltInExecutor({
    ...rest,
    queue: NATS_QUEUE,
    workerId: `nats@${nodeId}`,
    perform: requesting(requester),
    ready: requester.connected,
  });
  requester.onChange(() => executor.setReady(requester.connected));
  return executor;
}

function requesting(requester: Requester): Perform {
  return async (assignment, signal) => {
    const { action, payload } = assignment.instance.spec;
    if (action.kind !== "nats") {
      throw new Error(`An action of kind "${action.kind}" stands in the queue of requests`);
    }
    const request = {
      subject: action.subject,
      headers: requestHeaders(assignment, action),
      payload: payload ?? {},
      timeoutMs: timeoutOf(assignment),
    };
    return outcomeOf(await requester.request(request, signal), action.subject, request.timeoutMs);
  };
}

/** Counted from the start of the attempt by the clock of whoever decided it: that of this node may differ. Signs of life are given anyway. */
function timeoutOf({ instance: { state, life, spec } }: Assignment): number {
  const attempt = life.attempt === null ? null : { ...life.attempt, heartbeatMs: null };
  const deadline = nextDeadline(state, { ...life, attempt }, spec);
  if (deadline === null || attempt === null) {
    return REQUEST_TIMEOUT_MS;
  }
  const wholeMs = deadline.at - attempt.startedAt;
  const waitMs = Math.floor(wholeMs - Math.min(REPORT_MS, wholeMs / 10));
  return Math.min(Math.max(waitMs, 1), LONGEST_REQUEST_MS);
}

function outcomeOf(reply: ServiceReply, subject: string, timeoutMs: number): Outcome {
  switch (reply.kind) {
    case "replied": {
      const fault = reply.payload === null ? null : unstorable(reply.payload);
      return fault === null
        ? { kind: "completed", result: reply.payload }
        : failed("REPLY_UNREADABLE", `The reply holds ${fault}, which cannot be kept.`, false);
    }
    case "refused": {
      const code = storableText(reply.code, MAX_SERVICE_CODE);
      const message = storableText(reply.message, MAX_MESSAGE);
      return failed("SERVICE_ERROR", `${code} ${message}`.trim(), !isCallersFault(reply.code));
    }
    case "no-responders":
      return failed("NO_RESPONDERS", `Nobody answers requests on "${subject}".`, true);
    case "timed-out":
      return failed("REQUEST_TIMEOUT", `No reply on "${subject}" within ${timeoutMs} ms.`, true);
    case "unavailable":
      return failed("NATS_UNAVAILABLE", storableText(reply.message, MAX_MESSAGE), true);
    case "unreadable":
      return failed("REPLY_UNREADABLE", storableText(reply.message, MAX_MESSAGE), false);
  }
}

/** As in HTTP: 4xx says that the same request fails again, except for 408 (timeout) and 429 (too many requests). */
function isCallersFault(code: string): boolean {
  return /^4\d\d$/u.test(code) && code !== "408" && code !== "429";
}
