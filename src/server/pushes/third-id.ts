/** What a platform's own id (third id) is about, so that pushes which tell of it are found. */
import type { PlatformPush } from "../../domain/approval/platform-push.ts";
import { pushMetadataOf } from "../../domain/approval/push-log.ts";
import type { ApprovalStore } from "../../ports/store/approvals.ts";
import type { PushRecord } from "../mapping/push.ts";

type Approvals = Pick<ApprovalStore, "loadPushStatesOf" | "loadSessions">;

/**
 * The sessions whose pushes may be about it: the one that is known to have it, or else each whose id it begins with (`{sid}`, `{sid}_{tid}`,
 * `{sid}_{tid}_{number}`; ids may have underscores of their own).
 */
export async function sessionsOfThirdId(
  approvals: Approvals,
  platformId: string,
  thirdId: string,
): Promise<readonly string[]> {
  const known = await approvals.loadPushStatesOf(platformId, thirdId);
  if (known !== null) return [known.sessionId];
  const sessions = await approvals.loadSessions(beginningsOf(thirdId));
  return sessions.map(({ session }) => session.id);
}

/** All of it, and what stands before each underscore. */
function beginningsOf(thirdId: string): readonly string[] {
  const parts = thirdId.split("_");
  return parts.map((_, index) => parts.slice(0, index + 1).join("_")).filter((id) => id !== "");
}

/** A push names the ids that it told of when an attempt has ended; until then it may be about any of its item. */
export function tellsOf({ spec, life }: PushRecord, thirdId: string): boolean {
  const { thirdIds = [] } = pushMetadataOf(life.metadata) ?? {};
  return thirdIds.length === 0 ? mayBeAbout(spec.action, thirdId) : thirdIds.includes(thirdId);
}

function mayBeAbout({ sessionId, workItemId }: PlatformPush, thirdId: string): boolean {
  const ownId = workItemId === null ? sessionId : `${sessionId}_${workItemId}`;
  return thirdId === ownId || thirdId.startsWith(`${ownId}_`);
}
