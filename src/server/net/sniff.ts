import type { Socket } from "node:net";
import type { Clock } from "../../ports/clock.ts";

export type Protocol = "http1" | "http2";

/** How every cleartext HTTP/2 connection begins; no method of HTTP/1 does. */
const PREFACE = Buffer.from("PRI");

/**
 * Reads the first bytes of a connection, as few as tell the protocol, and puts them back before it says which it is. A connection that says
 * nothing for `waitMs`, or ends before it has said enough, is closed and never reported.
 */
export function sniff(socket: Socket, clock: Clock, waitMs: number, report: (protocol: Protocol) => void): void {
  const read: Buffer[] = [];
  const stop = (): void => {
    timer.cancel();
    socket.off("readable", onReadable);
    socket.off("end", give);
    socket.off("close", stop);
  };
  const give = (): void => {
    stop();
    socket.destroy();
  };
  const onReadable = (): void => {
    const chunk: unknown = socket.read();
    if (!Buffer.isBuffer(chunk)) return;
    read.push(chunk);
    const start = Buffer.concat(read);
    const protocol = protocolOf(start);
    if (protocol === undefined) return;
    stop();
    socket.unshift(start);
    report(protocol);
  };
  const timer = clock.schedule(waitMs, give);
  socket.on("readable", onReadable);
  socket.once("end", give);
  socket.once("close", stop);
}

/** Undefined while the bytes may still become either. */
function protocolOf(start: Buffer): Protocol | undefined {
  const length = Math.min(start.length, PREFACE.length);
  if (!start.subarray(0, length).equals(PREFACE.subarray(0, length))) return "http1";
  return start.length >= PREFACE.length ? "http2" : undefined;
}
