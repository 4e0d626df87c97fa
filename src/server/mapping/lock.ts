import { expireAtOf, type LockRecord } from "../../domain/lock/lock.ts";
import { LockState, type LockSchema } from "../../gen/belfry/v1/lock_pb.ts";
import type { Init } from "./init.ts";
import { toOptionalDuration, toOptionalTimestamp, toTimestamp } from "./time.ts";

/** @param waiting callers that wait for it. */
export function toLock({ name, token, hold, updatedAt }: LockRecord, waiting = 0): Init<typeof LockSchema> {
  return {
    name,
    state: hold === null ? LockState.FREE : LockState.HELD,
    holder: hold?.holder ?? "",
    token: BigInt(token),
    ttl: toOptionalDuration(hold?.ttlMs),
    acquireTime: toOptionalTimestamp(hold?.acquiredAt),
    renewTime: toOptionalTimestamp(hold?.grantedAt),
    expireTime: toOptionalTimestamp(hold === null ? null : expireAtOf(hold)),
    waitingCount: waiting,
    updateTime: toTimestamp(updatedAt),
  };
}
