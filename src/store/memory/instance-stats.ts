import type { InstanceRecord, InstanceState } from "../../domain/instance/instance.ts";
import type { InstanceStats } from "../../ports/store/queries.ts";

export function statsOf(instances: readonly InstanceRecord[]): InstanceStats {
  const counts: Partial<Record<InstanceState, number>> = {};
  const durations: number[] = [];
  const waits: number[] = [];
  for (const { state, createdAt, life } of instances) {
    counts[state] = (counts[state] ?? 0) + 1;
    if (state !== "COMPLETED" || life.startedAt === null) continue;
    waits.push(life.startedAt - createdAt);
    if (life.endedAt !== null) durations.push(life.endedAt - life.startedAt);
  }
  return {
    counts,
    durationP50Ms: percentile(durations, 0.5),
    durationP95Ms: percentile(durations, 0.95),
    waitP50Ms: percentile(waits, 0.5),
    waitP95Ms: percentile(waits, 0.95),
  };
}

/** The least of the values that is not below this part of them (nearest rank). */
export function percentile(values: readonly number[], part: number): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(Math.ceil(sorted.length * part) - 1, 0)] ?? null;
}
