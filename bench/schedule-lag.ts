/**
 * How late instances start: 1,000 definitions due once a second, spread over the second, with workers waiting. `BENCH_LATER` more definitions
 * that are due next month stand beside them. Lag is from the due time to the assignment leaving the node. Prints figures; judges nothing.
 */
import { seedLaterDefinitions } from "./later-definitions.ts";
import { benchSpec, megabytes, openBenchNode } from "./node.ts";
import { percentile } from "./statistics.ts";

const DEFINITIONS = Number(process.env["BENCH_DEFINITIONS"] ?? 1000);
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 20);
const LATER = Number(process.env["BENCH_LATER"] ?? 0);

const bench = await openBenchNode();
const { node } = bench;
if (LATER > 0) {
  await seedLaterDefinitions(bench.url, LATER);
  console.log(`${LATER} definitions due next month, ${megabytes()} MB`);
}

const lags: number[] = [];
let measuring = false;
const session = await node.workers.open(
  { queue: "bench", workerId: "w", slots: 10_000, running: [] },
  {
    assign: (assignments) => {
      const now = Date.now();
      for (const { instance, token } of assignments) {
        if (measuring) {
          lags.push(now - (instance.spec.scheduledAt ?? now));
        }
        void node.workers.complete(token, null);
      }
    },
    signal: () => {},
    drain: () => {},
  },
);
await Promise.all(
  Array.from({ length: DEFINITIONS }, (_, index) =>
    node.definitions.create({
      spec: benchSpec({
        kind: "every",
        intervalMs: 1000,
        phaseMs: Math.floor((index * 1000) / DEFINITIONS),
        fixedDelay: false,
      }),
      startPaused: false,
    }),
  ),
);
await new Promise((resolve) => setTimeout(resolve, 3000));
measuring = true;
await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
measuring = false;
console.log(
  `schedule lag at ${Math.round(lags.length / SECONDS)} firings/s: p50 ${percentile(lags, 0.5)} ms, p99 ${percentile(lags, 0.99)} ms, max ${Math.max(...lags)} ms, ${megabytes()} MB`,
);
session.close();
await bench.close();
