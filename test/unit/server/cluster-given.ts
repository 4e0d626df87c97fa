/** A cluster that says just what a test tells it to, behind the API. */
import { expect } from "vitest";
import { ClusterService } from "../../../src/gen/belfry/v1/cluster_service_pb.ts";
import type { ActorView, ClusterView, NodeView, ShardView } from "../../../src/runtime/index.ts";
import { anApiInProcess } from "../../support/api-in-process.ts";

export function aShard(given: Partial<ShardView>): ShardView {
  return { shard: 0, owner: "a", placedOn: "a", epoch: 1, remainingMs: 2000, ...given };
}

export function anActor(given: Partial<ActorView>): ActorView {
  return {
    kind: "instance",
    id: "i",
    nodeId: "a",
    shard: 0,
    state: "RUNNING",
    idleMs: 0,
    wakeAt: null,
    waiting: 0,
    freeSlots: 0,
    ...given,
  };
}

/** The API over a cluster that says just this. */
export function aCluster(given: {
  readonly nodes?: readonly NodeView[];
  readonly shards?: readonly ShardView[];
  readonly actors?: readonly ActorView[];
  readonly drain?: ClusterView["drain"];
}) {
  const { nodes = [], shards = [], actors = [], drain } = given;
  const cluster = {
    nodes: () => nodes,
    shards: async () => shards,
    actors: async () => actors,
    find: async (id: string) => ({
      actors: actors.filter((actor) => actor.id === id),
      silent: nodes
        .filter(({ nodeId, residents }) => residents > 0 && actors.every((actor) => actor.nodeId !== nodeId))
        .map(({ nodeId }) => nodeId),
    }),
  };
  const api = anApiInProcess({ cluster: drain === undefined ? cluster : { ...cluster, drain } });
  return { ...api, cluster: api.client(ClusterService) };
}

/** Reads a list page by page; each page has at most `pageSize`. */
export async function allPages<Item>(
  pageSize: number,
  read: (page: { pageSize: number; pageToken: string }) => Promise<{ items: Item[]; nextPageToken: string }>,
): Promise<Item[]> {
  const items: Item[] = [];
  let pageToken = "";
  do {
    const page = await read({ pageSize, pageToken });
    expect(page.items.length).toBeLessThanOrEqual(pageSize);
    items.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return items;
}
