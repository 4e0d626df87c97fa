/** HTTP requests of any version to Connect's handlers: gRPC, gRPC-Web and Connect by their content types. */
import { createRegistry } from "@bufbuild/protobuf";
import { Code, ConnectError, createConnectRouter } from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { UniversalHandler, UniversalServerRequest, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { file_google_rpc_error_details } from "../../gen/google/rpc/error_details_pb.ts";
import type { Log } from "../../ports/log.ts";
import type { GuardedMethod } from "../call/handler.ts";
import type { NodeRequest, NodeResponse, RequestListener } from "./node-http.ts";
import { addRoutes } from "./routes.ts";
import { plainAnswer, unknownPath } from "./plain-answer.ts";

export interface RequestListenerOptions {
  readonly methods: readonly GuardedMethod[];
  /** Is asked first. @returns whether it answers the request. */
  readonly callbacks: (request: NodeRequest, response: NodeResponse) => boolean;
  readonly readMaxBytes: number;
  readonly log: Log;
}

export function createRequestListener({
  methods,
  callbacks,
  readMaxBytes,
  log,
}: RequestListenerOptions): RequestListener {
  const router = createConnectRouter({
    readMaxBytes,
    acceptCompression: [compressionGzip, compressionBrotli],
    // A misspelt field is an error to be told, not to be skipped. The registry is for details of errors, shown to those who read JSON.
    // Fields that hold their default are written out: who reads JSON should see that nothing was asked for, instead of nothing.
    jsonOptions: {
      ignoreUnknownFields: false,
      alwaysEmitImplicit: true,
      registry: createRegistry(file_google_rpc_error_details),
    },
  });
  addRoutes(router, methods);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (request, response) => {
    if (callbacks(request, response)) return;
    serve(handlers, request, response).catch((error: unknown) => {
      // The answer could not be written: nearly always because whoever asked has gone.
      if (ConnectError.from(error).code !== Code.Aborted)
        log.debug("A response was cut off", { url: request.url, error });
      if (!response.headersSent && !response.destroyed) response.destroy();
    });
  };
}

async function serve(
  handlers: ReadonlyMap<string, UniversalHandler>,
  request: NodeRequest,
  response: NodeResponse,
): Promise<void> {
  const [path = ""] = (request.url ?? "").split("?", 1);
  const handler = handlers.get(path);
  if (handler === undefined) return unknownPath(request, response);
  const asked = universalRequestFromNodeRequest(request, response, undefined, undefined);
  const answer = await handler(isPlainJson(request) ? { ...asked, body: utf8Only(asked.body) } : asked);
  const said = explained(answer, request);
  if (said !== undefined) return plainAnswer(response, answer.status, said, answer.header);
  await universalResponseToNodeResponse(answer, response);
}

function isPlainJson({ headers }: NodeRequest): boolean {
  const isEncoded = (headers["content-encoding"] ?? "identity") !== "identity";
  return !isEncoded && /^application\/json\b/i.test(headers["content-type"] ?? "");
}

/** Connect reads U+FFFD for bytes that are no UTF-8; what nobody meant must not be kept. */
async function* utf8Only(body: UniversalServerRequest["body"]): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const check = (chunk?: Uint8Array): void => {
    try {
      decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (cause) {
      throw new ConnectError("The request is not UTF-8 text.", Code.InvalidArgument, undefined, undefined, cause);
    }
  };
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    check(chunk);
    yield chunk;
  }
  check();
}

/** What a person should know who gets a bare status. */
function explained({ status, body }: UniversalServerResponse, request: NodeRequest): string | undefined {
  if (body !== undefined) return undefined;
  switch (status) {
    case 405:
      return "Methods of this API are called with POST.";
    case 415:
      return `The content type "${request.headers["content-type"] ?? ""}" is not served. For JSON, send the header content-type: application/json.`;
    case 505:
      return "Bidirectional streams need HTTP/2.";
    default:
      return undefined;
  }
}
