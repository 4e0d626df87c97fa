/** Definitions that Belfry makes for itself have ids that begin so: no caller can choose one, and no list shows them. */
export const SYSTEM_ID_PREFIX = "$";

export function isSystemDefinition(id: string): boolean {
  return id.startsWith(SYSTEM_ID_PREFIX);
}
