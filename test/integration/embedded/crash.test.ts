import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { isRunning, kill, open, openElsewhere, query, temporaryFolder } from "./opening.ts";

describe("after a crash the next opening finds every committed row", () => {
  test.each([
    { victims: "Belfry alone, its server living on", order: ["node"] },
    { victims: "Belfry, then its server", order: ["node", "postgres"] },
    { victims: "the server, then Belfry", order: ["postgres", "node"] },
  ])("SIGKILL of $victims", async ({ order }) => {
    const dataDir = await temporaryFolder();
    const { child, answer } = await openElsewhere(dataDir);
    const [url, pid] = [answer.url ?? "", answer.pid ?? 0];
    await query(url, "create table bell as select * from generate_series(1, 1000) as strike");
    for (const victim of order) {
      if (victim === "node") await kill(child);
      else process.kill(pid, "SIGKILL");
    }
    if (!order.includes("postgres")) expect(isRunning(pid)).toBe(true);

    const next = await open(dataDir);
    expect(next.pid()).not.toBe(pid);
    expect(isRunning(pid)).toBe(false);
    expect(await query(next.url, "select count(*)::int as strikes from bell")).toEqual([{ strikes: 1000 }]);
  });

  test("a backend that outlives its killed server in a long statement does not stand in the way", async () => {
    const dataDir = await temporaryFolder();
    const { child, answer } = await openElsewhere(dataDir);
    const client = new Client({ connectionString: answer.url });
    client.on("error", () => {});
    await client.connect();
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    const orphan = rows[0]?.pid ?? 0;
    const statement = client.query("select count(*) from generate_series(1, 100000000000)");
    const lost = statement.then(() => "answered", String);
    await expect
      .poll(async () => query(answer.url ?? "", "select state from pg_stat_activity where pid = $1", [orphan]))
      .toEqual([{ state: "active" }]);
    await kill(child);
    process.kill(answer.pid ?? 0, "SIGKILL");
    expect(isRunning(orphan)).toBe(true);

    const next = await open(dataDir);
    expect(await lost).toMatch(/Connection terminated/);
    expect(isRunning(orphan)).toBe(false);
    expect(await query(next.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("a first start that was killed halfway is begun anew", async () => {
    const dataDir = await temporaryFolder();
    const begun = new Promise<void>((resolve) => {
      const watcher = watch(dataDir, (_, name) => {
        if (!name?.startsWith("postgres.unfinished-")) return;
        watcher.close();
        resolve();
      });
    });
    const interrupted = openElsewhere(dataDir).catch(() => undefined);
    await begun;
    process.kill(Number(await holderOf(dataDir)), "SIGKILL");
    expect(await interrupted).toBeUndefined();
    expect(await readdir(dataDir)).not.toContain("postgres");

    const server = await open(dataDir);
    expect(await query(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect((await readdir(dataDir)).filter((name) => name.includes("unfinished"))).toEqual([]);
  });

  test("a stale postmaster.pid whose number another process has now is seen through", async () => {
    const dataDir = await temporaryFolder();
    const first = await open(dataDir);
    await first.close();
    const cluster = join(dataDir, "postgres");
    const { uid, gid } = await stat(cluster);
    // Of the server's own user: PostgreSQL believes in such a process.
    const bystander = spawn("cat", { uid, gid, cwd: "/", stdio: ["pipe", "ignore", "ignore"] });
    await writeFile(join(cluster, "postmaster.pid"), `${bystander.pid}\n${cluster}\n1\n5432\n.\n\n  1 1\nready\n`);

    const second = await open(dataDir);
    expect(await query(second.url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(isRunning(bystander.pid ?? 0)).toBe(true);
    bystander.stdin.end();
    await once(bystander, "exit");
  });
});

async function holderOf(dataDir: string): Promise<string> {
  return (await readFile(join(dataDir, "belfry.pid"), "utf8")).trim();
}
