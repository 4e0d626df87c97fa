import { afterEach, beforeEach, expect } from "vitest";
import { addressRange } from "../../../src/domain/network/address-range.ts";
import type { WebhookClient, WebhookReply, WebhookRequest } from "../../../src/ports/webhook-client.ts";
import { createWebhookClient, type WebhookClientOptions } from "../../../src/system/http/webhook-client.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";

export const LOOPBACK = [addressRange("127.0.0.0/8")];

/** Long enough that only a test that turns the clock sees them. */
const REQUEST: Omit<WebhookRequest, "url"> = {
  headers: { "content-type": "application/json", "webhook-id": "wf_1" },
  body: '{"hello":"world"}',
  connectMs: 5000,
  headersMs: 15_000,
  wholeMs: 30_000,
  keepBytes: 1024,
};

/** A client that may call 127.0.0.1, on a clock that stands still. */
export interface Sending extends AsyncDisposable {
  readonly client: WebhookClient;
  readonly clock: ManualClock;
  send(url: string, request?: Partial<WebhookRequest>, signal?: AbortSignal): Promise<WebhookReply>;
  /** Resolves when so many of the client's timers are set: one for the whole of each request, and one for the phase it is in. */
  timers(count: number): Promise<void>;
}

export function aSender(options: Partial<WebhookClientOptions> = {}): Sending {
  const clock = new ManualClock();
  const client = createWebhookClient({ clock, allowPrivate: LOOPBACK, ...options });
  return {
    client,
    clock,
    send: (url, request, signal = new AbortController().signal) => client.send({ ...REQUEST, url, ...request }, signal),
    timers: (count) => until(() => clock.pendingTimers === count, `${count} timers; there are ${clock.pendingTimers}`),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** Fails each test of the file in which an error got past the client to the process. */
export function nothingEscapes(): void {
  const escaped: unknown[] = [];
  const note = (error: unknown): void => {
    escaped.push(error);
  };
  beforeEach(() => {
    process.on("uncaughtException", note);
    process.on("unhandledRejection", note);
  });
  afterEach(async () => {
    // Rejections are told after the microtasks, errors of sockets a turn later.
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    process.off("uncaughtException", note);
    process.off("unhandledRejection", note);
    expect(escaped.splice(0)).toEqual([]);
  });
}
