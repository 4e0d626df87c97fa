import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { isRunning, listeningLog, open, openElsewhere, processesOf, query, temporaryFolder } from "./opening.ts";

describe("the embedded PostgreSQL", () => {
  test("starts in an empty folder, durable and closed to the network, and keeps its data over a restart", async () => {
    const dataDir = join(await temporaryFolder(), "data");
    const first = await open(dataDir);
    await query(first.url, "create table bell (name text)");
    await query(first.url, "insert into bell values ('Große Glocke'), ('大钟')");
    const settings = await query<{ name: string; setting: string }>(
      first.url,
      `select name, setting from pg_settings where name in
       ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'server_encoding', 'TimeZone') order by name`,
    );
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      fsync: "on",
      synchronous_commit: "on",
      full_page_writes: "on",
      listen_addresses: "",
      server_encoding: "UTF8",
      TimeZone: "UTC",
    });
    expect((await stat(join(dataDir, "postgres"))).mode & 0o777).toBe(0o700);
    await first.close();

    const second = await open(dataDir);
    expect(await query(second.url, "select name from bell order by name")).toEqual([
      { name: "Große Glocke" },
      { name: "大钟" },
    ]);
  });

  test("leaves no process and no open folder behind when it is closed, also with clients connected", async () => {
    const dataDir = await temporaryFolder();
    const server = await open(dataDir);
    const client = new Client({ connectionString: server.url });
    const dropped = new Promise((resolve) => client.on("error", resolve));
    await client.connect();
    await client.query("begin");
    const pids = await processesOf(server.pid() ?? 0);

    await Promise.all([server.close(), server.close()]);

    await dropped;
    expect(pids.length).toBeGreaterThan(3);
    expect(pids.filter(isRunning)).toEqual([]);
    expect((await readdir(dataDir)).toSorted()).toEqual(["belfry.lock", "postgres", "postgres.log"]);
    expect(await readdir(join(dataDir, "postgres"))).not.toContain("postmaster.pid");
  });

  test("works in a folder whose path is longer than a socket address", async () => {
    const dataDir = join(await temporaryFolder(), "deep".repeat(20), "deeper".repeat(20));
    const server = await open(dataDir);
    expect(await query(server.url, "select current_database() as name")).toEqual([{ name: "belfry" }]);
  });

  test("goes down with a process that leaves without closing it", async () => {
    const { child, answer } = await openElsewhere(await temporaryFolder());
    expect(isRunning(answer.pid ?? 0)).toBe(true);
    child.stdin?.write("exit\n");
    await expect.poll(() => isRunning(answer.pid ?? 0)).toBe(false);
  });

  test.each([
    { victims: "its main process", all: false },
    { victims: "all its processes", all: true },
  ])("comes back after SIGKILL of $victims amid commits, with every committed row", async ({ all }) => {
    const { log, heard } = listeningLog();
    const server = await open(await temporaryFolder(), log);
    await query(server.url, "create table bell (writer int, strike int, primary key (writer, strike))");

    const killed = server.pid() ?? 0;
    const committed: { writer: number; strike: number }[] = [];
    let enough = () => {};
    const busy = new Promise<void>((resolve) => (enough = resolve));
    const writers = [1, 2, 3, 4].map(async (writer) => {
      const client = new Client({ connectionString: server.url });
      client.on("error", () => {});
      await client.connect();
      for (let strike = 1; ; strike++) {
        try {
          await client.query("insert into bell values ($1, $2)", [writer, strike]);
        } catch {
          return;
        }
        committed.push({ writer, strike });
        if (committed.length === 400) enough();
      }
    });
    await busy;
    const back = heard("PostgreSQL runs again");
    for (const pid of all ? await processesOf(killed) : [killed]) process.kill(pid, "SIGKILL");
    await Promise.all(writers);
    await back;

    expect(server.pid()).not.toBe(killed);
    const rows = await query<{ writer: number; strike: number }>(server.url, "select writer, strike from bell");
    const found = new Set(rows.map(({ writer, strike }) => `${writer}/${strike}`));
    expect(committed.filter(({ writer, strike }) => !found.has(`${writer}/${strike}`))).toEqual([]);
    // Beyond what was answered, at most the one statement each writer had under way.
    expect(rows.length - committed.length).toBeLessThanOrEqual(writers.length);
  });
});
