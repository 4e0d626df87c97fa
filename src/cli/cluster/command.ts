/** The commands that look at the cluster and steer its nodes. */
import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import {
  ActorKindSchema,
  DrainNodeResponseSchema,
  ListActorsResponseSchema,
  ListNodesResponseSchema,
  ListShardsResponseSchema,
} from "../../client/index.ts";
import type { ActorKind, BelfryClient, Node } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { addListOptions, writeRest } from "../api/listing.ts";
import type { ListOptions } from "../api/listing.ts";
import { countFrom, enumValue } from "../api/option-values.ts";
import { readPages } from "../api/pages.ts";
import { Failure } from "../failure.ts";
import { writeJson } from "../format/json.ts";
import { printable } from "../format/printable.ts";
import { paint, writeLine } from "../format/screen.ts";
import type { Surroundings } from "../surroundings.ts";
import { untilDrained } from "./until-drained.ts";
import { writeActors, writeNode, writeNodes, writeShards } from "./view.ts";

const ALL = Number.POSITIVE_INFINITY;

export function addClusterCommands(program: Command, surroundings: Surroundings): void {
  addNodes(program, surroundings);
  addShards(program, surroundings);
  addDrain(program, surroundings);
  addActors(program, surroundings);
}

function addNodes(program: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(program, "nodes", "Show the nodes of the cluster and what each of them has.", [
    "nodes",
    "nodes --json | jq -r .nodes[].id",
  ]).action(async (options: ApiOptions) => {
    await withClient(surroundings, options, async ({ cluster }) => {
      const nodes = await allNodes(cluster);
      if (options.json) writeJson(out, ListNodesResponseSchema, create(ListNodesResponseSchema, { nodes }));
      else writeNodes(out, nodes, clock.now());
    });
  });
}

function addShards(program: Command, surroundings: Surroundings): void {
  const { out } = surroundings;
  interface Options extends ApiOptions {
    readonly node?: string;
    readonly unowned?: boolean;
    readonly misplaced?: boolean;
  }
  apiCommand(program, "shards", "Show which node has which shard, and which it is meant for.", [
    "shards --node tower-1",
    "shards --unowned",
  ])
    .option("--node <id>", "only those that this node owns")
    .option("--unowned", "only those that nobody owns")
    .option("--misplaced", "only those that another node owns than they are meant for")
    .action(async (options: Options) => {
      await withClient(surroundings, options, async ({ cluster }) => {
        const { items: shards } = await readPages(ALL, "", async (page) => {
          const answer = await cluster.listShards({
            ...page,
            nodeId: options.node,
            unownedOnly: options.unowned,
            misplacedOnly: options.misplaced,
          });
          return { items: answer.shards, nextPageToken: answer.nextPageToken };
        });
        if (options.json) {
          writeJson(out, ListShardsResponseSchema, create(ListShardsResponseSchema, { shards }));
          return;
        }
        writeShards(out, shards);
        writeRest(surroundings, shards.length, "such shards", "");
      });
    });
}

function addDrain(program: Command, surroundings: Surroundings): void {
  const { out, err, clock } = surroundings;
  interface Options extends ApiOptions {
    readonly undo?: boolean;
    readonly wait?: boolean;
  }
  apiCommand(program, "drain <node>", "Have a node give its shards to the others; it goes on to answer calls.", [
    "drain tower-1 --wait",
    "drain tower-1 --undo",
  ])
    .option("--undo", "take it in again: it gets its share of the shards")
    .option("--wait", "wait until it has no shards left")
    .action(async (nodeId: string, options: Options) => {
      if (options.undo && options.wait) throw new Failure("Say --undo or --wait, not both.");
      await withClient(surroundings, options, async ({ cluster }) => {
        const answer = await cluster.drainNode({ nodeId, undo: options.undo });
        let { node } = answer;
        if (options.wait) {
          node = await untilDrained(nodeId, {
            clock,
            listNodes: () => allNodes(cluster),
            tell: (words) => writeLine(err, paint(err, "dim", printable(words))),
          });
        }
        if (options.json) writeJson(out, DrainNodeResponseSchema, create(DrainNodeResponseSchema, { node }));
        else if (node !== undefined) writeNode(out, node, clock.now());
      });
    });
}

function addActors(program: Command, surroundings: Surroundings): void {
  const { out, err, clock } = surroundings;
  interface Options extends ListOptions {
    readonly kind?: ActorKind;
    readonly node?: string;
    readonly shard?: number;
  }
  const command = apiCommand(program, "actors", "Show what the nodes have in memory.", [
    "actors --kind queue",
    "actors --node tower-1 --limit 500",
  ]);
  addListOptions(command)
    .option(
      "--kind <kind>",
      "only supervisor, instance, queue, destination, platform or lock",
      enumValue(ActorKindSchema),
    )
    .option("--node <id>", "only those in the memory of this node")
    .option("--shard <number>", "only those in this shard", countFrom(0))
    .action(async (options: Options) => {
      await withClient(surroundings, options, async ({ cluster }) => {
        let incompleteNodeIds: readonly string[] = [];
        const { items, nextPageToken } = await readPages(options.limit, options.pageToken, async (page) => {
          const answer = await cluster.listActors({
            ...page,
            kind: options.kind,
            nodeId: options.node,
            shard: options.shard,
          });
          ({ incompleteNodeIds } = answer);
          return { items: answer.actors, nextPageToken: answer.nextPageToken };
        });
        if (options.json) {
          const answer = { actors: items, nextPageToken, incompleteNodeIds: [...incompleteNodeIds] };
          writeJson(out, ListActorsResponseSchema, create(ListActorsResponseSchema, answer));
          return;
        }
        writeActors(out, items, clock.now());
        writeRest(surroundings, items.length, "such actors in memory", nextPageToken);
        if (incompleteNodeIds.length > 0) {
          const names = printable(incompleteNodeIds.join(", "));
          writeLine(err, paint(err, "dim", `Not all is known of ${names}: more than 1,000 actors, or no answer.`));
        }
      });
    });
}

async function allNodes(cluster: BelfryClient["cluster"]): Promise<Node[]> {
  const { items } = await readPages(ALL, "", async (page) => {
    const { nodes, nextPageToken } = await cluster.listNodes(page);
    return { items: nodes, nextPageToken };
  });
  return items;
}
