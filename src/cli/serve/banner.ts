import type { Config } from "../../config/index.ts";
import { paint, writeLine } from "../format/screen.ts";
import type { Screen } from "../format/screen.ts";
import { counted } from "../format/words.ts";
import type { RunningNode } from "../node/node.ts";
import type { Standing } from "../node/standing-by.ts";

/** The one line that says that it serves, and where. Programs may take the address from it: it is the first URL. */
export function servingLine({ url, database }: RunningNode, config: Config, standing: Standing): string {
  if (standing.kind === "deciding") return `Belfry serves on ${url} (${nodeOf(config, standing)}, ${database.place})`;
  const holders = [...standing.nodes].map(([node, shards]) => `${node} holds ${counted(shards, "shard")}`).join(", ");
  const advice =
    config.nats === undefined
      ? "Nodes that all set BELFRY_NATS_URL share the work"
      : "It takes part once they hear each other over NATS";
  return `Belfry serves reads on ${url} and stands by (node ${config.nodeId}, ${database.place}): ${holders}. ${advice}.`;
}

/** What became of a node that stood by. */
export function activeLine({ url }: RunningNode, config: Config, standing: Standing & { kind: "deciding" }): string {
  if (standing.shards === 0) return `Belfry takes part on ${url}: ${nodeOf(config, standing)}`;
  return `Belfry took over on ${url}: node ${config.nodeId} holds ${counted(standing.shards, "shard")}`;
}

function nodeOf({ nodeId, nats }: Config, { others }: Standing & { kind: "deciding" }): string {
  if (nats === undefined) return `node ${nodeId}`;
  return `node ${nodeId} of cluster ${nats.cluster}${others.length === 0 ? "" : ` with ${others.join(", ")}`}`;
}

/** For a person in front of a terminal: what to try first. */
export function writeFirstSteps(screen: Screen, url: string): void {
  if (!screen.isTerminal) return;
  const plaintext = url.startsWith("http:") ? " --http2-prior-knowledge" : "";
  writeLine(screen);
  writeLine(screen, paint(screen, "dim", "Look around:"));
  writeLine(
    screen,
    `  curl -H 'content-type: application/json' -d '{}' ${url}/belfry.v1.DefinitionService/ListDefinitions`,
  );
  writeLine(screen, `  buf curl --protocol grpc${plaintext} --list-methods ${url}`);
  writeLine(screen, `  npx belfry watch --server ${url}`);
  writeLine(screen, paint(screen, "dim", "Ctrl-C drains and ends it."));
}
