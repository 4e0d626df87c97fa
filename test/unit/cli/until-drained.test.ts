import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { untilDrained } from "../../../src/cli/cluster/until-drained.ts";
import { Failure } from "../../../src/cli/failure.ts";
import { NodeSchema, NodeState, type Node } from "../../../src/gen/belfry/v1/cluster_pb.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const { ACTIVE, DRAINING } = NodeState;

function aNode(id: string, state: NodeState, shardCount: number): Node {
  return create(NodeSchema, { id, state, shardCount, drained: state === DRAINING && shardCount === 0 });
}

/** Waits for node "b", of which each look shows the next of these; the last one stays. */
async function waiting(looks: readonly (readonly Node[])[]) {
  const clock = new ManualClock();
  const told: string[] = [];
  let look = 0;
  const listNodes = async () => looks[Math.min(look++, looks.length - 1)] ?? [];
  const waited = untilDrained("b", { clock, listNodes, tell: (words) => told.push(words) });
  const outcome = waited.then(
    (node) => ({ node, error: undefined }),
    (error: unknown) => ({ node: undefined, error }),
  );
  await clock.advance(60_000);
  return { told, looks: look, ...(await outcome) };
}

describe("waiting until a node is drained", () => {
  const other = aNode("a", ACTIVE, 0);

  it("tells of each change, and ends when it has no shards left", async () => {
    const { told, looks, node } = await waiting(
      [3, 3, 1, 0].map((shardCount) => [other, aNode("b", DRAINING, shardCount)]),
    );
    expect(told).toEqual(["b has 3 shards left.", "b has 1 shard left.", "b has no shards left: it can be stopped."]);
    expect(looks).toBe(4);
    expect(node?.drained).toBe(true);
  });

  it("says that a node keeps its shards while nobody is there to take them", async () => {
    const { told } = await waiting([
      [aNode("b", DRAINING, 2), aNode("c", DRAINING, 0)],
      [other, aNode("b", DRAINING, 2)],
      [other, aNode("b", DRAINING, 0)],
    ]);
    expect(told).toEqual([
      "b has 2 shards left, and keeps what it has until another active node is there to take it.",
      "b has 2 shards left.",
      "b has no shards left: it can be stopped.",
    ]);
  });

  it("ends when the node has left", async () => {
    const { told, node } = await waiting([[other, aNode("b", DRAINING, 2)], [other]]);
    expect(told.at(-1)).toBe("b has left the cluster.");
    expect(node).toBeUndefined();
  });

  it("is patient with old news, and gives up when somebody took the node in again", async () => {
    const late = await waiting([
      [other, aNode("b", ACTIVE, 2)],
      [other, aNode("b", ACTIVE, 2)],
      [other, aNode("b", DRAINING, 0)],
    ]);
    expect(late.node?.drained).toBe(true);
    const undone = await waiting([
      [other, aNode("b", DRAINING, 1)],
      [other, aNode("b", ACTIVE, 2)],
    ]);
    expect(undone.error).toBeInstanceOf(Failure);
    expect(String(undone.error)).toContain("taken in again");
  });
});
