import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What the server says of itself in `postmaster.pid`. */
export interface PostmasterFile {
  pid: number;
  /** True once it takes connections, which comes after the recovery from a crash. */
  ready: boolean;
}

const STATUS_LINE = 7;

/** Nothing when there is no such file, or not yet a whole first line. */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  if (lines.length < 2 || !Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, ready: lines[STATUS_LINE]?.trim() === "ready" };
}
