import type { ClusterView } from "../api.ts";
import type { Actors } from "./actors.ts";
import type { Cluster } from "./cluster.ts";

/** The cluster as callers of this node see it. */
export function clusterView(cluster: Cluster, actors: Actors): ClusterView {
  return {
    nodes: () => cluster.nodes(),
    shards: () => cluster.shards(),
    drain: (nodeId, draining) => cluster.drain(nodeId, draining),
    actors: (limit) => actors.list(limit),
    find: (id) => actors.find(id),
  };
}
