/** `npm run simulate -- --seeds 1000 --from 1`, or `-- --seed 42` for one of them with all that can be read of it. */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { explained } from "./explained.ts";
import type { Report, Stats } from "./simulate.ts";
import { simulate } from "./simulate.ts";

const USAGE = `npm run simulate -- [options]
  --seeds N     how many seeds (default 300)
  --from S      the first of them (default 1)
  --seed S      one seed, with its trace
  --all         with --seed: the whole trace
  --processes N how many at a time (default: one a core)`;

/** Findings that are told in full; of the others only the seeds. */
const TOLD = 3;

interface Tally {
  seeds: number;
  findings: number;
  readonly sums: Record<keyof Stats, number>;
}

if (process.send === undefined) {
  process.exitCode = await main();
} else {
  serve();
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "300" },
      from: { type: "string", default: "1" },
      seed: { type: "string" },
      all: { type: "boolean", default: false },
      processes: { type: "string", default: String(availableParallelism()) },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values.seed !== undefined) {
    const report = await simulate(Number(values.seed), { traced: true });
    console.log(explained(report, values.all ? Number.POSITIVE_INFINITY : undefined));
    return report.findings.length === 0 ? 0 : 1;
  }
  return await many(Number(values.from), Number(values.seeds), Number(values.processes));
}

/** Runs many seeds, in several processes. */
async function many(from: number, count: number, processes: number): Promise<number> {
  const startedAt = performance.now();
  const tally: Tally = { seeds: 0, findings: 0, sums: {} as Record<keyof Stats, number> };
  const broken: number[] = [];
  let next = from;
  await Promise.all(
    Array.from({ length: Math.max(1, processes) }, async () => {
      const child = fork(import.meta.filename);
      try {
        while (next < from + count) {
          const report = await asked(child, next++);
          add(tally, report);
          if (report.findings.length > 0) {
            broken.push(report.seed);
            console.log(`seed ${report.seed}: ${report.findings[0]?.rule}: ${report.findings[0]?.text}`);
          }
        }
      } finally {
        child.disconnect();
      }
    }),
  );
  for (const seed of broken.slice(0, TOLD)) {
    console.log(`\n${explained(await simulate(seed, { traced: true }))}`);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const sums = Object.entries(tally.sums).map(([name, sum]) => `${Math.round(sum)} ${name}`);
  console.log(`\n${tally.seeds} seeds from ${from} in ${seconds.toFixed(1)} s: ${sums.join(", ")}`);
  console.log(broken.length === 0 ? "no findings" : `${broken.length} seeds with findings: ${broken.join(" ")}`);
  return broken.length === 0 ? 0 : 1;
}

function asked(child: ChildProcess, seed: number): Promise<Report> {
  return new Promise((resolve, reject) => {
    const broke = (): void => reject(new Error(`seed ${seed} broke the simulator`));
    child.once("exit", broke);
    child.once("message", (report) => {
      child.off("exit", broke);
      resolve(report as Report);
    });
    child.send(seed);
  });
}

function serve(): void {
  // Nobody reads where errors come from until a seed is looked at by itself.
  Error.stackTraceLimit = 0;
  process.on("message", (seed) => {
    void simulate(Number(seed)).then((report) => process.send?.(report));
  });
}

function add(tally: Tally, { stats }: Report): void {
  tally.seeds++;
  for (const [name, value] of Object.entries(stats) as [keyof Stats, number][]) {
    tally.sums[name] = (tally.sums[name] ?? 0) + value;
  }
}
