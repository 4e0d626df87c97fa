/**
 * One port for HTTP/1.1 and HTTP/2, in cleartext or over TLS.
 *
 * In cleartext the first bytes of a connection tell: HTTP/2 with prior knowledge begins with the words of its preface. The HTTP/1 server is
 * the one that listens, so that its own guards against slow clients are at work, and connections that speak HTTP/2 are handed to the HTTP/2
 * server before it sees them. Over TLS, ALPN has settled the matter before the first byte.
 */
import { createServer as createHttp1Server, type Server as Http1Server } from "node:http";
import {
  createSecureServer,
  createServer as createHttp2Server,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { NodeRequest, RequestListener } from "../connect/node-http.ts";
import type { GrpcLane } from "../grpc/grpc-lane.ts";
import type { ServerLimits } from "../limits.ts";
import { http2Settings, keepSession } from "./http2-session.ts";
import { OpenCalls } from "./open-calls.ts";
import { sniff } from "./sniff.ts";

export interface TlsOptions {
  /** PEM. */
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  /** PEM of the authorities whose clients are let in; unset: no client certificates are asked for. */
  readonly clientCa?: string | Buffer;
}

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsOptions | undefined;
  readonly onRequest: RequestListener;
  /** Is asked first about each HTTP/2 stream. */
  readonly grpc: GrpcLane;
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Listener {
  /** `host:port`, IPv6 hosts in brackets. */
  readonly address: string;
  /** Takes no new connections and no new calls. Resolves when the calls under way have ended. */
  drain(): Promise<void>;
  /** Ends what is left. */
  destroy(): void;
}

export async function listen(options: ListenerOptions): Promise<Listener> {
  const { clock, limits, log } = options;
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const calls = new OpenCalls();
  let draining = false;

  const onRequest: RequestListener = (request, response) => {
    calls.add(response);
    // A connection that stays open would take calls to a node that is going away.
    if (draining && isHttp1(request)) response.setHeader("connection", "close");
    options.onRequest(request, response);
  };
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", (error) => log.debug("A connection broke", { error }));
  };
  const onSession = (session: ServerHttp2Session): void => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", (error) => log.debug("An HTTP/2 connection broke", { error }));
    keepSession(session, clock, limits);
    if (draining) session.close();
  };

  const onHttp2: Http2Setup = (http2) => {
    http2.on("session", onSession);
    http2.on("sessionError", ignoreTold);
    askFirst(http2, (stream, headers) => {
      const taken = options.grpc(stream, headers);
      if (taken) calls.add(stream);
      return taken;
    });
  };
  const server =
    options.tls === undefined
      ? cleartextServer(options, onRequest, onHttp2)
      : tlsServer(options, options.tls, onRequest, onHttp2);
  server.on("connection", track);
  await started(server, options.host, options.port);
  server.on("error", (error) => log.error("The API's port failed", { error }));

  return {
    address: addressOf(server),
    drain: async () => {
      draining = true;
      server.close();
      for (const session of sessions) session.close();
      if ("closeIdleConnections" in server) server.closeIdleConnections();
      await calls.allEnded();
    },
    destroy: () => {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };
}

type Http2Setup = (server: Http2Server | Http2SecureServer) => void;

/** Node makes requests and responses of streams from an event; what the lane takes never gets there. */
function askFirst(server: Http2Server | Http2SecureServer, lane: GrpcLane): void {
  const [compat] = server.listeners("stream") as ((
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    ...more: unknown[]
  ) => void)[];
  if (compat === undefined) throw new Error("Node's HTTP/2 server no longer makes its requests from an event");
  server.removeAllListeners("stream");
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...more: unknown[]) => {
    if (!lane(stream, headers)) compat.call(server, stream, headers, ...more);
  });
}

function cleartextServer(options: ListenerOptions, onRequest: RequestListener, onHttp2: Http2Setup): Http1Server {
  const { limits, clock } = options;
  const http2: Http2Server = createHttp2Server({ ...http2Settings(limits) }, onRequest);
  onHttp2(http2);
  const http1 = createHttp1Server({ ...http1Settings(limits) }, onRequest);
  const [acceptHttp1] = http1.listeners("connection") as ((this: Http1Server, socket: Socket) => void)[];
  if (acceptHttp1 === undefined) throw new Error("Node's HTTP server no longer takes its connections from an event");
  http1.removeAllListeners("connection");
  http1.on("connection", (socket: Socket) => {
    sniff(socket, clock, limits.headerWaitMs, (protocol) => {
      if (protocol === "http1") acceptHttp1.call(http1, socket);
      else {
        // HTTP/1 lets clients end their side first; an HTTP/2 client that has ended its side has gone.
        socket.allowHalfOpen = false;
        http2.emit("connection", socket);
      }
    });
  });
  return http1;
}

function tlsServer(
  options: ListenerOptions,
  tls: TlsOptions,
  onRequest: RequestListener,
  onHttp2: Http2Setup,
): Http2SecureServer {
  const { limits } = options;
  const server = createSecureServer(
    {
      ...http2Settings(limits),
      ...http1Settings(limits),
      key: tls.key,
      cert: tls.cert,
      ...(tls.clientCa !== undefined && { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
      allowHTTP1: true,
      minVersion: "TLSv1.2",
      handshakeTimeout: limits.headerWaitMs,
    },
    onRequest,
  );
  onHttp2(server);
  server.on("tlsClientError", (error) => options.log.debug("A TLS handshake failed", { error }));
  return server;
}

function http1Settings({ headerWaitMs }: ServerLimits) {
  return {
    headersTimeout: headerWaitMs,
    connectionsCheckingInterval: Math.max(100, Math.ceil(headerWaitMs / 4)),
    keepAliveTimeout: 65_000,
    noDelay: true,
  };
}

/** Errors of a session are told by the session itself. */
function ignoreTold(): void {}

function isHttp1(request: NodeRequest): boolean {
  return request.httpVersionMajor === 1;
}

function started(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function addressOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
}
