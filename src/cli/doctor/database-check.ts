import type { Config } from "../../config/index.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { openPostgresStore, pendingMigrations } from "../../store/index.ts";
import { Failure, sentenceOf } from "../failure.ts";
import { lengthOfTime } from "../format/time.ts";
import { counted } from "../format/words.ts";
import { reached } from "../node/database.ts";
import { databaseFacts, LEAST_DATABASE_VERSION } from "../node/database-facts.ts";
import { ownersOf } from "../node/standing-by.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

export interface DatabaseVisit {
  readonly url: string;
  /** For people; without a password. */
  readonly place: string;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
}

/** Due times are judged by the clock of each node: what differs less than this nobody notices. */
const NOTICEABLE_SKEW_MS = 1_000;
const INTOLERABLE_SKEW_MS = 60_000;

/** Looks at a database: whether it answers, what it is, what it lacks, who works on it, and what time it has. */
export async function checkDatabase(visit: DatabaseVisit): Promise<readonly Finding[]> {
  const { url, place, clock, log } = visit;
  try {
    const askedAt = clock.now();
    const { version, versionText, nowAt } = await reached(place, () => databaseFacts(url, log));
    const skewMs = nowAt - (askedAt + clock.now()) / 2;
    if (version < LEAST_DATABASE_VERSION) {
      const least = `PostgreSQL ${LEAST_DATABASE_VERSION} or later`;
      return [
        fail("database", `${place} is PostgreSQL ${versionText}`, `Belfry needs ${least}: upgrade it, or use another.`),
      ];
    }
    const pending = await reached(place, () => pendingMigrations(url));
    return [
      ok("database", `${place} answers: PostgreSQL ${versionText}`),
      migrationsFinding(pending),
      ...(pending.length === 0 ? [await shardsFinding(visit)] : []),
      clockFinding(skewMs),
    ];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [
      fail(
        "database",
        sentenceOf(error),
        "Check that it runs, that this machine reaches it, and what BELFRY_DATABASE_URL says.",
      ),
    ];
  }
}

function migrationsFinding(pending: readonly string[]): Finding {
  if (pending.length === 0) return ok("migrations", "none is pending");
  const what = `${counted(pending.length, "migration")} pending: ${pending.join(", ")}`;
  return warn("migrations", what, '"belfry migrate" applies them; so does the next "belfry serve".');
}

async function shardsFinding({ url, place, config, log }: DatabaseVisit): Promise<Finding> {
  const store = await reached(place, () => openPostgresStore({ url, log, poolSize: 1 }));
  try {
    const leases = await reached(place, () => store.shards.list());
    if (leases.length === 0) return ok("shards", `none yet; the first start makes ${config.shardCount}`);
    if (leases.length !== config.shardCount) {
      return fail(
        "shards",
        `there are ${leases.length}, and BELFRY_SHARDS says ${config.shardCount}`,
        `Set BELFRY_SHARDS=${leases.length}.`,
      );
    }
    const owners = ownersOf(leases);
    const held = [...owners.values()].reduce((sum, count) => sum + count, 0);
    const holders = [...owners].map(([node, count]) => `${node} holds ${count}`).join(", ");
    if (held === 0) return ok("shards", `nobody holds any of the ${leases.length}: no node serves now`);
    if (held === leases.length) return ok("shards", `of ${leases.length}, ${holders}`);
    return warn(
      "shards",
      `of ${leases.length}, ${holders}; the others belong to nobody`,
      "Look again in a few seconds: nodes take what is free.",
    );
  } finally {
    await store.close();
  }
}

function clockFinding(skewMs: number): Finding {
  const skew = lengthOfTime(Math.abs(skewMs));
  if (Math.abs(skewMs) < NOTICEABLE_SKEW_MS) return ok("clock", "agrees with the database's");
  const message = `the database's clock is ${skew} ${skewMs > 0 ? "ahead of" : "behind"} this machine's`;
  const advice = "Let NTP set both clocks: schedules fire by the clock of the node that has them.";
  return Math.abs(skewMs) < INTOLERABLE_SKEW_MS ? warn("clock", message, advice) : fail("clock", message, advice);
}
