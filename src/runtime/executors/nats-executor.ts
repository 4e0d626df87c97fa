/** The `nats` executor: an attempt is a request to a NATS subject, its reply the result. */
import { NATS_QUEUE, REQUEST_TIMEOUT_MS } from "../../domain/action.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Requester, ServiceReply } from "../../ports/requester.ts";
import type { ExecutorCommands } from "../api.ts";
import type { RuntimeDeps } from "../runtime-deps.ts";
import { BuiltInExecutor } from "./built-in-executor.ts";
import { failed } from "./performed-attempt.ts";
import type { Outcome, Perform } from "./performed-attempt.ts";
import { requestHeaders } from "./request-headers.ts";
import { requestTimeout } from "./request-timeout.ts";
import { storableText, unstorable } from "./storable.ts";

const MAX_MESSAGE = 4096;
const MAX_SERVICE_CODE = 64;

/** @param deps.slots requests at a time; default 256. */
export function natsExecutor(deps: {
  readonly requester: Requester;
  readonly workers: ExecutorCommands;
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

/** That of a node; none when it sends no requests. */
export function natsExecutors(
  { requester, clock, log, options: { nodeId } }: Pick<RuntimeDeps, "requester" | "clock" | "log" | "options">,
  workers: ExecutorCommands,
): readonly BuiltInExecutor[] {
  return requester === undefined ? [] : [natsExecutor({ requester, workers, clock, log, nodeId })];
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
      timeoutMs: requestTimeout(assignment, REQUEST_TIMEOUT_MS),
    };
    return outcomeOf(await requester.request(request, signal), action.subject, request.timeoutMs);
  };
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
