/** What a cluster is busy with: definitions that fire, a worker on each node, and callers that trigger through all of them. */
import { InstanceState, OverlapPolicy } from "../../../src/client/index.ts";
import type { Story } from "../../support/ledger-checks.ts";
import { aftermath } from "../../support/ledger-checks.ts";
import { defined, QUEUE, startTriggers, startWorkerProcess } from "../../support/load.ts";
import type { Timetable } from "../../support/load.ts";
import type { ClusterNode, NodeCluster } from "../../support/node-cluster.ts";
import { until } from "../../support/until.ts";

export interface ClusterLoad extends AsyncDisposable {
  /** Stops the callers and the firing, waits until all that was accepted has ended, and checks everything. */
  end(): Promise<LoadReport>;
}

export interface LoadReport {
  readonly stories: readonly Story[];
  /** What is wrong: lost, fired twice, ended twice, told wrong, or answered wrong. */
  readonly faults: readonly string[];
  /** The sentence with the figures. */
  readonly figures: string;
}

/** Resolves when the workers have worked. @param callers how many trigger the definitions that run side by side. */
export async function startLoad(
  cluster: NodeCluster,
  definitions: readonly Timetable[],
  callers: { readonly count: number; readonly random: () => number },
): Promise<ClusterLoad> {
  const [first] = cluster.nodes as readonly [ClusterNode];
  const workers = new AsyncDisposableStack();
  try {
    const timetables = await Promise.all(
      definitions.map(async (table) => ({ ...table, id: await defined(first.client, table) })),
    );
    const urls = cluster.nodes.map(({ url }) => url);
    for (const url of urls) {
      const worker = startWorkerProcess(url, QUEUE);
      workers.defer(() => worker.kill());
    }
    const stopTriggers = startTriggers({
      urls,
      definitionIds: timetables.filter(({ overlapPolicy }) => overlapPolicy === OverlapPolicy.ALLOW_ALL).map(idOf),
      callers: callers.count,
      pauseMs: 100,
      random: callers.random,
    });
    await until(async () => (await completed(first)) > definitions.length, "the workers work");
    return {
      end: async () => {
        const { acknowledged, wrong } = await stopTriggers();
        const after = await aftermath(first.client, cluster.databaseUrl, timetables, acknowledged);
        const { stories, drainedInMs } = after;
        const faults = [...wrong, ...after.faults];
        const dueTimes = stories.reduce((sum, { occurrences }) => sum + occurrences.length, 0);
        const instances = stories.flatMap((story) => story.instances);
        const attempts = instances.reduce((sum, { attemptCount }) => sum + attemptCount, 0);
        const figures =
          `${dueTimes} due times, ${instances.length} instances, ${attempts} attempts, ${acknowledged.size} triggers acknowledged; ` +
          `${faults.length} lost, fired twice, ended twice, or told wrong; drained in ${Math.round(drainedInMs)} ms`;
        return { stories, faults, figures };
      },
      [Symbol.asyncDispose]: () => workers.disposeAsync(),
    };
  } catch (error) {
    await workers.disposeAsync();
    throw error;
  }
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}

async function completed({ client }: ClusterNode): Promise<number> {
  const { counts } = await client.instances.getInstanceStats({});
  return Number(counts.find(({ state }) => state === InstanceState.COMPLETED)?.count ?? 0);
}
