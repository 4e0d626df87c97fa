/** What a node does by itself, without the network: `npm run bench:in-process`. Prints figures; judges nothing. */
import { benchSpec, megabytes, openBenchNode } from "./node.ts";
import { percentile } from "./statistics.ts";

const COUNT = Number(process.env["BENCH_COUNT"] ?? 20_000);
const IN_FLIGHT = 64;

const bench = await openBenchNode();
const { node } = bench;

async function definition(): Promise<string> {
  const created = await node.definitions.create({
    spec: benchSpec({ kind: "every", intervalMs: 86_400_000, fixedDelay: false }),
    startPaused: false,
  });
  return created.definition.id;
}

/** Runs `count` calls, `IN_FLIGHT` at a time. */
async function pump(count: number, call: () => Promise<unknown>): Promise<void> {
  let left = count;
  const one = async (): Promise<void> => {
    while (left > 0) {
      left--;
      await call();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
}

/** A worker that completes at once; resolves when it has completed `count`. */
async function worker(
  count: number,
  slots = 1000,
  onStart: () => void = () => {},
): Promise<{ done: Promise<void>; close(): void }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let completed = 0;
  const complete = async (token: string): Promise<void> => {
    await node.workers.complete(token, null);
    completed++;
    if (completed === count) {
      resolve();
    }
  };
  const session = await node.workers.open(
    { queue: "bench", workerId: "w", slots, running: [] },
    {
      assign: (assignments) => {
        for (const { token } of assignments) {
          onStart();
          void complete(token);
        }
      },
      signal: () => {},
      drain: () => {},
    },
  );
  return { done: promise, close: () => session.close() };
}

function rate(name: string, count: number, ms: number): void {
  console.log(`${name.padEnd(52)} ${String(Math.round((count * 1000) / ms)).padStart(8)} /s   ${megabytes()} MB`);
}

for (let round = 0; round < 3; round++) {
  const ids = await Promise.all(Array.from({ length: 20 }, definition));
  let next = 0;
  const trigger = (): Promise<unknown> =>
    node.definitions.trigger(ids[next++ % ids.length] as string, { overrides: {}, ignoreOverlap: false });

  {
    const { done, close } = await worker(COUNT);
    const from = performance.now();
    await Promise.all([pump(COUNT, trigger), done]);
    rate("end to end, one by one, 64 in flight", COUNT, performance.now() - from);
    close();
  }
  {
    const from = performance.now();
    await pump(COUNT, trigger);
    rate("enqueue one by one, 64 in flight", COUNT, performance.now() - from);
    const { done, close } = await worker(COUNT);
    const drainFrom = performance.now();
    await done;
    rate("drain", COUNT, performance.now() - drainFrom);
    close();
  }
  {
    const from = performance.now();
    for (let batch = 0; batch < COUNT / 1000; batch++) {
      await node.definitions.batchTrigger(ids[batch % ids.length] as string, {
        items: Array.from({ length: 1000 }, () => ({ overrides: {} })),
        atomic: false,
      });
    }
    rate("enqueue in batches of 1000", COUNT, performance.now() - from);
    const { done, close } = await worker(COUNT);
    await done;
    close();
  }
  {
    const latencies: number[] = [];
    let startedAt = 0;
    const { close } = await worker(Number.POSITIVE_INFINITY, 10, () => latencies.push(performance.now() - startedAt));
    for (let call = 0; call < 300; call++) {
      startedAt = performance.now();
      await trigger();
      await new Promise((resolve) => setImmediate(resolve));
    }
    console.log(
      `start latency idle: p50 ${percentile(latencies, 0.5).toFixed(2)} ms, p99 ${percentile(latencies, 0.99).toFixed(2)} ms`,
    );
    close();
  }
}
await bench.close();
