/** Which pushes ListPushLogs shows: what the store can find, and what is told apart after reading. */
import { PUSH_ORIGINS, type PushOrigin as Origin } from "../../domain/approval/platform-push.ts";
import { pushStateOf, type PushState as State } from "../../domain/approval/push-log.ts";
import { invalid } from "../../domain/error.ts";
import { ACTIVE_STATES, type InstanceRecord, type InstanceState } from "../../domain/instance/instance.ts";
import { PushOrigin, PushState } from "../../gen/belfry/v1/push_pb.ts";
import type { ListPushLogsRequest } from "../../gen/belfry/v1/push_service_pb.ts";
import type { ApprovalStore } from "../../ports/store/approvals.ts";
import type { InstanceFilter } from "../../ports/store/queries.ts";
import { namesIn } from "../mapping/enumeration.ts";
import { instanceFilterOf } from "../mapping/filter.ts";
import { isPush, type PushRecord } from "../mapping/push.ts";
import { sessionsOfThirdId, tellsOf } from "./third-id.ts";

export interface PushLogFilter {
  /** Pushes that pass any of these; none: there is nothing to find. */
  readonly sources: readonly InstanceFilter[];
  isMeant(instance: InstanceRecord): instance is PushRecord;
}

/** The states that instances of pushes in a state are in. */
const INSTANCE_STATES: Readonly<Record<State, readonly InstanceState[]>> = {
  RETRYING: ACTIVE_STATES,
  SUCCEEDED: ["COMPLETED"],
  FAILED: ["FAILED", "TIMED_OUT", "CANCELLED"],
  SKIPPED: ["COMPLETED"],
  SUPERSEDED: ["CANCELLED"],
};

/** @throws BelfryError INVALID_FIELD */
export async function pushLogFilterOf(request: ListPushLogsRequest, approvals: ApprovalStore): Promise<PushLogFilter> {
  const { platformId, thirdId, sessionId } = request;
  if (thirdId !== "" && platformId === "") {
    throw invalid({ field: "platformId", description: "is required with thirdId: each platform has its own ids" });
  }
  const states = namesIn(PushState, request.states);
  const common = commonFilterOf(request, states);
  const origins = namesIn(PushOrigin, request.origins) ?? [];
  const sources = labelSetsOf(request, origins).map((labels): InstanceFilter => ({ ...common, ...labelled(labels) }));
  return {
    sources: thirdId === "" ? sources : ofSessions(sources, await sessionsMeant()),
    isMeant: (instance): instance is PushRecord =>
      isPush(instance) &&
      (states === undefined || states.includes(pushStateOf(instance))) &&
      (thirdId === "" || tellsOf(instance, thirdId)),
  };

  async function sessionsMeant(): Promise<readonly string[]> {
    const sessions = await sessionsOfThirdId(approvals, platformId, thirdId);
    return sessionId === "" ? sessions : sessions.filter((id) => id === sessionId);
  }
}

function commonFilterOf(request: ListPushLogsRequest, states: readonly State[] | undefined): InstanceFilter {
  const { createdAfter, createdBefore, platformId } = request;
  const times = instanceFilterOf({
    createdAfter,
    createdBefore,
    definitionId: "",
    userId: "",
    states: [],
    priorities: [],
  });
  return {
    ...times,
    ...(platformId !== "" && { platformId }),
    ...(states !== undefined && { states: [...new Set(states.flatMap((state) => INSTANCE_STATES[state]))] }),
  };
}

/**
 * Each set of labels finds some of them. A store finds by one value of a label at a time; and where no filter is set that only pushes pass,
 * their origins tell them from all the other instances.
 */
function labelSetsOf(
  { platformId, sessionId, workItemId, batchId, deletionsOnly }: ListPushLogsRequest,
  origins: readonly Origin[],
): readonly Readonly<Record<string, string>>[] {
  const labels = {
    ...(sessionId !== "" && { session: sessionId }),
    ...(workItemId !== "" && { work_item: workItemId }),
    ...(batchId !== "" && { batch: batchId }),
    ...(deletionsOnly && { action: "sess_delete" }),
  };
  if (origins.length === 0 && (platformId !== "" || Object.keys(labels).length > 0)) return [labels];
  const wanted = new Set(origins.length === 0 ? PUSH_ORIGINS : origins);
  return [...wanted].map((origin) => ({ ...labels, origin: origin.toLowerCase() }));
}

function labelled(labels: Readonly<Record<string, string>>): Pick<InstanceFilter, "labels"> {
  return Object.keys(labels).length === 0 ? {} : { labels };
}

function ofSessions(sources: readonly InstanceFilter[], sessions: readonly string[]): readonly InstanceFilter[] {
  return sources.flatMap((source) => sessions.map((session) => ({ ...source, labels: { ...source.labels, session } })));
}
