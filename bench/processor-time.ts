/** How long processes have kept the processors busy, from Linux's /proc, to 10 ms. */
import { readdirSync, readFileSync } from "node:fs";

/** As it was at one moment, in milliseconds since the start of each process. */
export interface ProcessorTime {
  /** Of one process. */
  of(pid: number): number;
  /** Of all that descend from it and are still there, and of those they waited for. */
  ofDescendants(pid: number): number;
  /** Of a process that starts many and waits for them: itself, its descendants, and those that have ended. */
  ofTree(pid: number): number;
  /** The one child of this name. @throws Error when there is none. */
  child(parent: number, name: string): number;
  /** Of the whole machine, since its start. */
  readonly machine: number;
}

interface Process {
  readonly name: string;
  readonly parent: number;
  readonly ownMs: number;
  readonly endedChildrenMs: number;
}

const TICK_MS = 10;
/** Where the fields stand that follow the name in /proc/<pid>/stat. */
const PARENT = 1;
const USER = 11;
const SYSTEM = 12;
const CHILDREN_USER = 13;
const CHILDREN_SYSTEM = 14;

export function processorTime(): ProcessorTime {
  const processes = new Map<number, Process>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = tryRead(`/proc/${entry}/stat`);
    if (stat !== undefined) processes.set(Number(entry), processOf(stat));
  }
  const descends = (pid: number, ancestor: number): boolean => {
    const parent = processes.get(pid)?.parent;
    return parent !== undefined && (parent === ancestor || descends(parent, ancestor));
  };
  const of = (pid: number): number => processes.get(pid)?.ownMs ?? 0;
  const ofDescendants = (ancestor: number): number => {
    let sum = 0;
    for (const [pid, { ownMs, endedChildrenMs }] of processes) {
      if (descends(pid, ancestor)) sum += ownMs + endedChildrenMs;
    }
    return sum;
  };
  return {
    of,
    ofDescendants,
    ofTree: (pid) => of(pid) + (processes.get(pid)?.endedChildrenMs ?? 0) + ofDescendants(pid),
    child: (parent, name) => {
      for (const [pid, each] of processes) if (each.parent === parent && each.name === name) return pid;
      throw new Error(`Process ${parent} has no child ${name}`);
    },
    machine: machineMs(),
  };
}

/** Of a process; undefined when it is gone. */
export function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function processOf(stat: string): Process {
  // The name stands in parentheses and may contain any of them.
  const end = stat.lastIndexOf(")");
  const fields = stat.slice(end + 2).split(" ");
  const ms = (...indices: number[]): number => indices.reduce((sum, index) => sum + Number(fields[index]) * TICK_MS, 0);
  return {
    name: stat.slice(stat.indexOf("(") + 1, end),
    parent: Number(fields[PARENT]),
    ownMs: ms(USER, SYSTEM),
    endedChildrenMs: ms(CHILDREN_USER, CHILDREN_SYSTEM),
  };
}

/** The line is: user, nice, system, idle, waiting for disks, interrupts (2), taken by other machines; then guests, which count as user already. */
function machineMs(): number {
  const [, line = ""] = /^cpu +(.*)$/m.exec(readFileSync("/proc/stat", "utf8")) ?? [];
  const [user = 0, nice = 0, system = 0, , , hard = 0, soft = 0, stolen = 0] = line.split(" ").map(Number);
  return (user + nice + system + hard + soft + stolen) * TICK_MS;
}
