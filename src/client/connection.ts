import type { SecureClientSessionOptions } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Interceptor, Transport } from "@connectrpc/connect";
import { compressionGzip, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

/** What a TLS connection may need beyond the authorities that Node trusts, all in PEM. */
export interface TlsOptions {
  /** Authorities to trust instead of those that Node brings. */
  readonly ca?: string | Buffer;
  /** The client's certificate, when the server asks for one. */
  readonly cert?: string | Buffer;
  /** The key of that certificate. */
  readonly key?: string | Buffer;
  /** The name that the server's certificate must have, when it is not the URL's. */
  readonly serverName?: string;
}

/** Headers for every call: a fixed set, or asked for before each call, say for a token that changes. */
export type CallHeaders =
  | Readonly<Record<string, string>>
  | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

export interface ConnectionOptions {
  readonly tls: TlsOptions | undefined;
  readonly headers: CallHeaders | undefined;
  /** Whether answers may come compressed. */
  readonly compression: boolean;
}

/** One HTTP/2 connection, opened by the first call and again by the first call after it broke. */
export interface Connection {
  readonly transport: Transport;
  readonly closed: boolean;
  /** Ends it with all calls under way; further calls fail with CANCELLED. */
  close(): void;
}

/** An idle connection is asked this often whether it still lives, and is given this long to answer. */
const PING_INTERVAL_MS = 15_000;
const PING_TIMEOUT_MS = 10_000;

/** @throws TypeError when `url` is no http or https URL. */
export function openConnection(url: string, options: ConnectionOptions): Connection {
  const { protocol } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") {
    throw new TypeError(`A Belfry server is reached by an http:// or https:// URL, got ${url}`);
  }
  const session = new Http2SessionManager(
    url,
    { pingIntervalMs: PING_INTERVAL_MS, pingTimeoutMs: PING_TIMEOUT_MS },
    protocol === "https:" ? sessionOptions(options.tls) : undefined,
  );
  let closed = false;

  const prepare: Interceptor = (next) => async (request) => {
    if (closed) throw closedError();
    const { headers } = options;
    for (const [name, value] of Object.entries((typeof headers === "function" ? await headers() : headers) ?? {})) {
      request.header.set(name, value);
    }
    return next(request);
  };

  return {
    transport: createGrpcTransport({
      baseUrl: url,
      sessionManager: session,
      interceptors: [prepare],
      acceptCompression: options.compression ? [compressionGzip] : [],
    }),
    get closed() {
      return closed;
    },
    close() {
      if (closed) return;
      closed = true;
      session.abort(closedError());
    },
  };
}

function closedError(): ConnectError {
  return new ConnectError("the client is closed", Code.Canceled);
}

function sessionOptions(tls: TlsOptions | undefined): SecureClientSessionOptions {
  return {
    ...(tls?.ca !== undefined && { ca: tls.ca }),
    ...(tls?.cert !== undefined && { cert: tls.cert }),
    ...(tls?.key !== undefined && { key: tls.key }),
    ...(tls?.serverName !== undefined && { servername: tls.serverName }),
  };
}
