import type { Action } from "../domain/action.ts";
import { isSealed } from "../ports/secret-box.ts";

/**
 * An action as it is compared with that of an earlier request under the same id. A secret is sealed differently each time, so a repetition would
 * look like another request: of what is sealed only counts that it is.
 */
export function comparableAction(action: Action): Action {
  if (action.kind !== "webhook") {
    return action;
  }
  const headers = Object.entries(action.headers).map(([name, value]) => [name, concealed(value)] as const);
  return { ...action, secret: concealed(action.secret), headers: Object.fromEntries(headers) };
}

function concealed(text: string): string {
  return isSealed(text) ? "sealed:" : text;
}
