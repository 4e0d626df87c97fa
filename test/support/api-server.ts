/** The API on a free port of 127.0.0.1, over a fake runtime. */
import type { DescService } from "@bufbuild/protobuf";
import { createClient, type Client, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import type { Clock } from "../../src/ports/clock.ts";
import { startServer, type RunningServer, type ServerOptions } from "../../src/server/index.ts";
import { systemClock } from "../../src/system/clock.ts";
import { FakeRuntime, type Answers } from "./fake-runtime.ts";
import { FakeSecretBox } from "./fake-secret-box.ts";
import { recordingLog, type RecordingLog } from "./log.ts";
import { sequentialIds } from "./manual-clock.ts";

export type ClientProtocol = "grpc" | "grpc-web" | "connect-json";

export interface ApiServer extends AsyncDisposable {
  readonly runtime: FakeRuntime;
  readonly log: RecordingLog;
  readonly server: RunningServer;
  readonly url: string;
  client<S extends DescService>(service: S, protocol?: ClientProtocol): Client<S>;
  /** Plain HTTP/1.1 with JSON. @param method `Service/Method` of belfry.v1. */
  post(
    method: string,
    body: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
}

export async function anApiServer(
  given: Partial<Omit<ServerOptions, "runtime">> & {
    readonly answers?: Answers;
    readonly clock?: Clock;
  } = {},
): Promise<ApiServer> {
  const { answers, ...options } = given;
  const box = new FakeSecretBox();
  const runtime = new FakeRuntime(answers);
  const log = recordingLog();
  const server = await startServer({
    listen: "127.0.0.1:0",
    runtime,
    queries: runtime.queries,
    actorStates: runtime.actorStates,
    approvals: runtime.approvals,
    webhooks: { box, refusal: () => null },
    clock: systemClock,
    ids: sequentialIds(),
    log,
    ...options,
  });
  const url = `http://${server.address}`;
  const sessions: Http2SessionManager[] = [];
  return {
    runtime,
    log,
    server,
    url,
    client: (service, protocol = "grpc") => createClient(service, transport(url, protocol, sessions)),
    post: async (method, body, headers = {}) => {
      const response = await fetch(`${url}/belfry.v1.${method}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.abort();
      await server.close(0);
    },
  };
}

function transport(baseUrl: string, protocol: ClientProtocol, sessions: Http2SessionManager[]): Transport {
  switch (protocol) {
    case "grpc": {
      const sessionManager = new Http2SessionManager(baseUrl);
      sessions.push(sessionManager);
      return createGrpcTransport({ baseUrl, sessionManager });
    }
    case "grpc-web":
      return createGrpcWebTransport({ baseUrl, httpVersion: "1.1" });
    case "connect-json":
      return createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false });
  }
}
