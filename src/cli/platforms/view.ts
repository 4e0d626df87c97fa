import {
  BreakerStateSchema,
  FailureCauseSchema,
  PlatformChangeKindSchema,
  PlatformTokenStateSchema,
} from "../../client/index.ts";
import type {
  Platform,
  PlatformChange,
  PlatformStatus,
  PlatformTest,
  PlatformToken,
  PushPolicy,
} from "../../client/index.ts";
import type { Screen } from "../format/screen.ts";
import { writeFields, writeTable } from "../format/table.ts";
import type { Cell, Column } from "../format/table.ts";
import { duration, moment } from "../format/time.ts";
import { dataInWords, enumWord, painted } from "../format/words.ts";

const COLUMNS: readonly Column[] = [
  { title: "ID" },
  { title: "NAME", flexible: true },
  { title: "CONNECTOR" },
  { title: "STATE" },
  { title: "STANDS FOR" },
  { title: "UPDATED" },
];

const CHANGES: readonly Column[] = [
  { title: "WHEN" },
  { title: "WHAT" },
  { title: "BY" },
  { title: "WHY", flexible: true },
  { title: "BEFORE", flexible: true },
  { title: "AFTER", flexible: true },
];

export function writePlatforms(screen: Screen, platforms: readonly Platform[], now: number): void {
  if (platforms.length === 0) return;
  const rows = platforms.map((platform): readonly Cell[] => [
    platform.id,
    platform.name,
    platform.connector,
    standing(platform),
    platform.standsFor,
    moment(platform.updateTime, now),
  ]);
  writeTable(screen, COLUMNS, rows);
}

export function writePlatform(screen: Screen, platform: Platform, now: number): void {
  const { settings, policy } = platform;
  writeFields(screen, [
    ["id", platform.id],
    ["name", platform.name],
    ["connector", platform.connector],
    ["state", standing(platform)],
    ["stands for", platform.standsFor],
    ...(policy === undefined ? [] : policyFields(policy)),
    ...Object.entries(settings ?? {})
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [`setting ${name}`, typeof value === "string" ? value : JSON.stringify(value)] as const),
    ["created", moment(platform.createTime, now)],
    ["updated", moment(platform.updateTime, now)],
    ["etag", platform.etag],
  ]);
}

export function writeStatus(screen: Screen, status: PlatformStatus, now: number): void {
  const { breaker, token } = status;
  const failure = breaker?.lastFailure;
  writeFields(screen, [
    ["platform", status.platformId],
    ["state", standing(status)],
    ["breaker", painted(enumWord(BreakerStateSchema, breaker?.state ?? 0))],
    ["since", moment(breaker?.stateTime, now)],
    ["because", breaker?.reason],
    ["open until", moment(breaker?.openUntilTime, now)],
    ["held until", moment(status.heldUntilTime, now)],
    ["last failure", failure && `${enumWord(FailureCauseSchema, failure.cause)}: ${failure.message}`],
    ["lately", breaker && `${breaker.windowSucceeded} succeeded, ${breaker.windowFailed} failed`],
    ["now", `${status.underWayCount} under way, ${status.waitingCount} waiting`],
    ...(token === undefined ? [] : tokenFields(token, now)),
  ]);
}

export function writeTest(screen: Screen, { ok, code, message, exchanges }: PlatformTest): void {
  writeFields(screen, [
    ["well", ok ? "yes" : "no"],
    ["code", code],
    ["found", message],
    ...exchanges.map(({ operation, exchange }) => {
      const { request, response, failure } = exchange ?? {};
      const came =
        response === undefined ? (failure?.message ?? "no answer") : `HTTP ${response.status} ${response.body}`;
      return [operation, `${request?.method ?? ""} ${request?.url ?? ""} → ${came}`] as const;
    }),
  ]);
}

export function writeChanges(screen: Screen, changes: readonly PlatformChange[], now: number): void {
  if (changes.length === 0) return;
  const rows = changes.map((change): readonly Cell[] => [
    moment(change.changeTime, now),
    enumWord(PlatformChangeKindSchema, change.kind),
    change.changedBy,
    change.reason,
    dataInWords(change.before),
    dataInWords(change.after),
  ]);
  writeTable(screen, CHANGES, rows);
}

function standing({ enabled }: { readonly enabled: boolean }): Cell {
  return painted(enabled ? "ENABLED" : "DISABLED");
}

function tokenFields(token: PlatformToken, now: number): readonly (readonly [string, Cell])[] {
  const { failure } = token;
  return [
    ["token", painted(enumWord(PlatformTokenStateSchema, token.state))],
    ["fetched", moment(token.obtainTime, now)],
    ["used until", moment(token.expireTime, now)],
    [
      "token failure",
      failure === undefined ? "" : `${failure.code}: ${failure.message} (${moment(failure.time, now)})`,
    ],
    ["asked again", moment(failure?.retryTime, now)],
  ];
}

function policyFields(policy: PushPolicy): readonly (readonly [string, string])[] {
  const { rateLimit, retryPolicy } = policy;
  return [
    ["at a time", String(policy.maxConcurrent ?? "")],
    ["rate", rateLimit === undefined ? "" : `${rateLimit.perSecond} a second, ${rateLimit.burst ?? ""} at once`],
    ["timeout", `${duration(policy.requestTimeout)} a request`],
    ["retries", String(retryPolicy?.maxRetries ?? "")],
    ["swept", sweptInWords(policy)],
  ];
}

function sweptInWords({ sweepMaxRetries = 0, sweepInterval, sweepPermanent }: PushPolicy): string {
  if (sweepMaxRetries === 0) return "never";
  const what = sweepPermanent ? "" : "; not what was refused for good";
  return `up to ${sweepMaxRetries} times an item, ${duration(sweepInterval)} apart${what}`;
}
