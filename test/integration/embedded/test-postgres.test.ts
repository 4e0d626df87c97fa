import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { startTestPostgres } from "../../support/postgres.ts";
import { isRunning, kill, query } from "./opening.ts";

describe("the PostgreSQL that tests work on", () => {
  test("gives databases that know nothing of each other, and goes with its last user", async () => {
    const [first, second] = await Promise.all([startTestPostgres(), startTestPostgres()]);
    onTestFinished(async () => {
      await first.stop();
      await second.stop();
    });
    expect(second.url).toBe(first.url);
    const [one, other] = [await first.createDatabase(), await second.createDatabase()];
    await query(one, "create table bell as select 1 as strike");
    await expect(query(other, "select * from bell")).rejects.toThrow(/does not exist/);

    const folder = folderOf(first.url);
    await first.stop();
    expect(await query(one, "select strike from bell")).toEqual([{ strike: 1 }]);
    await second.stop();
    expect(existsSync(folder)).toBe(false);
  });

  test("goes with a test process that is killed", async () => {
    const { child, url } = await startElsewhere({});
    const folder = folderOf(url);
    const server = Number((await readFile(join(folder, "cluster", "postmaster.pid"), "utf8")).split("\n")[0]);
    expect(isRunning(server)).toBe(true);
    await kill(child);
    await expect.poll(() => isRunning(server) || existsSync(folder)).toBe(false);
  });

  test("may be a server that runs already, which gets its databases back", async () => {
    const server = await startTestPostgres();
    onTestFinished(() => server.stop());
    const databases = "select count(*)::int as count from pg_database where datname like 'belfry\\_test\\_%'";

    const { child, url } = await startElsewhere({ BELFRY_TEST_DATABASE_URL: server.url });
    expect(url).toMatch(/belfry_test_[0-9a-f]{16}$/);
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(await query(server.url, databases)).toEqual([{ count: 1 }]);
    child.stdin?.end();
    await once(child, "exit");
    expect(await query(server.url, databases)).toEqual([{ count: 0 }]);
  });
});

/** A process that starts the test PostgreSQL, says the URL of a database, and stops at the end of its input. */
async function startElsewhere(environment: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
  const script = `import { startTestPostgres } from "./test/support/postgres.ts";
    const server = await startTestPostgres();
    console.log(await server.createDatabase());
    for await (const _ of process.stdin);
    await server.stop();`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    cwd: fileURLToPath(new URL("../../..", import.meta.url)),
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) await kill(child);
  });
  for await (const url of createInterface({ input: child.stdout })) return { child, url };
  throw new Error("the process ended without starting PostgreSQL");
}

/** The server's folder, of which the socket's is a part. */
function folderOf(url: string): string {
  return dirname(decodeURIComponent(new URL(url).hostname));
}
