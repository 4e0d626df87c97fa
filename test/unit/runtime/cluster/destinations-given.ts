/** Nodes that deliver webhooks to receivers that do what a test says. */
import { onTestFinished } from "vitest";
import { shardOf } from "../../../../src/domain/routing.ts";
import type { RuntimeOptions, StartedRuntime } from "../../../../src/runtime/index.ts";
import { FakeSecretBox } from "../../../support/fake-secret-box.ts";
import { FakeWebhooks } from "../../../support/fake-webhooks.ts";
import { SHARDS } from "../../../support/node.ts";
import { makeCluster } from "./given.ts";
import type { GivenCluster } from "./given.ts";

/** The same for all nodes. */
export interface DispatchingCluster extends GivenCluster {
  readonly webhooks: FakeWebhooks;
}

/** So many nodes, "a", "b" and so on, each with its share of the shards. It ends with the test. */
export async function aDispatchingCluster(
  count: number,
  options: Partial<RuntimeOptions> = {},
): Promise<DispatchingCluster> {
  const { cluster, end } = await makeDispatchingCluster(count, options);
  onTestFinished(end);
  return cluster;
}

/** The same for a test that makes many of them. `end` fails when a node wrote what the store must refuse. */
export async function makeDispatchingCluster(
  count: number,
  options: Partial<RuntimeOptions> = {},
): Promise<{ readonly cluster: DispatchingCluster; readonly end: () => Promise<void> }> {
  const webhooks = new FakeWebhooks();
  const { cluster, end } = await makeCluster(count, options, {
    webhooks: { client: webhooks, box: new FakeSecretBox(), publicUrl: () => "https://belfry.test", version: "1" },
  });
  await cluster.clock.advance(5000);
  return { cluster: { ...cluster, webhooks }, end };
}

/** An origin whose destination is in a shard of this node. */
export function originOn(node: StartedRuntime, otherThan?: string): string {
  const { ownedShards } = node.status();
  for (let number = 0; ; number++) {
    const origin = `https://r${number}.example.com`;
    if (origin !== otherThan && ownedShards.includes(shardOf(origin, SHARDS))) return origin;
  }
}
