/**
 * Ids of dispatches: `wf_<unix ms>_<20 hex digits>`. It is a UUIDv7 in other words: they sort by age as the UUIDs they are made of
 * would, and the last four digits are the routing hash.
 */

export const DISPATCH_ID_PREFIX = "wf_";
const DISPATCH_ID = /^wf_\d{13}_[0-9a-f]{20}$/u;

/** @param uuid a UUIDv7. */
export function dispatchIdOf(uuid: string): string {
  const digits = uuid.replaceAll("-", "");
  return `${DISPATCH_ID_PREFIX}${String(Number.parseInt(digits.slice(0, 12), 16)).padStart(13, "0")}_${digits.slice(12)}`;
}

export function isDispatchId(id: string): boolean {
  return DISPATCH_ID.test(id);
}
