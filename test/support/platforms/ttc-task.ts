import { bool, type Check, integer, link, listOf, oneOf, shape, text, word } from "./shape.ts";

const ACTION_TYPES = "HANDLE BREAK_UP REVOKE HANG_UP ACTIVE CIRCULARIZE TRANSFER PROMOTER HANDLEDR DEAL ALL".split(" ");

const ACTION = shape(
  { type: oneOf(...ACTION_TYPES), optType: oneOf(0, 1) },
  { name: text, method: text, url: link, nextNodeKey: text, allowMerge: oneOf(0, 1) },
);

/** `label|value` */
const SUMMARY: Check = (value, at) =>
  typeof value === "string" && /^[^|]+\|[^|]*$/.test(value) ? [] : [`${at} must be like label|value`];

/** Of a new task, in both generations. */
export const ADD_REQUIRED = { appId: word, taskId: word, taskName: word, transTypeCode: word } as const;

/** `handlers` or `handlingGroup` must be there; see {@link newTaskFindings}. */
export const ADD_OPTIONAL = {
  handlers: text,
  handlingGroup: text,
  initiator: text,
  initiatorName: text,
  taskSummary: listOf(SUMMARY, { max: 5 }),
  timeOut: integer,
  canDelegate: oneOf(0, 1),
  actions: listOf(ACTION),
  previousTaskId: text,
  serialNumber: text,
  nodeId: text,
  nodeName: text,
  transTypeName: text,
  autoCreateTransType: bool,
  viewUrl: link,
  handleUrl: link,
} as const;

export function newTaskFindings(check: Check, item: unknown, at: string): readonly string[] {
  const findings = check(item, at);
  if (findings.length > 0) return findings;
  const { handlers = "", handlingGroup = "" } = item as { handlers?: string; handlingGroup?: string };
  if (handlers === "" && handlingGroup === "") return [`${at} needs handlers or handlingGroup`];
  const named = handlers === "" ? [] : handlers.split(",");
  if (named.some((each) => each === "" || each !== each.trim())) return [`${at}.handlers must be like a,b`];
  return new Set(named).size < named.length ? [`${at}.handlers names somebody twice`] : [];
}

/** A group stands as a user of its name. */
export function handlersOf(item: object): readonly string[] {
  const { handlers = "", handlingGroup = "" } = item as { handlers?: string; handlingGroup?: string };
  return `${handlers},${handlingGroup}`.split(",").filter((each) => each !== "");
}
