/**
 * A process that opens the embedded PostgreSQL of a folder, for tests that kill such processes:
 * `node opener.ts <dataDir>`. It prints one line of JSON, `{url, pid}` or `{code, message}`, then obeys lines on its input:
 * `exit` leaves without closing, the end of the input closes.
 */
import { createInterface } from "node:readline";
import { EmbeddedPostgresError } from "../../../src/store/embedded/embedded-postgres-error.ts";
import { openEmbeddedPostgres } from "../../../src/store/embedded/embedded-postgres.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { silentLog } from "../../support/log.ts";

const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error("usage: opener.ts <dataDir>");
try {
  const server = await openEmbeddedPostgres({ dataDir, log: silentLog, clock: systemClock });
  say({ url: server.url, pid: server.pid() });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "exit") process.exit();
  }
  await server.close();
} catch (error) {
  if (!(error instanceof EmbeddedPostgresError)) throw error;
  say({ code: error.code, message: error.message });
}

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
