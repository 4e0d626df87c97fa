import { DAY_MS, HOUR_MS, dayOf, monthOf } from "../schedule/calendar.ts";
import { zoneOf } from "../schedule/zone.ts";
import type { Zone } from "../schedule/zone.ts";

/** 24 hours, 30 days, or 12 months. */
export type Granularity = "DAY" | "MONTH" | "YEAR";

const HOURS = 24;
const DAYS = 30;
const MONTHS = 12;

/**
 * Where the buckets of a statistic begin, oldest first; the last one holds `at`. Hours, days and months are those of the clocks of a time zone.
 *
 * @param timeZone an IANA name.
 */
export function bucketStarts(granularity: Granularity, at: number, timeZone: string): readonly number[] {
  const zone = zoneOf(timeZone);
  const wall = at + zone.spanAt(at).offsetMs;
  switch (granularity) {
    case "DAY": {
      const hourAt = at - (wall - Math.floor(wall / HOUR_MS) * HOUR_MS);
      return backwards(HOURS, (back) => hourAt - back * HOUR_MS);
    }
    case "MONTH": {
      const day = Math.floor(wall / DAY_MS);
      return backwards(DAYS, (back) => midnightOf(day - back, zone));
    }
    case "YEAR": {
      const { year, month } = monthOf(Math.floor(wall / DAY_MS));
      const index = year * MONTHS + month - 1;
      return backwards(MONTHS, (back) => {
        const earlier = index - back;
        return midnightOf(dayOf(Math.floor(earlier / MONTHS), (earlier % MONTHS) + 1, 1), zone);
      });
    }
  }
}

function backwards(count: number, startOf: (back: number) => number): readonly number[] {
  return Array.from({ length: count }, (_, index) => startOf(count - 1 - index));
}

/** When a day begins; where its midnight does not exist, or exists twice, one that is near. */
function midnightOf(day: number, zone: Zone): number {
  const wall = day * DAY_MS;
  const near = wall - zone.spanAt(wall).offsetMs;
  return wall - zone.spanAt(near).offsetMs;
}
