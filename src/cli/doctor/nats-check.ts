import { connectNats } from "../../bus/nats/connect-nats.ts";
import type { Nats } from "../../bus/nats/connect-nats.ts";
import { NatsError } from "../../bus/nats/nats-error.ts";
import type { NatsConfig } from "../../config/index.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { ServiceReply } from "../../ports/requester.ts";
import { sentenceOf } from "../failure.ts";
import { lengthOfTime } from "../format/time.ts";
import { counted } from "../format/words.ts";
import { natsFailure, natsOptions } from "../node/network.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

const STREAM = "BELFRY_EVENTS";
const ANSWER_MS = 3_000;
const LAST_WORDS_MS = 100;
const STREAM_NOT_FOUND = 10_059;
const PERMISSION_ADVICE =
  "Allow Belfry's user what it needs: docs/operations.md, Permissions on NATS, has the subjects.";

/** Looks at NATS: whether it answers, whether nodes may talk over it, and where status events go. Makes and changes nothing. */
export async function checkNats(config: NatsConfig, clock: Clock, log: Log): Promise<readonly Finding[]> {
  const refusals: string[] = [];
  const refusalsLog: Log = {
    ...log,
    error: (message, { operation, subject } = {}) => {
      if (typeof operation === "string" && typeof subject === "string") refusals.push(`${operation} of ${subject}`);
      else log.error(message);
    },
  };
  let nats: Nats;
  try {
    nats = await connectNats(natsOptions(config, `belfry ${config.cluster} doctor`, clock, refusalsLog));
  } catch (error) {
    if (!(error instanceof NatsError)) throw error;
    return [connectionFinding(error)];
  }
  try {
    return [
      ok("NATS", `${config.shown} answers: NATS ${nats.serverVersion ?? "of unknown version"}`),
      await nodesFinding(nats, config, clock, refusals),
      ...(await jetStreamFindings(nats)),
    ];
  } finally {
    await nats.close();
  }
}

function connectionFinding(error: NatsError): Finding {
  const message = sentenceOf(natsFailure(error));
  if (error.code !== "UNREACHABLE") return fail("NATS", message, "A node does not start like this.");
  const advice =
    "Check that it runs, and what BELFRY_NATS_URL says. A node would start, and work alone until it is reached.";
  return warn("NATS", message, advice);
}

/** A message to itself takes the way of those between nodes. */
async function nodesFinding(
  nats: Nats,
  { cluster }: NatsConfig,
  clock: Clock,
  refusals: readonly string[],
): Promise<Finding> {
  const node = "doctor";
  const bus = nats.bus(node);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const limit = clock.schedule(ANSWER_MS, () => resolve(false));
  bus.listen({ heard: () => resolve(true), changed: (connected) => connected || resolve(false) });
  bus.send(node, "hello");
  const heard = await promise;
  limit.cancel();
  await bus.close();
  // What NATS refused it has said before the message came; the client tells it a little later.
  await clock.sleep(LAST_WORDS_MS);
  if (heard && refusals.length === 0) return ok("nodes", `may talk to each other as cluster ${cluster}`);
  const why = refusals.length === 0 ? "no message came through" : `NATS refused the ${refusals.join(", the ")}`;
  return fail("nodes", `cannot talk to each other as cluster ${cluster}: ${why}`, PERMISSION_ADVICE);
}

async function jetStreamFindings(nats: Nats): Promise<readonly Finding[]> {
  const account = await asked(nats, "INFO");
  if (account.kind !== "replied" || errorOf(account.payload) !== undefined) return [jetStreamFinding(account)];
  const stream = await asked(nats, `STREAM.INFO.${STREAM}`);
  const error = stream.kind === "replied" ? errorOf(stream.payload) : undefined;
  if (error?.code === STREAM_NOT_FOUND) {
    return [ok("JetStream", `is on; ${STREAM} does not exist yet, the first start makes it`)];
  }
  if (stream.kind !== "replied" || error !== undefined || stream.payload === null) {
    return [fail("JetStream", `is on; ${STREAM} cannot be looked at: ${reasonOf(stream)}`, PERMISSION_ADVICE)];
  }
  return [ok("JetStream", `is on; ${STREAM} ${streamInWords(stream.payload)}`)];
}

function jetStreamFinding(account: ServiceReply): Finding {
  const isOff =
    account.kind === "no-responders" || (account.kind === "replied" && errorOf(account.payload) !== undefined);
  if (!isOff) return fail("JetStream", `cannot be asked: ${reasonOf(account)}`, PERMISSION_ADVICE);
  return warn(
    "JetStream",
    "is off: status events on NATS reach only those who listen at the moment",
    "Start the server with JetStream (nats-server -js), and allow it for Belfry's account.",
  );
}

/** As any client may ask, without making the stream. */
function asked(nats: Nats, call: string): Promise<ServiceReply> {
  const request = { subject: `$JS.API.${call}`, headers: {}, payload: {}, timeoutMs: ANSWER_MS };
  return nats.requester.request(request, new AbortController().signal);
}

function streamInWords(info: JsonObject): string {
  const config = objectIn(info, "config");
  const state = objectIn(info, "state");
  const ageMs = numberIn(config, "max_age") / 1_000_000;
  const kept = ageMs > 0 ? `keeps them ${lengthOfTime(ageMs)}` : "keeps them for ever";
  const events = counted(numberIn(state, "messages"), "event");
  return `has ${events} and ${kept}, each on ${counted(numberIn(config, "num_replicas"), "server")}`;
}

function errorOf(answer: JsonObject | null): { readonly code: number; readonly description: string } | undefined {
  if (answer?.["error"] === undefined) return undefined;
  const error = objectIn(answer, "error");
  return { code: numberIn(error, "err_code"), description: textIn(error, "description") };
}

function reasonOf(reply: ServiceReply): string {
  switch (reply.kind) {
    case "replied":
      return errorOf(reply.payload)?.description ?? "the answer is not JetStream's";
    case "no-responders":
      return "nobody answers";
    case "timed-out":
      return "no answer in time";
    case "refused":
    case "unavailable":
    case "unreadable":
      return reply.message;
  }
}

function objectIn(value: JsonObject, name: string): JsonObject {
  const part = value[name];
  return typeof part === "object" && part !== null && !Array.isArray(part) ? (part as JsonObject) : {};
}

function numberIn(value: JsonObject, name: string): number {
  const part = value[name];
  return typeof part === "number" ? part : 0;
}

function textIn(value: JsonObject, name: string): string {
  const part = value[name];
  return typeof part === "string" ? part : "";
}
