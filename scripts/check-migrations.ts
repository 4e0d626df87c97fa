/**
 * Whether the migrations make what the entities describe: runs all of them on a fresh database and asks MikroORM what it would still change.
 * Prints that and fails when there is something.
 */
import { schemaDifference } from "../src/store/postgres/schema-difference.ts";
import { migrate } from "../src/store/index.ts";
import { silentLog } from "../test/support/log.ts";
import { startTestPostgres } from "../test/support/postgres.ts";

const server = await startTestPostgres();
try {
  const url = await server.createDatabase();
  const { applied } = await migrate(url, silentLog);
  const difference = await schemaDifference(url, silentLog);
  if (difference === "") {
    process.stdout.write(`The ${applied.length} migrations make the tables that the entities describe.\n`);
  } else {
    process.stdout.write(
      `The entities describe other tables than the migrations make. Missing in src/store/migrations:\n\n${difference}\n`,
    );
    process.exitCode = 1;
  }
} finally {
  await server.stop();
}
