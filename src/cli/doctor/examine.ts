import { readConfig } from "../../config/index.ts";
import type { Config } from "../../config/index.ts";
import type { Log } from "../../ports/log.ts";
import type { Surroundings } from "../surroundings.ts";
import { visitDataFolder } from "./data-folder-check.ts";
import { checkCelery } from "./celery-check.ts";
import { checkDatabase } from "./database-check.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { checkNats } from "./nats-check.ts";
import { checkPort } from "./port-check.ts";

const LEAST_NODE_MAJOR = 24;

/** What the parts of Belfry would log is said by the findings. */
const noLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => noLog };

/** All checks, in the order in which a start would meet what they look at. A check that cannot be made for want of another is left out. */
export async function* examine(surroundings: Surroundings): AsyncGenerator<Finding, void, undefined> {
  yield nodeFinding(process.versions.node);

  const reading = readConfig(surroundings.env, surroundings.machine);
  if (reading.kind === "wrong") {
    yield fail("settings", reading.message, "Set it right, or unset it.");
    return;
  }
  const { config, warnings } = reading;
  if (warnings.length === 0) yield ok("settings", `node ${config.nodeId}, ${config.shardCount} shards`);
  for (const warning of warnings) yield warn("settings", warning, "Unset or correct it unless you mean it.");

  yield* config.database.kind === "embedded"
    ? examineEmbedded(config.database.dataDir, config, surroundings)
    : await checkDatabase({
        ...config.database,
        place: config.database.shown,
        config,
        clock: surroundings.clock,
        log: noLog,
      });
  if (config.nats !== undefined) yield* await checkNats(config.nats, surroundings.clock, noLog);
  if (config.celery !== undefined) yield await checkCelery(config.celery, surroundings.clock);
  yield await checkPort(config, surroundings.clock);
}

export function nodeFinding(version: string): Finding {
  if (Number.parseInt(version, 10) >= LEAST_NODE_MAJOR) return ok("Node.js", version);
  return fail(
    "Node.js",
    version,
    `Belfry needs Node ${LEAST_NODE_MAJOR} or later: run it by "npx belfry" or npm, which bring one.`,
  );
}

async function* examineEmbedded(
  dataDir: string,
  config: Config,
  { clock }: Surroundings,
): AsyncGenerator<Finding, void, undefined> {
  const { findings, database } = await visitDataFolder(dataDir, clock, noLog);
  yield* findings;
  if (database === undefined) return;
  try {
    yield* await checkDatabase({ url: database.url, place: "embedded PostgreSQL", config, clock, log: noLog });
  } finally {
    await database.leave();
  }
}
