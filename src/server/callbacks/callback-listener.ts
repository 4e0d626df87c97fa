/**
 * Results of webhooks by plain HTTP, for receivers that speak no gRPC: `POST /callbacks/<attempt token>`.
 *
 * The token is all that says who may report: it is unguessable, is worth one result of one attempt, and stands in no log. What is checked is what
 * CompleteInstance and FailInstance check. Errors are answered with the statuses that HTTP has for them, and `{code, reason, message}`.
 */
import { fromJson, type DescMessage, type JsonValue, type MessageShape } from "@bufbuild/protobuf";
import { BelfryError, invalid, type StatusCode } from "../../domain/error.ts";
import type { InstanceState } from "../../domain/instance/instance.ts";
import { CompleteInstanceRequestSchema, FailInstanceRequestSchema } from "../../gen/belfry/v1/worker_service_pb.ts";
import type { WorkerCommands } from "../../runtime/index.ts";
import { checkRequest } from "../call/check-request.ts";
import type { NodeRequest, NodeResponse } from "../connect/node-http.ts";
import { toBelfryError, type ErrorContext } from "../errors/to-connect-error.ts";
import type { ServerLimits } from "../limits.ts";
import { complete, fail } from "../work/work-results.ts";
import { BodyTooLong, readBody } from "./read-body.ts";

const PATH = "/callbacks/";

interface CallbackDeps extends ErrorContext {
  readonly workers: Pick<WorkerCommands, "complete" | "fail">;
  readonly limits: Pick<ServerLimits, "readMaxBytes" | "dataMaxBytes">;
}

const STATUSES: Readonly<Record<StatusCode, number>> = {
  INVALID_ARGUMENT: 400,
  NOT_FOUND: 404,
  // Of a token: the attempt that it was made for is over.
  FAILED_PRECONDITION: 409,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  RESOURCE_EXHAUSTED: 429,
  DEADLINE_EXCEEDED: 504,
  INTERNAL: 500,
  UNAVAILABLE: 503,
};

/** @returns whether the request is one of these; then it is answered. */
export function createCallbackListener(deps: CallbackDeps): (request: NodeRequest, response: NodeResponse) => boolean {
  return (request, response) => {
    const [path = ""] = (request.url ?? "").split("?", 1);
    if (!path.startsWith(PATH) || path.length === PATH.length) return false;
    answer(request, response, path.slice(PATH.length), deps).catch((error: unknown) => {
      deps.log.debug("A callback could not be answered", { error });
      response.destroy();
    });
    return true;
  };
}

async function answer(
  request: NodeRequest,
  response: NodeResponse,
  segment: string,
  deps: CallbackDeps,
): Promise<void> {
  if (request.method !== "POST") {
    response.setHeader("allow", "POST");
    return say(response, 405, { message: "A result is reported with POST." });
  }
  if (!isPlainJson(request)) {
    return say(response, 415, {
      message: "Send JSON without compression, with the header content-type: application/json.",
    });
  }
  try {
    const body = parsed(await readBody(request, deps.limits.readMaxBytes));
    return say(response, 200, { state: await report(tokenIn(segment), body, deps) });
  } catch (thrown) {
    if (thrown instanceof BodyTooLong) {
      // What it still sends is not read.
      if (request.httpVersionMajor === 1) response.setHeader("connection", "close");
      return say(response, 413, { message: thrown.message });
    }
    return refuse(response, toBelfryError(thrown, "POST /callbacks", deps));
  }
}

async function report(
  attemptToken: string,
  { status, ...rest }: Readonly<Record<string, JsonValue>>,
  { workers, limits }: CallbackDeps,
): Promise<InstanceState> {
  switch (status) {
    case "completed":
      return complete(
        workers,
        messageOf(CompleteInstanceRequestSchema, { ...rest, attemptToken }),
        "",
        limits.dataMaxBytes,
      );
    case "failed":
      return fail(workers, messageOf(FailInstanceRequestSchema, { ...rest, attemptToken }), "");
    default:
      throw invalid({ field: "status", description: 'must be "completed" or "failed"' });
  }
}

/** @throws BelfryError INVALID_FIELD */
function messageOf<D extends DescMessage>(schema: D, fields: Record<string, JsonValue>): MessageShape<D> {
  let message: MessageShape<D>;
  try {
    message = fromJson(schema, fields);
  } catch (error) {
    throw new BelfryError("INVALID_FIELD", error instanceof Error ? error.message : "The body cannot be read.");
  }
  checkRequest(schema, message);
  return message;
}

/** @throws BelfryError INVALID_FIELD */
function parsed(text: string): Readonly<Record<string, JsonValue>> {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Record<string, JsonValue>;
  } catch {
    // Said below: what stands in the body is not repeated.
  }
  throw new BelfryError("INVALID_FIELD", 'The body must be a JSON object, such as {"status":"completed","result":{}}.');
}

/** @throws BelfryError STALE_ATTEMPT when it cannot be a token of anything. */
function tokenIn(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new BelfryError("STALE_ATTEMPT", "There is no attempt of this token.");
  }
}

function isPlainJson({ headers }: NodeRequest): boolean {
  const isEncoded = (headers["content-encoding"] ?? "identity") !== "identity";
  return !isEncoded && /^application\/json(?:\s*;|$)/iu.test(headers["content-type"] ?? "");
}

function refuse(response: NodeResponse, error: BelfryError): void {
  const status = error.reason === "PAYLOAD_TOO_LARGE" ? 413 : STATUSES[error.code];
  if (error.retryAfterMs !== undefined) response.setHeader("retry-after", Math.ceil(error.retryAfterMs / 1000));
  const { code, reason, message, violations } = error;
  say(response, status, { code, reason, message, ...(violations.length > 0 && { fields: violations }) });
}

function say(response: NodeResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.setHeader("content-length", Buffer.byteLength(text));
  response.end(text);
}
