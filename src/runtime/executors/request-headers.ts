/** What a request tells the service beside the payload. */
import type { NatsAction } from "../../domain/action.ts";
import type { Assignment } from "../api.ts";
import { attemptHeaders, visible } from "./attempt-headers.ts";

export function requestHeaders(assignment: Assignment, action: NatsAction): Record<string, string> {
  const { definitionId } = assignment.instance.spec;
  return {
    ...action.headers,
    ...attemptHeaders(assignment),
    ...(definitionId === null ? {} : { "Belfry-Definition-Id": visible(definitionId) }),
    "Belfry-Attempt-Token": visible(assignment.token),
  };
}
