/** `grpc.health.v1`: the node as a whole under the empty name, and each service under its own. They are all as well as the node is. */
import { type Health, HealthCheckResponse_ServingStatus as ServingStatus } from "../../gen/grpc/health/v1/health_pb.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Runtime } from "../../runtime/index.ts";
import { Code, ConnectError } from "@connectrpc/connect";
import { firstOf } from "../call/abort.ts";
import type { Handlers } from "../call/handler.ts";

export interface HealthOptions {
  readonly runtime: Pick<Runtime, "status">;
  readonly clock: Clock;
  /** How often a watch looks. */
  readonly pollMs: number;
  /** Names that are known beside the empty one. */
  readonly services: readonly string[];
  /** The node starts to go away. */
  readonly draining: AbortSignal;
  /** Whoever is still there has to go. */
  readonly closing: AbortSignal;
}

export function healthHandlers(options: HealthOptions): Handlers<typeof Health> {
  const { runtime, clock, pollMs, draining, closing } = options;
  const known = new Set(["", ...options.services]);

  const status = (): ServingStatus => {
    if (draining.aborted) return ServingStatus.NOT_SERVING;
    const { ready, draining: runtimeDrains } = runtime.status();
    return ready && !runtimeDrains ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  };

  return {
    check({ service }) {
      if (!known.has(service)) throw new ConnectError(`There is no service "${service}" here`, Code.NotFound);
      return { status: status() };
    },

    list: () => ({ statuses: Object.fromEntries([...known].map((name) => [name, { status: status() }])) }),

    async *watch({ service }, call) {
      const over = firstOf(call.signal, closing);
      let told: ServingStatus | undefined;
      try {
        while (!over.signal.aborted) {
          const current = known.has(service) ? status() : ServingStatus.SERVICE_UNKNOWN;
          if (current !== told) yield { status: current };
          told = current;
          await untilNextLook(clock, pollMs, draining, over.signal);
        }
      } finally {
        over.release();
      }
    },
  };
}

/** Draining is told at once, all else when it is looked for. */
async function untilNextLook(clock: Clock, pollMs: number, draining: AbortSignal, over: AbortSignal): Promise<void> {
  const woken = draining.aborted ? firstOf(over) : firstOf(draining, over);
  try {
    await clock.sleep(pollMs, woken.signal);
  } catch (error) {
    if (!woken.signal.aborted) throw error;
  } finally {
    woken.release();
  }
}
