import type { ExecutorCommands } from "../api.ts";
import { jobExecutors } from "../jobs/job-executor.ts";
import type { Job } from "../jobs/job-executor.ts";
import type { RuntimeDeps } from "../runtime-deps.ts";
import type { BuiltInExecutor } from "./built-in-executor.ts";
import { natsExecutors } from "./nats-executor.ts";

/** What makes executors as it needs them. */
interface ServingPart {
  start(): void;
  /** @returns what each of its executors is waited for. */
  stop(): readonly Promise<void>[];
  abandon(): void;
}

/** Everything on this node that runs instances without a worker. */
export function ownExecutors({
  node,
  workers,
  jobs,
  serving,
}: {
  readonly node: RuntimeDeps;
  readonly workers: ExecutorCommands;
  readonly jobs: ReadonlyMap<string, Job>;
  readonly serving: readonly ServingPart[];
}): OwnExecutors {
  const { clock, log, options } = node;
  const own = jobExecutors({ jobs, workers, clock, log, nodeId: options.nodeId });
  return new OwnExecutors([...own, ...natsExecutors(node, workers)], serving);
}

class OwnExecutors {
  readonly #executors: readonly BuiltInExecutor[];
  readonly #serving: readonly ServingPart[];

  /** @param executors those that there are as long as the node. */
  constructor(executors: readonly BuiltInExecutor[], serving: readonly ServingPart[]) {
    this.#executors = executors;
    this.#serving = serving;
  }

  start(): void {
    for (const part of [...this.#executors, ...this.#serving]) {
      part.start();
    }
  }

  /**
   * Takes nothing more, and brings to an end what is under way.
   * @param idle called when nothing is under way that may still need a command: at once, when nothing is.
   */
  async stop(idle: () => void): Promise<void> {
    const isIdle = this.#executors.every(({ underWay }) => underWay === 0);
    const served = this.#serving.flatMap((part) => part.stop());
    const stopping = Promise.all([...this.#executors.map((executor) => executor.stop()), ...served]);
    if (!isIdle || served.length > 0) {
      await stopping;
    }
    idle();
    await stopping;
  }

  /** Ends at once, as a crash would. */
  abandon(): void {
    for (const part of [...this.#executors, ...this.#serving]) {
      part.abandon();
    }
  }
}
