/** The ways in which a person or a program sends the requests of the page. Each takes and gives JSON. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import {
  createRegistry,
  fromBinary,
  fromJson,
  toJson,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
} from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { file_belfry_v1_config_service } from "../../../src/gen/belfry/v1/config_service_pb.ts";
import { file_belfry_v1_execution_service } from "../../../src/gen/belfry/v1/execution_service_pb.ts";
import { file_belfry_v1_definition_service } from "../../../src/gen/belfry/v1/definition_service_pb.ts";
import { file_belfry_v1_dispatch_service } from "../../../src/gen/belfry/v1/dispatch_service_pb.ts";
import { file_belfry_v1_event_service } from "../../../src/gen/belfry/v1/event_service_pb.ts";
import { file_belfry_v1_instance_service } from "../../../src/gen/belfry/v1/instance_service_pb.ts";
import { file_belfry_v1_lock_service } from "../../../src/gen/belfry/v1/lock_service_pb.ts";
import { file_belfry_v1_platform_service } from "../../../src/gen/belfry/v1/platform_service_pb.ts";
import { file_belfry_v1_push_service } from "../../../src/gen/belfry/v1/push_service_pb.ts";
import { file_belfry_v1_work_item_service } from "../../../src/gen/belfry/v1/work_item_service_pb.ts";
import { file_belfry_v1_worker_service } from "../../../src/gen/belfry/v1/worker_service_pb.ts";
import { ErrorInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import type { Json } from "./placeholders.ts";

export type CallResult =
  | { readonly kind: "answer"; readonly answer: Json }
  | { readonly kind: "refusal"; readonly code: string; readonly reason: string };

export interface Caller {
  call(method: string, request: string): Promise<CallResult>;
  /** Opens a stream of answers and ends it when `enough` says so of one. */
  watch(method: string, request: string, enough: (answer: Json) => boolean): Promise<void>;
  close(): void;
}

const BUF = resolve(import.meta.dirname, "../../../node_modules/@bufbuild/buf/bin/buf");

/** What Connect's JSON says of an error: `details[].debug` where the server writes it, `value` always. */
interface ConnectFailure {
  readonly code: string;
  readonly details?: readonly { readonly type: string; readonly value: string }[];
}

function refusal({ code, details = [] }: ConnectFailure): CallResult {
  const info = details.find(({ type }) => type === "google.rpc.ErrorInfo");
  const reason = info === undefined ? "" : fromBinary(ErrorInfoSchema, Buffer.from(info.value, "base64")).reason;
  return { kind: "refusal", code: code.toUpperCase(), reason };
}

/** The real `buf curl`, which learns the schema by reflection. */
export function bufCurl(url: string): Caller {
  const start = (method: string, request: string) =>
    spawn(
      process.execPath,
      [BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "-d", request, `${url}/${method}`],
      {
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      },
    );
  return {
    async call(method, request) {
      const curl = start(method, request);
      const [stdout, stderr] = await Promise.all([textOf(curl.stdout), textOf(curl.stderr)]);
      return stdout === ""
        ? refusal(JSON.parse(stderr) as ConnectFailure)
        : { kind: "answer", answer: JSON.parse(stdout) as Json };
    },
    async watch(method, request, enough) {
      const curl = start(method, request);
      let text = "";
      for await (const chunk of curl.stdout) {
        text += String(chunk);
        // Each message is printed as an object of its own, over several lines.
        const end = text.indexOf("\n}\n");
        if (end === -1) continue;
        if (enough(JSON.parse(text.slice(0, end + 2)) as Json)) break;
        text = text.slice(end + 3);
      }
      // `buf` of the npm package is a Node program around the real one: both go.
      if (curl.exitCode === null) process.kill(-(curl.pid ?? 0), "SIGKILL");
      if (curl.exitCode === null && curl.signalCode === null) await once(curl, "exit");
    },
    close: () => {},
  };
}

/** What `curl` does: POST with JSON over HTTP/1.1. Streams are framed: five bytes of flags and length before each JSON text. */
export function plainJson(url: string): Caller {
  const post = (method: string, contentType: string, body: string | Uint8Array<ArrayBuffer>, signal?: AbortSignal) =>
    fetch(`${url}/${method}`, {
      method: "POST",
      headers: { "content-type": contentType },
      body,
      signal: signal ?? null,
    });
  return {
    async call(method, request) {
      const response = await post(method, "application/json", request);
      const body = (await response.json()) as Json;
      return response.ok ? { kind: "answer", answer: body } : refusal(body as unknown as ConnectFailure);
    },
    async watch(method, request, enough) {
      const data = Buffer.from(request);
      const head = Buffer.alloc(5);
      head.writeUInt32BE(data.length, 1);
      const stop = new AbortController();
      const response = await post(method, "application/connect+json", Buffer.concat([head, data]), stop.signal);
      let bytes = Buffer.alloc(0);
      for await (const chunk of response.body ?? []) {
        bytes = Buffer.concat([bytes, chunk as Uint8Array]);
        if (bytes.length < 5 || bytes.length < 5 + bytes.readUInt32BE(1)) continue;
        const end = 5 + bytes.readUInt32BE(1);
        if (enough(JSON.parse(bytes.subarray(5, end).toString()) as Json)) break;
        bytes = bytes.subarray(end);
      }
      stop.abort();
    },
    close: () => {},
  };
}

/** A browser's protocol, in binary. */
export const grpcWeb = (url: string): Caller =>
  overConnect(createGrpcWebTransport({ baseUrl: url, httpVersion: "1.1" }));

/** Connect's own protocol over HTTP/2 without TLS. */
export function connectHttp2(url: string): Caller {
  const sessionManager = new Http2SessionManager(url);
  const caller = overConnect(
    createConnectTransport({ baseUrl: url, httpVersion: "2", useBinaryFormat: true, sessionManager }),
  );
  return { ...caller, close: () => sessionManager.abort() };
}

const schema = createRegistry(
  file_belfry_v1_config_service,
  file_belfry_v1_execution_service,
  file_belfry_v1_definition_service,
  file_belfry_v1_instance_service,
  file_belfry_v1_worker_service,
  file_belfry_v1_event_service,
  file_belfry_v1_dispatch_service,
  file_belfry_v1_platform_service,
  file_belfry_v1_work_item_service,
  file_belfry_v1_push_service,
  file_belfry_v1_lock_service,
);

function methodOf(path: string): DescMethod {
  const [service = "", name] = path.split("/");
  const method = schema.getService(service)?.methods.find((each) => each.name === name);
  if (method === undefined) throw new Error(`There is no method ${path}`);
  return method;
}

function overConnect(transport: Transport): Caller {
  return {
    async call(path, request) {
      const method = methodOf(path) as DescMethodUnary;
      try {
        const { message } = await transport.unary(
          method,
          undefined,
          undefined,
          undefined,
          fromJson(method.input, JSON.parse(request)),
        );
        return { kind: "answer", answer: toJson(method.output, message) as Json };
      } catch (thrown) {
        const error = ConnectError.from(thrown);
        const code = (Code[error.code] ?? "").replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
        return { kind: "refusal", code, reason: error.findDetails(ErrorInfoSchema)[0]?.reason ?? "" };
      }
    },
    async watch(path, request, enough) {
      const method = methodOf(path) as DescMethodServerStreaming;
      const client = createClient(method.parent, transport) as Record<
        string,
        (request: object, options: object) => AsyncIterable<object>
      >;
      const stop = new AbortController();
      const answers =
        client[method.localName]?.(fromJson(method.input, JSON.parse(request)), { signal: stop.signal }) ?? [];
      try {
        for await (const answer of answers as AsyncIterable<never>)
          if (enough(toJson(method.output, answer) as Json)) stop.abort();
      } catch (error) {
        if (!stop.signal.aborted) throw error;
      }
    },
    close: () => {},
  };
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}
