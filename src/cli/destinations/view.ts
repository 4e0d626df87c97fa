import { BreakerStateSchema, FailureCauseSchema } from "../../client/index.ts";
import type { Breaker, BreakerSettings, Destination, DestinationSettings } from "../../client/index.ts";
import { toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import type { Screen } from "../format/screen.ts";
import { writeFields, writeTable } from "../format/table.ts";
import type { Cell, Column } from "../format/table.ts";
import { duration, moment } from "../format/time.ts";
import { counted, enumWord, painted } from "../format/words.ts";

const COLUMNS: readonly Column[] = [
  { title: "ORIGIN", flexible: true },
  { title: "BREAKER" },
  { title: "SINCE" },
  { title: "FAILED IN A ROW", align: "right" },
  { title: "LAST FAILURE", flexible: true },
];

export function writeDestinations(screen: Screen, destinations: readonly Destination[], now: number): void {
  if (destinations.length === 0) return;
  const rows = destinations.map((destination): readonly Cell[] => [
    destination.origin,
    standing(destination),
    moment(destination.disabled ? destination.disableTime : destination.breaker?.stateTime, now),
    String(destination.breaker?.consecutiveFailures ?? 0),
    failureInWords(destination.breaker),
  ]);
  writeTable(screen, COLUMNS, rows);
}

export function writeDestination(screen: Screen, destination: Destination, now: number): void {
  const { breaker, settings } = destination;
  writeFields(screen, [
    ["origin", destination.origin],
    ["breaker", standing(destination)],
    ["since", moment(destination.disabled ? destination.disableTime : breaker?.stateTime, now)],
    ["because", destination.disabled ? destination.disableReason : breaker?.reason],
    ["open until", moment(breaker?.openUntilTime, now)],
    ["held until", moment(destination.heldUntilTime, now)],
    ["failing since", moment(destination.failingSinceTime, now)],
    ["last failure", failureInWords(breaker)],
    ["lately", breaker && `${breaker.windowSucceeded} succeeded, ${breaker.windowFailed} failed`],
    ["now", `${destination.underWayCount} under way, ${destination.waitingCount} waiting`],
    ...(settings === undefined ? [] : settingFields(settings)),
    [
      "secrets",
      destination.secrets.length === 0 ? "none: deliveries are not signed" : secretsInWords(destination, now),
    ],
    ["updated", moment(destination.updateTime, now)],
    ["etag", destination.etag],
  ]);
}

function settingFields(settings: DestinationSettings): readonly (readonly [string, string])[] {
  const { rateLimit, breaker, successRules } = settings;
  return [
    ["at a time", String(settings.maxConcurrent ?? "")],
    ["rate", rateLimit === undefined ? "" : `${rateLimit.perSecond} a second, ${rateLimit.burst ?? ""} at once`],
    ["opens", breaker === undefined ? "" : openingInWords(breaker)],
    ["timeouts", `${duration(settings.connectTimeout)} to connect, ${duration(settings.headersTimeout)} to answer`],
    [
      "succeeds when",
      successRules
        .map(({ path, equals }) => `${path} = ${equals ? JSON.stringify(toJson(ValueSchema, equals)) : "null"}`)
        .join(" and "),
    ],
  ];
}

function openingInWords({
  consecutiveFailures = 0,
  failureRatio = 0,
  minCalls,
  window,
  openDuration,
}: BreakerSettings): string {
  const row = consecutiveFailures === 0 ? [] : [`after ${counted(consecutiveFailures, "failure")} in a row`];
  const ratio =
    failureRatio === 0
      ? []
      : [`when ${Math.round(failureRatio * 100)} % of at least ${minCalls ?? ""} calls in ${duration(window)} failed`];
  const when = [...row, ...ratio].join(", or ");
  return when === "" ? "never by itself" : `${when}; for ${duration(openDuration)} at first`;
}

function standing({ disabled, breaker }: Destination): Cell {
  return painted(disabled ? "DISABLED" : enumWord(BreakerStateSchema, breaker?.state ?? 0));
}

function failureInWords(breaker: Breaker | undefined): string {
  const failure = breaker?.lastFailure;
  return failure === undefined ? "" : `${enumWord(FailureCauseSchema, failure.cause)}: ${failure.message}`;
}

function secretsInWords({ secrets }: Destination, now: number): string {
  return secrets
    .map(({ id, expireTime }) => (expireTime === undefined ? id : `${id} until ${moment(expireTime, now)}`))
    .join(", ");
}
