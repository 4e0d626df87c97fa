/**
 * gRPC in binary over HTTP/2, straight on Node's streams: the lane that most calls of services and workers take.
 *
 * It serves the same guarded methods as Connect, which costs several times as much a call, and passes the same tests. What it does not know
 * (JSON, gRPC-Web, Connect, an unknown method) it leaves to Connect.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Call, GuardedMethod } from "../call/handler.ts";
import { GrpcCall } from "./grpc-call.ts";
import { errorTrailers } from "./status.ts";

/** Takes a call, or leaves it: then it has done nothing. */
export type GrpcLane = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean;

export interface GrpcLaneOptions {
  readonly methods: readonly GuardedMethod[];
  readonly readMaxBytes: number;
  readonly clock: Clock;
  readonly log: Log;
}

export function createGrpcLane({ methods, readMaxBytes, clock, log }: GrpcLaneOptions): GrpcLane {
  const byPath = new Map(methods.map((served) => [`/${served.method.parent.typeName}/${served.method.name}`, served]));
  return (stream, headers) => {
    const type = headers["content-type"];
    const served =
      type === "application/grpc" || type === "application/grpc+proto"
        ? byPath.get(headers[":path"] as string)
        : undefined;
    if (served === undefined || headers[":method"] !== "POST") {
      return false;
    }
    stream.on("error", (error) => log.debug("A call was cut off", { method: served.method.name, error }));
    let call: GrpcCall;
    try {
      call = new GrpcCall(stream, headers, served.method, { maxBytes: readMaxBytes, clock });
    } catch (error) {
      stream.respond(
        { ":status": 200, "content-type": "application/grpc+proto", ...errorTrailers(ConnectError.from(error)) },
        { endStream: true },
      );
      stream.resume();
      return true;
    }
    serve(served, call).catch((error: unknown) => call.fail(ConnectError.from(error, Code.Unknown)));
    return true;
  };
}

async function serve(served: GuardedMethod, call: GrpcCall): Promise<void> {
  const context: Call = { signal: call.signal };
  switch (served.kind) {
    case "unary":
      call.answer(await served.handle(await call.message(), context));
      return;
    case "client_streaming":
      call.answer(await served.handle(call.messages(), context));
      return;
    case "server_streaming":
      await sendAll(call, served.handle(await call.message(), context));
      return;
    case "bidi_streaming":
      await sendAll(call, served.handle(call.messages(), context));
      return;
    default:
      served satisfies never;
  }
}

async function sendAll(call: GrpcCall, responses: AsyncIterable<object>): Promise<void> {
  for await (const response of responses) {
    await call.send(response);
  }
  call.end();
}
