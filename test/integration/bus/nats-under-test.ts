import { connect, type NatsConnection } from "@nats-io/transport-node";
import { connectNats, type Nats } from "../../../src/bus/nats/connect-nats.ts";
import type { NatsOptions } from "../../../src/bus/nats/nats-options.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { recordingLog, type RecordingLog } from "../../support/log.ts";

export interface NatsUnderTest extends Nats, AsyncDisposable {
  readonly log: RecordingLog;
}

/** Belfry's side of a NATS server. */
export async function natsUnderTest(
  given: Pick<NatsOptions, "servers"> & Partial<NatsOptions> & { readonly log?: RecordingLog },
): Promise<NatsUnderTest> {
  const log = given.log ?? recordingLog();
  const nats = await connectNats({ clock: systemClock, ...given, log });
  return {
    bus: (node) => nats.bus(node),
    eventStream: nats.eventStream,
    requester: nats.requester,
    get serverVersion() {
      return nats.serverVersion;
    },
    get status() {
      return nats.status;
    },
    close: () => nats.close(),
    log,
    [Symbol.asyncDispose]: () => nats.close(),
  };
}

/** Anybody else on the network: a plain client. */
export async function plainClient(url: string): Promise<NatsConnection> {
  return connect({ servers: url.replace("nats://", ""), maxReconnectAttempts: -1, reconnectTimeWait: 50 });
}

/** Asks until it holds, letting everything else go on in between. For what gives no signal. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
