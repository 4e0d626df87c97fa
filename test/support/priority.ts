import { readdirSync } from "node:fs";
import { setPriority } from "node:os";

/** A niceness that leaves others next to nothing while these want to run. */
const FIRST = -15;

/**
 * Puts a process before all else that runs on this machine, where that is allowed (root), and whatever it starts from then on; 0 is the calling
 * thread. Linux knows it of each thread alone.
 */
export function putFirst(pid: number): void {
  try {
    for (const thread of threadsOf(pid)) setPriority(thread, FIRST);
  } catch {
    console.warn("Without root the nodes run like everything else here: what else runs is measured, too.");
  }
}

function threadsOf(pid: number): number[] {
  return process.platform === "linux" && pid !== 0 ? readdirSync(`/proc/${pid}/task`).map(Number) : [pid];
}
