/** Which dispatches a list shows, and which ReplayDispatches is for. */
import { DISPATCH_ID_PREFIX } from "../../domain/webhook/dispatch-id.ts";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { invalid } from "../../domain/error.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import { dispatchDefinitionId } from "../../domain/webhook/origin.ts";
import type { DispatchSelector } from "../../gen/belfry/v1/dispatch_service_pb.ts";
import type { Priority } from "../../gen/belfry/v1/policy_pb.ts";
import type { InstanceFilter, ListCursor, QueryStore } from "../../ports/store/queries.ts";
import type { BulkTarget } from "../bulk/answer-bulk.ts";
import { instanceFilterOf } from "./filter.ts";
import { Findings } from "./findings.ts";
import { originIn } from "./origin.ts";
import { optionalInstantOf } from "./time.ts";

interface FilterFields {
  readonly origin: string;
  readonly states: readonly number[];
  readonly userId: string;
  readonly businessId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly priorities: readonly Priority[];
  readonly createdAfter?: Timestamp | undefined;
  readonly createdBefore?: Timestamp | undefined;
}

const REPLAYED_STATES: InstanceFilter["states"] = ["FAILED", "TIMED_OUT"];

/** @param prefix where the fields stand in the request, with its dot, or empty. @throws BelfryError INVALID_FIELD */
export function dispatchFilterOf(fields: FilterFields, prefix = ""): InstanceFilter {
  const { origin } = fields;
  const definitionId = origin === "" ? "" : dispatchDefinitionId(originIn(origin, `${prefix}origin`));
  return { ...instanceFilterOf({ ...fields, definitionId }, prefix), idPrefix: DISPATCH_ID_PREFIX };
}

/** What to replay: the filter as plain data, and the list of what it matches. @throws BelfryError INVALID_FIELD */
export function dispatchSelectionOf(
  selector: DispatchSelector,
  queries: Pick<QueryStore, "listInstances">,
): Pick<BulkTarget, "filter" | "list"> {
  const findings = new Findings();
  const endedAfter = optionalInstantOf(selector.endedAfter, "selector.endedAfter", findings, "up") ?? null;
  const endedBefore = optionalInstantOf(selector.endedBefore, "selector.endedBefore", findings, "up") ?? null;
  findings.throwIfAny();
  const { states = REPLAYED_STATES, idPrefix, ...rest } = dispatchFilterOf(selector, "selector.");
  if (Object.keys(rest).length === 0 && endedAfter === null && endedBefore === null) {
    throw invalid({ field: "selector", description: "must have at least one filter set beside states" });
  }
  const filter: InstanceFilter = { ...rest, idPrefix, states };
  const isMeant = ({ life: { endedAt } }: InstanceRecord): boolean =>
    endedAt !== null && endedAt >= (endedAfter ?? endedAt) && (endedBefore === null || endedAt < endedBefore);
  return {
    filter: { ...filter, endedAfter, endedBefore },
    list: (after, limit) => listMeant(queries, filter, after, limit, isMeant),
  };
}

/** The next `limit` of those that match and are meant; fewer only when there are no more. */
async function listMeant(
  queries: Pick<QueryStore, "listInstances">,
  filter: InstanceFilter,
  after: ListCursor | null,
  limit: number,
  isMeant: (instance: InstanceRecord) => boolean,
): Promise<readonly InstanceRecord[]> {
  const meant: InstanceRecord[] = [];
  for (let from = after; ;) {
    const page = await queries.listInstances(filter, from, limit);
    meant.push(...page.filter(isMeant));
    const last = page.at(-1);
    if (last === undefined || page.length < limit || meant.length >= limit) return meant.slice(0, limit);
    from = { at: last.createdAt, id: last.id };
  }
}
