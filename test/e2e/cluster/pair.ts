/** Two nodes on one database. The first one to start, `a`, owns every shard; `b` stands by. */
import type { BelfryClient } from "../../../src/client/index.ts";
import { query } from "../../support/ledger-checks.ts";
import { impatientClient } from "../../support/load.ts";
import { startTestPostgres } from "../../support/postgres.ts";
import type { ServerProcess } from "../../support/server-process.ts";
import { startServerProcess } from "../../support/server-process.ts";
import { until } from "../../support/until.ts";

export interface Member {
  readonly server: ServerProcess;
  /** Makes every call once. */
  readonly client: BelfryClient;
}

export interface Pair extends AsyncDisposable {
  readonly a: Member;
  readonly b: Member;
  readonly databaseUrl: string;
  /** How many shards each node owns, by node id. */
  owners(): Promise<ReadonlyMap<string, number>>;
  /** Resolves when this node owns every shard, with how long it took. */
  ownedBy(nodeId: string): Promise<number>;
}

export const SHARDS = 128;

export async function aPair(): Promise<Pair> {
  const stack = new AsyncDisposableStack();
  try {
    const postgres = await startTestPostgres();
    stack.defer(() => postgres.stop());
    const databaseUrl = await postgres.createDatabase();
    const member = async (nodeId: string): Promise<Member> => {
      const server = stack.use(
        await startServerProcess({
          env: { BELFRY_DATABASE_URL: databaseUrl, BELFRY_NODE_ID: nodeId, BELFRY_SHARDS: String(SHARDS) },
        }),
      );
      const client = impatientClient(server.url);
      stack.defer(async () => client.close());
      return { server, client };
    };
    const a = await member("a");
    const b = await member("b");
    const owners = async (): Promise<ReadonlyMap<string, number>> => {
      const rows = await query<{ owner: string | null; shards: string }>(
        databaseUrl,
        "select owner, count(*) as shards from belfry.shard where owner is not null group by owner",
      );
      return new Map(rows.map(({ owner, shards }) => [owner ?? "", Number(shards)]));
    };
    const parts = stack.move();
    return {
      a,
      b,
      databaseUrl,
      owners,
      ownedBy: async (nodeId) => {
        const from = performance.now();
        await until(async () => (await owners()).get(nodeId) === SHARDS, `node ${nodeId} owns every shard`);
        return performance.now() - from;
      },
      [Symbol.asyncDispose]: () => parts.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
