/**
 * A worker to be killed: `node worker-process.ts URL QUEUE`. What it does with an attempt follows from the instance's id alone: nearly all
 * succeed, some at once and some in a while; some fail at first and some for ever.
 */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createWorker, NonRetryableError, RetryableError } from "../../../src/client/index.ts";

const [url = "", queue = ""] = process.argv.slice(2);

const worker = createWorker({
  url,
  queue,
  concurrency: 50,
  reconnect: { initialMs: 20, maxMs: 200 },
  handler: async ({ instanceId, attempt }) => {
    const lot = createHash("sha1").update(instanceId).digest()[0] ?? 0;
    if (lot < 8) throw new NonRetryableError("it can never be done", { code: "HOPELESS" });
    if (lot < 40 && attempt === 1) throw new RetryableError("not this time", { code: "UNLUCKY" });
    if (lot < 80) await sleep(lot);
    return { attempt };
  },
});
process.stdin.on("end", () => process.exit(0)).resume();
await worker.start();
