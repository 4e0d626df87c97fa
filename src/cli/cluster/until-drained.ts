import { NodeState } from "../../client/index.ts";
import type { Node } from "../../client/index.ts";
import type { Clock } from "../../ports/clock.ts";
import { Failure } from "../failure.ts";
import { counted } from "../format/words.ts";

const LOOK_EVERY_MS = 500;
/** Nodes hear of each other with a delay: a node that was just told to drain may be called active so many times. */
const LATE_NEWS = 10;

/**
 * Waits until a node that was told to drain has no shards left, and tells how far it is.
 *
 * @returns the node; undefined when it has left the cluster.
 * @throws Failure when it was taken in again.
 */
export async function untilDrained(
  nodeId: string,
  {
    clock,
    listNodes,
    tell,
  }: {
    readonly clock: Clock;
    readonly listNodes: () => Promise<readonly Node[]>;
    readonly tell: (words: string) => void;
  },
): Promise<Node | undefined> {
  let said = "";
  const say = (words: string): void => {
    if (words !== said) tell(words);
    said = words;
  };
  for (let active = 0; ;) {
    const nodes = await listNodes();
    const node = nodes.find(({ id }) => id === nodeId);
    if (node === undefined) {
      say(`${nodeId} has left the cluster.`);
      return undefined;
    }
    if (node.drained) {
      say(`${nodeId} has no shards left: it can be stopped.`);
      return node;
    }
    active = node.state === NodeState.ACTIVE ? active + 1 : 0;
    if (active > LATE_NEWS) throw new Failure(`${nodeId} was taken in again by somebody else.`);
    const left = `${nodeId} has ${counted(node.shardCount, "shard")} left`;
    const isAlone = !nodes.some(({ id, state }) => id !== nodeId && state === NodeState.ACTIVE);
    say(isAlone ? `${left}, and keeps what it has until another active node is there to take it.` : `${left}.`);
    await clock.sleep(LOOK_EVERY_MS);
  }
}
