/**
 * Connections to other people's servers; the only place that opens them.
 *
 * - D1 No address is dialled that may not be: names go through the guarded lookup, addresses are vetted here, since sockets do not look
 *   those up.
 * - D2 TLS is verified each time in full, whatever the environment says; sessions are not taken up again.
 */
import { X509Certificate } from "node:crypto";
import { connect as connectTcp, isIP, type Socket, type TcpNetConnectOpts } from "node:net";
import { connect as connectTls, createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import type { AddressRange } from "../../domain/network/address-range.ts";
import { addressRefusal } from "../../domain/network/target.ts";
import { DialError, dialFailure, failed, forbidden } from "./failures.ts";
import { guardedLookup, type Resolve } from "./lookup.ts";

export interface DialOptions {
  /** May be called although they are not public. */
  readonly allowPrivate: readonly AddressRange[];
  /** PEM of authorities that are trusted beside those of the system. */
  readonly ca: string | undefined;
  readonly resolve: Resolve;
}

export interface Target {
  /** `http:` or `https:`. */
  readonly protocol: string;
  /** IPv6 without brackets. */
  readonly hostname: string;
  /** Empty: that of the protocol. */
  readonly port: string;
}

/** Begins to connect, and tells once what became of it; also when the socket, which it returns, was destroyed before. */
export type Dial = (target: Target, tell: (dialled: Socket | DialError) => void) => Socket | null;

/** How long one of several addresses is tried until the next one is. The last has all the time that the caller has. */
const NEXT_ADDRESS_AFTER_MS = 1000;
const KEEP_ALIVE_PROBES_AFTER_MS = 60_000;

/** @throws Error when `ca` is no certificate. */
export function createDial({ allowPrivate, ca, resolve }: DialOptions): Dial {
  const secureContext = trusting(ca);
  const lookup = guardedLookup(resolve, allowPrivate);

  return ({ protocol, hostname, port }, tell) => {
    const isAddress = isIP(hostname) !== 0;
    const refusal = isAddress ? addressRefusal(hostname, allowPrivate) : null;
    if (refusal !== null) {
      // D1
      queueMicrotask(() => tell(new DialError(forbidden(`it may not be called: ${refusal}`))));
      return null;
    }
    const isTls = protocol === "https:";
    const options: TcpNetConnectOpts = {
      host: hostname,
      port: port === "" ? (isTls ? 443 : 80) : Number(port),
      lookup, // D1
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
    };
    if (!isTls) return attend(connectTcp(options), "connect", tell);
    // The name that is asked for, and that the certificate must be for; an address is compared by itself.
    const servername = isAddress ? {} : { servername: hostname.endsWith(".") ? hostname.slice(0, -1) : hostname };
    const tls = { secureContext, rejectUnauthorized: true, ALPNProtocols: ["http/1.1"], ...servername }; // D2
    return attend(connectTls({ ...options, ...tls }), "secureConnect", tell);
  };
}

function attend(
  socket: Socket,
  standsAt: "connect" | "secureConnect",
  tell: (dialled: Socket | DialError) => void,
): Socket {
  let isTold = false;
  let hasTcp = false;
  const tellOnce = (dialled: Socket | DialError): void => {
    if (isTold) return;
    isTold = true;
    tell(dialled);
  };
  socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_PROBES_AFTER_MS);
  socket.once("connect", () => {
    hasTcp = true;
  });
  socket.once(standsAt, () => tellOnce(socket));
  // It stays for the life of the socket: an error that nobody hears ends the process.
  socket.on("error", (error) => tellOnce(new DialError(dialFailure(error, hasTcp))));
  socket.once("close", () => tellOnce(new DialError(failed("CONNECTION", "the connection was given up"))));
  return socket;
}

/** Trusts what Node trusts (NODE_EXTRA_CA_CERTS included), and the authorities of `ca`. */
function trusting(ca: string | undefined): SecureContext {
  if (ca === undefined) return createSecureContext();
  // OpenSSL passes silently over what is no certificate.
  void new X509Certificate(ca);
  return createSecureContext({ ca: [...getCACertificates("default"), ca] });
}
