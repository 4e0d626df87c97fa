/**
 * Requests to servers that users name, as anybody may who can create a dispatch; so nothing of what comes in or back is trusted.
 *
 * - H1 What may not be sent is refused before anything is: URLs by their text, headers by theirs, addresses when they are dialled.
 * - H2 Time, memory and connections are bounded, whatever the other side does.
 * - H3 It speaks HTTP/1.1, follows no redirects, keeps no cookies, asks no proxy, and asks for bodies that are not compressed.
 */
import type { AddressRange } from "../../domain/network/address-range.ts";
import { headerRefusal } from "../../domain/network/request-headers.ts";
import { urlRefusal } from "../../domain/network/target.ts";
import type { Clock } from "../../ports/clock.ts";
import type { WebhookClient, WebhookReply, WebhookRequest } from "../../ports/webhook-client.ts";
import { Connections } from "./connections.ts";
import { createUnpacker } from "./content-encoding.ts";
import { createDial } from "./dial.ts";
import { type Answer, Exchange } from "./exchange.ts";
import { type Failed, forbidden, givenUp, timedOut } from "./failures.ts";
import { type Resolve, resolveBySystem } from "./lookup.ts";

export interface WebhookClientOptions {
  readonly clock: Clock;
  /** Addresses that may be called although they are not public (BELFRY_ALLOW_PRIVATE_TARGETS). */
  readonly allowPrivate: readonly AddressRange[];
  /** PEM of authorities that are trusted beside those of the system. */
  readonly ca?: string;
  /** At most so many connections to one origin, default 256; requests past that wait, which counts as part of `wholeMs`. */
  readonly maxConnectionsPerOrigin?: number;
  /** At most so many connections stay open with nothing to do, default 1024; past that the oldest of them are closed. */
  readonly maxIdleConnections?: number;
  /** Default: the system's lookup. */
  readonly resolve?: Resolve;
}

const MAX_CONNECTIONS_PER_ORIGIN = 256;
const MAX_IDLE_CONNECTIONS = 1024;

/** @throws Error when `ca` is no certificate. */
export function createWebhookClient(options: WebhookClientOptions): WebhookClient {
  const { clock, allowPrivate, ca, resolve = resolveBySystem } = options;
  const connections = new Connections({
    dial: createDial({ allowPrivate, ca, resolve }),
    maxPerOrigin: options.maxConnectionsPerOrigin ?? MAX_CONNECTIONS_PER_ORIGIN,
    maxIdle: options.maxIdleConnections ?? MAX_IDLE_CONNECTIONS,
  });
  const unpacker = createUnpacker();
  /** Ends what is under way, one a request. */
  const stops = new Set<(failure: Failed) => void>();
  let isClosed = false;

  function deliver(request: WebhookRequest, signal: AbortSignal): Promise<Answer | Failed> {
    return new Promise((settle) => {
      const { origin, pathname, search } = new URL(request.url);
      const headers = withIdentity(request.headers);
      const { connectMs, headersMs, wholeMs, keepBytes, body, method = "POST" } = request;
      const stop = (failure: Failed): void => end(failure);
      const onAbort = (): void => end(givenUp("nobody waited for the answer any more"));
      const whole = clock.schedule(wholeMs, () => end(timedOut("not done", wholeMs)));
      signal.addEventListener("abort", onAbort, { once: true });
      stops.add(stop);

      const onOutcome = (outcome: Answer | Failed): void => {
        whole.cancel();
        signal.removeEventListener("abort", onAbort);
        stops.delete(stop);
        settle(outcome);
      };
      let end = (failure: Failed): void => {
        leave();
        onOutcome(failure);
      };
      const leave = connections.take(origin, (connection) => {
        const exchange = new Exchange(
          connection,
          { method, path: pathname + search, headers, body },
          {
            clock,
            connectMs,
            headersMs,
            keepBytes,
            onOutcome,
            onDone: (isReusable) => (isReusable ? connections.putBack(connection) : connections.drop(connection)),
          },
        );
        end = (failure) => exchange.stop(failure);
        exchange.begin();
      });
    });
  }

  async function outcomeOf(request: WebhookRequest, signal: AbortSignal): Promise<Outcome> {
    const refusal = requestRefusal(request, allowPrivate);
    if (refusal !== null) return forbidden(refusal);
    if (isClosed) return givenUp("this node is stopping");
    if (signal.aborted) return givenUp("nobody waited for the answer any more");
    const outcome = await deliver(request, signal);
    if (outcome.kind === "failed") return outcome;
    const { text, isCut } = await unpacker.textOf(outcome.body, outcome.headers["content-encoding"], request.keepBytes);
    return { ...outcome, body: text, isCut };
  }

  return {
    async send(request, signal) {
      const startedAt = clock.monotonic();
      const outcome = await outcomeOf(request, signal);
      return { ...outcome, durationMs: clock.monotonic() - startedAt };
    },
    refusal: (url) => urlRefusal(url, allowPrivate),
    async close() {
      isClosed = true;
      for (const stop of stops) stop(givenUp("this node is stopping"));
      await connections.close();
    },
  };
}

type WithoutDuration<Reply> = Reply extends unknown ? Omit<Reply, "durationMs"> : never;
type Outcome = WithoutDuration<WebhookReply>;

/** H1 */
function requestRefusal({ url, headers }: WebhookRequest, allowed: readonly AddressRange[]): string | null {
  const refusal = urlRefusal(url, allowed);
  if (refusal !== null) return `it may not be called: ${refusal}`;
  for (const [name, value] of Object.entries(headers)) {
    const found = headerRefusal(name, value);
    if (found !== null) return found;
  }
  return null;
}

/** H3: unless the caller says otherwise. */
function withIdentity(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const isSaid = Object.keys(headers).some((name) => name.toLowerCase() === "accept-encoding");
  return isSaid ? headers : { ...headers, "accept-encoding": "identity" };
}
