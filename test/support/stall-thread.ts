/** The thread of stall-meter.ts: it has nothing to do but to be on time. */
import { workerData } from "node:worker_threads";
import { putFirst } from "./priority.ts";
import type { StallRecord } from "./stall-meter.ts";

const { tickMs, leastMs, favoured, moments, count } = workerData as StallRecord;
// Of this thread alone.
if (favoured) putFirst(0);
const most = moments.length / 2;
let before = Date.now();
setInterval(() => {
  const now = Date.now();
  const known = Atomics.load(count, 0);
  if (now - before - tickMs >= leastMs && known < most) {
    moments[2 * known] = before + tickMs;
    moments[2 * known + 1] = now;
    Atomics.store(count, 0, known + 1);
  }
  before = now;
}, tickMs);
