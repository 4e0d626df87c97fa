/**
 * What surrounds every handler: check the request, run the handler, stop waiting when the deadline has passed, and turn whatever was thrown
 * into the one error that callers see.
 */
import type { DescMessage, DescMethod, DescService, Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { toConnectError, type ErrorContext } from "../errors/to-connect-error.ts";
import { deadlineError, orAborted, passedDeadline } from "./abort.ts";
import type {
  BidiStreamingHandler,
  Call,
  ClientStreamingHandler,
  GuardedMethod,
  Handlers,
  ServerStreamingHandler,
  UnaryHandler,
} from "./handler.ts";
import { checkRequest } from "./check-request.ts";

/** The methods of a service with their guards, in the order of the schema. */
export function guardService<S extends DescService>(
  service: S,
  handlers: Handlers<S>,
  context: ErrorContext,
): GuardedMethod[] {
  const byName = handlers as Readonly<Record<string, unknown>>;
  return service.methods.map((method) => guardMethod(method, byName[method.localName], context));
}

function guardMethod(method: DescMethod, handler: unknown, context: ErrorContext): GuardedMethod {
  if (typeof handler !== "function")
    throw new Error(`No handler was given for ${method.parent.typeName}/${method.name}`);
  switch (method.methodKind) {
    case "unary": {
      const handle = handler as UnaryHandler<DescMessage, DescMessage>;
      return {
        kind: "unary",
        method,
        handle: (request, call) =>
          guarded(method, call, context, async () => {
            checkRequest(method.input, request);
            return handle(request, call);
          }),
      };
    }
    case "server_streaming": {
      const handle = handler as ServerStreamingHandler<DescMessage, DescMessage>;
      return {
        kind: "server_streaming",
        method,
        handle: (request, call) =>
          guardedStream(method, call, context, () => {
            checkRequest(method.input, request);
            return handle(request, call);
          }),
      };
    }
    case "client_streaming": {
      const handle = handler as ClientStreamingHandler<DescMessage, DescMessage>;
      return {
        kind: "client_streaming",
        method,
        handle: (requests, call) =>
          guarded(method, call, context, () => handle(checkedRequests(method.input, requests), call)),
      };
    }
    case "bidi_streaming": {
      const handle = handler as BidiStreamingHandler<DescMessage, DescMessage>;
      return {
        kind: "bidi_streaming",
        method,
        handle: (requests, call) =>
          guardedStream(method, call, context, () => handle(checkedRequests(method.input, requests), call)),
      };
    }
  }
}

/** A caller whose deadline has passed is answered at once, however long the handler still takes. */
async function guarded<T>(method: DescMethod, call: Call, context: ErrorContext, run: () => Promise<T>): Promise<T> {
  try {
    return await orAborted(run(), call.signal);
  } catch (thrown) {
    throw outcomeOf(thrown, method, call, context);
  }
}

/** Handlers of streams end by themselves when the signal aborts; what they say then depends on why it did. */
async function* guardedStream<T>(
  method: DescMethod,
  call: Call,
  context: ErrorContext,
  run: () => AsyncIterable<T>,
): AsyncGenerator<T> {
  try {
    yield* run();
    if (passedDeadline(call.signal)) throw deadlineError();
  } catch (thrown) {
    throw outcomeOf(thrown, method, call, context);
  }
}

function outcomeOf(thrown: unknown, method: DescMethod, { signal }: Call, context: ErrorContext): ConnectError {
  if (passedDeadline(signal)) return toConnectError(deadlineError(), method, context);
  // The caller went away, and what was waited for was given up for that reason: nobody hears this.
  if (signal.aborted && thrown === signal.reason) return new ConnectError("The caller gave up", Code.Canceled);
  return toConnectError(thrown, method, context);
}

async function* checkedRequests<T extends Message>(schema: DescMessage, requests: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const request of requests) {
    checkRequest(schema, request);
    yield request;
  }
}
