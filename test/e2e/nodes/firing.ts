/** How punctually definitions were fired, from the ledger: when each due time was decided. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Occurrence } from "../../../src/client/index.ts";
import { OverlapPolicy } from "../../../src/client/index.ts";
import type { Story } from "../../support/ledger-checks.ts";
import { query } from "../../support/ledger-checks.ts";
import type { StallMeter } from "../../support/stall-meter.ts";
import { until } from "../../support/until.ts";

/** A time in which something happened to the cluster, in epoch milliseconds. */
export interface Episode {
  readonly what: string;
  readonly from: number;
  readonly to: number;
}

/** Resolves when every definition but those of the system has taken a due time after this moment. */
export async function allFireAfter(moment: number, databaseUrl: string): Promise<void> {
  const sql = `select count(*)::int as silent from belfry.supervisor s where not s.definition_id ^@ '$' and not exists (
    select from belfry.occurrence o where o.definition_id = s.definition_id and o.scheduled_at > $1)`;
  const noneIsSilent = async (): Promise<boolean> => {
    const [row] = await query<{ silent: number }>(databaseUrl, sql, [moment]);
    return row?.silent === 0;
  };
  await until(noneIsSilent, "every definition fires again");
}

/**
 * How long it took after this moment until each definition had taken a due time, the machine's own stalls taken off. What BUFFER_ALL lets wait
 * for other instances counts as decided when its turn comes, so those definitions tell nothing about it.
 */
export function longestSilenceAfter(moment: number, stories: readonly Story[], stalls: StallMeter): number {
  const silences = stories.filter(isPrompt).map(({ occurrences }) => {
    const next = Math.min(...occurrences.map(decidedAt).filter((at) => at >= moment));
    return next - moment - stalls.within(moment, next);
  });
  return Math.round(Math.max(...silences));
}

/** The longest time between these moments in which one definition took no due time, as {@link longestSilenceAfter}. */
export function longestSilenceBetween(from: number, to: number, stories: readonly Story[], stalls: StallMeter): number {
  const silences = stories.filter(isPrompt).flatMap(({ occurrences }) => {
    const taken = occurrences.map(decidedAt).filter((at) => at > from && at < to);
    const moments = [from, ...taken.toSorted((one, other) => one - other), to];
    return moments.slice(1).map((at, index) => {
      const before = moments[index] ?? at;
      return at - before - stalls.within(before, at);
    });
  });
  return Math.round(Math.max(...silences));
}

function isPrompt({ definition }: Story): boolean {
  return definition.overlapPolicy !== OverlapPolicy.BUFFER_ALL;
}

export interface Lateness {
  readonly dueTimes: number;
  /** Of the latest one: in all, and without what the machine stood still meanwhile. */
  readonly rawMs: number;
  readonly ownMs: number;
  /** The sentence for the latest one. */
  readonly latest: string;
}

/** How late those were decided that fell due in an episode. */
export function latenessIn({ from, to }: Episode, stories: readonly Story[], stalls: StallMeter): Lateness {
  let lateness: Lateness = { dueTimes: 0, rawMs: 0, ownMs: 0, latest: "none was due" };
  let dueTimes = 0;
  for (const { definition, occurrences } of stories) {
    for (const occurrence of occurrences) {
      const due = dueAt(occurrence);
      if (due < from || due > to) continue;
      dueTimes += 1;
      const rawMs = decidedAt(occurrence) - due;
      const ownMs = rawMs - stalls.within(due, decidedAt(occurrence));
      if (ownMs < lateness.ownMs) continue;
      const latest = `${definition.name}: due ${new Date(due).toISOString()}, decided ${rawMs} ms later`;
      lateness = { dueTimes, rawMs, ownMs, latest };
    }
  }
  return { ...lateness, dueTimes };
}

function decidedAt({ decideTime }: Occurrence): number {
  return decideTime === undefined ? Number.NaN : timestampMs(decideTime);
}

function dueAt({ scheduledTime }: Occurrence): number {
  return scheduledTime === undefined ? Number.NaN : timestampMs(scheduledTime);
}
