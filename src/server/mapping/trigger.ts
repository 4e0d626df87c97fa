import type { JsonObject } from "@bufbuild/protobuf";
import type { TriggerOverrides as ProtoOverrides } from "../../gen/belfry/v1/definition_service_pb.ts";
import type { TriggerOverrides } from "../../runtime/index.ts";
import { dataOf } from "./json.ts";
import { concurrencyKeyOf, priorityOf, uniqueKeyOf } from "./policy.ts";

/**
 * What an instance gets that differs from its definition; what is left out, or empty, is the definition's.
 *
 * @param payload stands beside the overrides in the request and wins over theirs.
 * @param prefix where both stand in the request, with its dot, or empty.
 * @throws BelfryError PAYLOAD_TOO_LARGE.
 */
export function triggerOverridesOf(
  payload: JsonObject | undefined,
  overrides: ProtoOverrides | undefined,
  prefix: string,
  dataMaxBytes: number,
): TriggerOverrides {
  const own = dataOf(payload, `${prefix}payload`, dataMaxBytes);
  if (overrides === undefined) return own === undefined ? {} : { payload: own };
  const priority = priorityOf(overrides.priority);
  const chosen = own ?? dataOf(overrides.payload, `${prefix}overrides.payload`, dataMaxBytes);
  return {
    ...(chosen !== undefined && { payload: chosen }),
    ...(overrides.content !== undefined && { content: overrides.content }),
    ...(priority !== undefined && { priority }),
    ...(Object.keys(overrides.labels).length > 0 && { labels: overrides.labels }),
    ...(overrides.businessId !== "" && { businessId: overrides.businessId }),
    ...(overrides.uniqueKey && { uniqueKey: uniqueKeyOf(overrides.uniqueKey) }),
    ...(overrides.orderingKey !== "" && { orderingKey: overrides.orderingKey }),
    ...(overrides.concurrencyKey && { concurrency: concurrencyKeyOf(overrides.concurrencyKey) }),
  };
}
