import type { Clock } from "../../../../src/ports/clock.ts";
import type { Assignment, StartedRuntime, WorkerSession } from "../../../../src/runtime/index.ts";

/** A worker on a stream that works for a while on each attempt and then completes it, and counts what it has at a time. */
export interface BusyWorker {
  readonly session: WorkerSession;
  readonly given: Assignment[];
  /** Tokens of attempts that it has right now: given, and neither reported nor told to be over. */
  readonly has: ReadonlySet<string>;
  /** The most it ever had at once. */
  readonly most: number;
  /** Tokens that were given to it more than once. */
  readonly twice: readonly string[];
  /** Whether it only sits on what it gets from now on. */
  rests: boolean;
  /** Waits until it has reported all that it has. */
  rest(): Promise<void>;
  /** Its stream breaks, and it reports nothing more. @returns what it had. */
  leave(): readonly string[];
}

export async function aBusyWorker(
  node: StartedRuntime,
  {
    clock,
    workMs,
    slots = 1,
    queue = "agents",
    workerId = "busy",
    running = [],
  }: {
    readonly clock: Clock & { advance(ms: number): Promise<void> };
    readonly workMs: number;
    readonly slots?: number;
    readonly queue?: string;
    readonly workerId?: string;
    readonly running?: readonly string[];
  },
): Promise<BusyWorker> {
  const given: Assignment[] = [];
  const has = new Set<string>(running);
  const twice: string[] = [];
  const seen = new Set<string>(running);
  let most = has.size;
  const report = (token: string): void => {
    clock.schedule(workMs, () => {
      if (worker.rests || !has.delete(token)) return;
      const again = (): void => {
        node.workers.complete(token, null).catch((error: unknown) => {
          // What it does not know to be taken it repeats, as the client does.
          const { reason } = error as { readonly reason?: string };
          if (reason !== "STALE_ATTEMPT" && reason !== "DRAINING") clock.schedule(200, again);
        });
      };
      again();
    });
  };
  for (const token of running) report(token);
  let gone = false;
  const worker: BusyWorker = {
    get session() {
      return session;
    },
    rests: false,
    given,
    has,
    twice,
    get most() {
      return most;
    },
    rest: async () => {
      for (let count = 0; has.size > 0 && count < 1000; count++) await clock.advance(workMs);
    },
    leave: () => {
      const had = [...has];
      has.clear();
      gone = true;
      worker.session.close();
      return had;
    },
  };
  const session: WorkerSession = await node.workers.open(
    { queue, workerId, slots, running },
    {
      assign: (assignments) => {
        for (const assignment of gone ? [] : assignments) {
          given.push(assignment);
          if (seen.has(assignment.token)) twice.push(assignment.token);
          seen.add(assignment.token);
          has.add(assignment.token);
          report(assignment.token);
        }
        most = Math.max(most, has.size);
      },
      signal: (signals) => {
        for (const { token, stale } of signals) if (stale) has.delete(token);
      },
      drain: () => {},
    },
  );
  for (const token of session.stale) has.delete(token);
  return worker;
}
