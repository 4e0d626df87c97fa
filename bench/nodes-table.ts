/** What the measurements of several set-ups found, side by side. */
import type { Usage } from "./cluster-under-load.ts";
import { median, percentile } from "./statistics.ts";

export interface Sample {
  readonly perSecond: number;
  /** Processor time, in milliseconds for 1,000 instances, until all was published. */
  readonly cost: Cost;
  /** Processors that were busy while it was measured, on average. */
  readonly cores: Cores;
  /** How long after the last result all was published. */
  readonly settledMs: number;
}

interface Cost {
  readonly nodes: number;
  readonly postgres: number;
  readonly nats: number;
  readonly load: number;
}

interface Cores {
  readonly busiestNode: number;
  /** The nodes, PostgreSQL, NATS and the load. */
  readonly ours: number;
  /** Whatever else runs on the machine. */
  readonly others: number;
}

interface Idle {
  /** In milliseconds a second. */
  readonly cost: Cost;
  readonly others: number;
}

const NAME_WIDTH = 26;

export function sampleOf(run: {
  readonly count: number;
  readonly tookMs: number;
  readonly settledMs: number;
  readonly before: Usage;
  /** When the last result was in. */
  readonly atEnd: Usage;
  /** When all was published too. */
  readonly settled: Usage;
}): Sample {
  return {
    perSecond: (run.count * 1000) / run.tookMs,
    cost: costOf(run.before, run.settled, run.count / 1000),
    cores: coresOf(run.before, run.atEnd, run.tookMs),
    settledMs: run.settledMs,
  };
}

export class NodesTable {
  readonly #base: string;
  readonly #baseMeasurement: string;
  /** By measurement, then by set-up; one a round. */
  readonly #samples = new Map<string, Map<string, Sample[]>>();
  readonly #latencies = new Map<string, Map<string, number[]>>();
  readonly #idle = new Map<string, Idle[]>();

  /** @param base the set-up that the others are compared with. @param baseMeasurement its measurement for those that it has not. */
  constructor(base: string, baseMeasurement: string) {
    this.#base = base;
    this.#baseMeasurement = baseMeasurement;
  }

  add(measurement: string, setUp: string, sample: Sample): void {
    listIn(mapIn(this.#samples, measurement), setUp).push(sample);
  }

  /** @param latencies in milliseconds. */
  addLatencies(measurement: string, setUp: string, latencies: readonly number[]): void {
    listIn(mapIn(this.#latencies, measurement), setUp).push(...latencies);
  }

  addIdle(setUp: string, run: { readonly tookMs: number; readonly before: Usage; readonly after: Usage }): void {
    listIn(this.#idle, setUp).push({
      cost: costOf(run.before, run.after, run.tookMs / 1000),
      others: coresOf(run.before, run.after, run.tookMs).others,
    });
  }

  print(): void {
    console.log(
      "CPU is in ms for 1,000 instances, until their events are published, with the part of nodes, PostgreSQL",
    );
    console.log(
      "and NATS in their sum. Cores are those that were busy on average; others: by what else runs on the machine.",
    );
    for (const [measurement, bySetUp] of this.#samples) {
      title(measurement, "/s", `/${this.#base}`, ...COST_TITLES, "busiest node", "all cores", "others", "published");
      const base = bySetUp.get(this.#base) ?? this.#samples.get(this.#baseMeasurement)?.get(this.#base) ?? [];
      for (const [setUp, samples] of bySetUp) this.#printSamples(setUp, samples, base);
    }
    for (const [measurement, bySetUp] of this.#latencies) {
      title(`start latency when idle: ${measurement}`, "p50 ms", "p99 ms");
      for (const [setUp, found] of bySetUp) {
        line(setUp, percentile(found, 0.5).toFixed(2), percentile(found, 0.99).toFixed(2));
      }
    }
    if (this.#idle.size > 0) title("idle: CPU in ms a second", ...COST_TITLES, "others");
    for (const [setUp, found] of this.#idle) {
      const others = median(found.map((each) => each.others));
      line(setUp, ...costCells(found.map(({ cost }) => cost)), others.toFixed(2));
    }
  }

  #printSamples(setUp: string, samples: readonly Sample[], base: readonly Sample[]): void {
    const middle = (value: (sample: Sample) => number): number => median(samples.map((sample) => value(sample)));
    // Of the same round: what the machine does otherwise changes from round to round.
    const ratio = median(samples.map(({ perSecond }, round) => perSecond / (base[round]?.perSecond ?? Number.NaN)));
    line(
      setUp,
      middle(({ perSecond }) => perSecond).toFixed(0),
      Number.isNaN(ratio) ? "" : ratio.toFixed(2),
      ...costCells(samples.map(({ cost }) => cost)),
      middle(({ cores }) => cores.busiestNode).toFixed(2),
      middle(({ cores }) => cores.ours).toFixed(2),
      middle(({ cores }) => cores.others).toFixed(2),
      `${middle(({ settledMs }) => settledMs).toFixed(0)} ms`,
    );
  }
}

const COST_TITLES = ["nodes", "PostgreSQL", "NATS", "sum", "load"] as const;

function costCells(costs: readonly Cost[]): string[] {
  const middle = (value: (cost: Cost) => number): number => median(costs.map((cost) => value(cost)));
  const sum = middle(({ nodes, postgres, nats }) => nodes + postgres + nats);
  const part = (ms: number): string => `${ms.toFixed(0)} ${`${((ms * 100) / sum).toFixed(0)}%`.padStart(4)}`;
  return [
    part(middle(({ nodes }) => nodes)),
    part(middle(({ postgres }) => postgres)),
    part(middle(({ nats }) => nats)),
    sum.toFixed(0),
    middle(({ load }) => load).toFixed(0),
  ];
}

function costOf(before: Usage, after: Usage, units: number): Cost {
  return {
    nodes: (total(after.nodes) - total(before.nodes)) / units,
    postgres: (after.postgres - before.postgres) / units,
    nats: (after.nats - before.nats) / units,
    load: (after.load - before.load) / units,
  };
}

function coresOf(before: Usage, after: Usage, tookMs: number): Cores {
  const { nodes, postgres, nats, load } = costOf(before, after, tookMs);
  const ours = nodes + postgres + nats + load;
  return {
    busiestNode: Math.max(...after.nodes.map((ms, index) => (ms - (before.nodes[index] ?? 0)) / tookMs)),
    ours,
    others: Math.max(0, (after.machine - before.machine) / tookMs - ours),
  };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function title(name: string, ...cells: readonly string[]): void {
  console.log(`\n${name}`);
  line("", ...cells);
}

function line(name: string, ...cells: readonly string[]): void {
  console.log(name.padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(13)).join(""));
}

function mapIn<T>(maps: Map<string, Map<string, T>>, key: string): Map<string, T> {
  const map = maps.get(key) ?? new Map<string, T>();
  maps.set(key, map);
  return map;
}

function listIn<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}
