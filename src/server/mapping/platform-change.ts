import type { PlatformChangeRecord } from "../../domain/platform/platform-change.ts";
import { PlatformChangeKind, type PlatformChangeSchema } from "../../gen/belfry/v1/platform_pb.ts";
import type { Init } from "./init.ts";
import { toStruct } from "./json.ts";
import { toTimestamp } from "./time.ts";

export function toPlatformChange(change: PlatformChangeRecord): Init<typeof PlatformChangeSchema> {
  const { id, platformId, kind, changedBy, reason, before, after, at } = change;
  return {
    id,
    platformId,
    kind: PlatformChangeKind[kind],
    changedBy,
    reason,
    before: toStruct(before),
    after: toStruct(after),
    changeTime: toTimestamp(at),
  };
}
