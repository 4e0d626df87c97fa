import type { StatusEvent } from "../../domain/event/status-event.ts";
import { isFinal, type InstanceRecord } from "../../domain/instance/instance.ts";
import { shardOf } from "../../domain/routing.ts";
import type { InstanceService } from "../../gen/belfry/v1/instance_service_pb.ts";
import { firstOf } from "../call/abort.ts";
import type { Handlers } from "../call/handler.ts";
import { withWaitingReason } from "../destinations/waiting-reasons.ts";
import { tailEvents } from "../events/event-tail.ts";
import type { EventSelection } from "../events/subject-pattern.ts";
import { toEvent } from "../mapping/event.ts";
import { toInstance } from "../mapping/instance.ts";
import { drainingError } from "./draining.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { readInstance } from "./not-found.ts";

/** The instance now, and again with each of its events, until it has ended. A node that drains says so instead of ending quietly. */
export function watchInstance(environment: ServiceEnvironment): Handlers<typeof InstanceService>["watchInstance"] {
  const { runtime, queries, hub, draining } = environment;
  return async function* watch({ instanceId }, call) {
    const { shardCount } = runtime.status();
    const selection: EventSelection = {
      shards: new Set([shardOf(instanceId, shardCount)]),
      matches: ({ resource, resourceId }) => resource === "instance" && resourceId === instanceId,
    };
    const { signal, release } = firstOf(call.signal, draining);
    const read = async (): Promise<InstanceRecord> =>
      withWaitingReason(await readInstance(queries, instanceId), environment);
    let shown: InstanceRecord | undefined;
    try {
      for await (const { matching } of tailEvents({
        hub,
        queries,
        shardCount,
        selection,
        from: { kind: "now" },
        signal,
      })) {
        if (shown === undefined) {
          // The tail has begun, so what changes after this reading is told by an event.
          shown = await read();
          yield { instance: toInstance(shown) };
          if (isFinal(shown.state)) return;
        }
        if (matching.length === 0) continue;
        shown = await read();
        for (const event of matching) yield { instance: toInstance(shown), event: toEvent(event) };
        if (isFinal(shown.state) && matching.some((event) => isLast(event, shown))) return;
      }
    } catch (error) {
      if (draining.aborted && !call.signal.aborted) throw drainingError();
      throw error;
    } finally {
      release();
    }
  };
}

/** Whether the event is the one by which the instance came to its end: other events may have been on their way when it was read. */
function isLast(event: StatusEvent, instance: InstanceRecord | undefined): boolean {
  return event.name === instance?.state.toLowerCase();
}
