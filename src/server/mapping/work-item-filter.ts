import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { SessionState, WorkItemState } from "../../gen/belfry/v1/approval_pb.ts";
import type { WorkItemFilter } from "../../ports/store/approvals.ts";
import { namesIn } from "./enumeration.ts";
import { Findings } from "./findings.ts";
import { optionalInstantOf } from "./time.ts";

interface FilterFields {
  readonly sessionId: string;
  readonly appId: string;
  readonly nodeId: string;
  readonly states: readonly number[];
  readonly sessionStates: readonly number[];
  readonly assignee: string;
  readonly createdAfter?: Timestamp | undefined;
  readonly createdBefore?: Timestamp | undefined;
  readonly finishedAfter?: Timestamp | undefined;
  readonly updatedAfter?: Timestamp | undefined;
}

/** @param prefix where the fields stand in the request, with its dot, or empty. @throws BelfryError INVALID_FIELD */
export function workItemFilterOf(fields: FilterFields, prefix = ""): WorkItemFilter {
  const findings = new Findings();
  const time = (name: "createdAfter" | "createdBefore" | "finishedAfter" | "updatedAfter"): object => {
    const at = optionalInstantOf(fields[name], `${prefix}${name}`, findings, "up");
    return at === undefined ? {} : { [name]: at };
  };
  const states = namesIn(WorkItemState, fields.states);
  const sessionStates = namesIn(SessionState, fields.sessionStates);
  const filter: WorkItemFilter = {
    ...(fields.sessionId !== "" && { sessionId: fields.sessionId }),
    ...(fields.appId !== "" && { appId: fields.appId }),
    ...(fields.nodeId !== "" && { nodeId: fields.nodeId }),
    ...(states !== undefined && { states }),
    ...(sessionStates !== undefined && { sessionStates }),
    ...(fields.assignee !== "" && { assignee: fields.assignee }),
    ...time("createdAfter"),
    ...time("createdBefore"),
    ...time("finishedAfter"),
    ...time("updatedAfter"),
  };
  findings.throwIfAny();
  return filter;
}
