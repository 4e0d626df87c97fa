import { execFile } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestPostgres } from "../../support/postgres.ts";
import type { TestPostgres } from "../../support/postgres.ts";
import { selfSigned } from "../client/self-signed.ts";
import { belfry, belfryJson, serve, temporaryFolder } from "./belfry-process.ts";
import type { Serving } from "./belfry-process.ts";

const HOURLY = JSON.stringify({
  name: "watch-servers",
  userId: "user1",
  content: "监控服务器状态",
  schedule: { every: { interval: "3600s" } },
  action: { worker: { queue: "agents" } },
});

interface DefinitionAnswer {
  readonly definition: { readonly id: string; readonly name: string; readonly state: string };
}

describe("a node on a folder of its own", () => {
  it("serves, drains at SIGTERM, and has everything again after a restart, its own maintenance too (R-094, R-104, R-106, R-132)", async () => {
    const folder = await temporaryFolder();
    const first = await serve({ BELFRY_DATA_DIR: folder });
    expect(first.line).toBe(
      `Belfry serves on ${first.url} (node ${/\(node ([^,]+),/.exec(first.line)?.[1]}, embedded PostgreSQL in ${folder})`,
    );
    const { definition } = await belfryJson<DefinitionAnswer>(
      ["definitions", "create", "-f", "-"],
      { BELFRY_SERVER: first.url },
      HOURLY,
    );
    expect(definition).toMatchObject({ name: "watch-servers", state: "DEFINITION_STATE_ACTIVE" });

    expect(await first.end("SIGTERM")).toEqual({ code: 0, signal: null });
    expect(first.out.slice(1)).toEqual(["Draining; a second signal ends it at once.", "Ended."]);

    const second = await serve({ BELFRY_DATA_DIR: folder });
    const again = await belfryJson<DefinitionAnswer>(["definitions", "get", definition.id], {
      BELFRY_SERVER: second.url,
    });
    expect(again.definition).toEqual(definition);
    const own = ["definitions", "list", "--maintenance", "--label", "module=belfry"];
    let maintenance: readonly DefinitionAnswer["definition"][] = [];
    while (maintenance.length === 0) {
      const listed = await belfryJson<{ definitions: typeof maintenance }>(own, { BELFRY_SERVER: second.url });
      maintenance = listed.definitions;
    }
    expect(maintenance).toContainEqual(
      expect.objectContaining({ id: "$belfry/mark-timeouts", state: "DEFINITION_STATE_ACTIVE", etag: "1" }),
    );
    expect(await second.end("SIGINT")).toEqual({ code: 0, signal: null });
  });

  it("keeps a second one away from the folder, with one line", async () => {
    const folder = await temporaryFolder();
    const first = await serve({ BELFRY_DATA_DIR: folder });
    const second = await belfry(["serve"], { BELFRY_DATA_DIR: folder, BELFRY_LISTEN: "127.0.0.1:0" });
    expect(second).toMatchObject({ code: 1, out: "" });
    expect(second.err).toEqual([
      `belfry: The data folder ${folder} is in use by the process with pid ${first.child.pid}. Stop that one first, or choose another BELFRY_DATA_DIR.`,
    ]);
    expect(await first.end()).toMatchObject({ code: 0 });
  });

  it("ends at once at a second signal, and takes its database with it", async () => {
    const node = await serve({ BELFRY_DATA_DIR: await temporaryFolder() });
    const server = serverPid(node);
    // A database that stands still keeps the drain from ending.
    const { stdout } = await promisify(execFile)("pgrep", ["-P", String(server)]);
    const processes = stdout.trim().split("\n").map(Number);
    for (const pid of processes) process.kill(pid, "SIGSTOP");
    node.child.kill("SIGTERM");
    await node.said(/^Draining/);
    // Signals in quick succession count as one, so this goes on until one comes late enough.
    const { code } = await untilEnded(node, () => node.child.kill("SIGTERM"));
    for (const pid of processes) tryToSignal(pid, "SIGCONT");
    expect(code).toBe(130);
    await untilGone(server);
  });

  it("speaks TLS when it has a certificate", async () => {
    const folder = await temporaryFolder();
    const { cert, key } = selfSigned();
    const files = { BELFRY_TLS_CERT_FILE: join(folder, "cert.pem"), BELFRY_TLS_KEY_FILE: join(folder, "key.pem") };
    await writeFile(files.BELFRY_TLS_CERT_FILE, cert);
    await writeFile(files.BELFRY_TLS_KEY_FILE, key, { mode: 0o600 });
    const node = await serve({ BELFRY_DATA_DIR: join(folder, "data"), ...files });
    expect(node.url).toMatch(/^https:/);
    const trusting = { BELFRY_SERVER: node.url, NODE_EXTRA_CA_CERTS: files.BELFRY_TLS_CERT_FILE };
    expect(await belfryJson(["definitions", "list"], trusting)).toEqual({ definitions: [], nextPageToken: "" });
    expect(await node.end()).toMatchObject({ code: 0 });
  });

  it("goes on, and drains, when nobody reads what it says any more", async () => {
    const node = await serve({ BELFRY_DATA_DIR: await temporaryFolder() });
    node.child.stdout?.destroy();
    node.child.stderr?.destroy();
    expect(await belfry(["definitions", "list", "--server", node.url])).toMatchObject({ code: 0 });
    expect(await node.end("SIGTERM")).toEqual({ code: 0, signal: null });
  });

  it("drains when the npm that started it is gone, which tells it nothing", async () => {
    const node = await serve({ BELFRY_DATA_DIR: await temporaryFolder(), npm_command: "start" }, { shell: true });
    node.child.kill("SIGTERM");
    expect(await node.said(/^Ended/)).toBe("Ended.");
  });
});

describe("a start that cannot be", () => {
  it("on a taken port is told in one line, and leaves the folder free", async () => {
    const folder = await temporaryFolder();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const refused = await belfry(["serve"], {
      BELFRY_DATA_DIR: folder,
      BELFRY_LISTEN: `127.0.0.1:${port}`,
      BELFRY_LOG_LEVEL: "error",
    });
    await new Promise((resolve) => other.close(resolve));
    expect(refused).toMatchObject({ code: 1, out: "" });
    expect(refused.err).toEqual([
      `belfry: The API cannot listen on 127.0.0.1:${port}: another program, or another Belfry, listens there; choose another BELFRY_LISTEN.`,
    ]);
    const node = await serve({ BELFRY_DATA_DIR: folder });
    expect(await node.end()).toMatchObject({ code: 0 });
  });

  it("with a wrong setting ends with 2", async () => {
    const refused = await belfry(["serve"], { BELFRY_LEASE_TTL: "soon" });
    expect(refused).toEqual({
      code: 2,
      out: "",
      err: ['belfry: BELFRY_LEASE_TTL must be a length of time from 1s to 60s, such as 3s or 2500ms, got "soon".'],
    });
  });

  it("on a database that nobody answers for names it, without the password", async () => {
    const refused = await belfry(["serve"], { BELFRY_DATABASE_URL: "postgres://belfry:hunter2@127.0.0.1:1/tasks" });
    expect(refused).toMatchObject({ code: 1, out: "" });
    expect(refused.err).toEqual([
      "belfry: The database postgres://belfry@127.0.0.1:1/tasks cannot be used: connect ECONNREFUSED 127.0.0.1:1",
    ]);
  });
});

describe("on a database server", () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());

  it("a node that may not migrate waits for somebody who does", async () => {
    const settings = {
      BELFRY_DATABASE_URL: await postgres.createDatabase(),
      BELFRY_LISTEN: "127.0.0.1:0",
      BELFRY_LOG_LEVEL: "warn",
    };
    const refused = await belfry(["serve", "--no-migrate"], settings);
    expect(refused.code).toBe(1);
    expect(refused.err).toEqual([
      expect.stringMatching(/^belfry: The database .* lacks \d+ migrations \(.*\): run "belfry migrate"/),
    ]);

    expect(await belfry(["migrate", "--check"], settings)).toMatchObject({
      code: 1,
      err: [expect.stringMatching(/pending: 0001-/)],
    });
    expect(await belfry(["migrate"], settings)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+ migrations applied: 0001-/),
    });
    expect(await belfry(["migrate"], settings)).toMatchObject({ code: 0, out: "The database is up to date.\n" });
    expect(await belfry(["migrate", "--check"], settings)).toMatchObject({
      code: 0,
      out: "The database is up to date.\n",
    });

    const node = await serve(settings, { words: ["serve", "--no-migrate"] });
    expect(await node.end()).toMatchObject({ code: 0 });
  });

  it("the number of shards is that of the first start", async () => {
    const BELFRY_DATABASE_URL = await postgres.createDatabase();
    const first = await serve({ BELFRY_DATABASE_URL, BELFRY_SHARDS: "8" });
    await first.end();
    const refused = await belfry(["serve"], {
      BELFRY_DATABASE_URL,
      BELFRY_LISTEN: "127.0.0.1:0",
      BELFRY_LOG_LEVEL: "warn",
    });
    expect(refused.code).toBe(1);
    expect(refused.err).toEqual([
      expect.stringMatching(
        /^belfry: The database .* is divided into 8 shards, .* BELFRY_SHARDS says 128: set BELFRY_SHARDS=8\.$/,
      ),
    ]);
  });

  it("a second node stands by, serves reads, and takes over when the first one drains", async () => {
    const settings = { BELFRY_DATABASE_URL: await postgres.createDatabase(), BELFRY_SHARDS: "8" };
    const first = await serve({ ...settings, BELFRY_NODE_ID: "first" });
    const { definition } = await belfryJson<DefinitionAnswer>(
      ["definitions", "create", "-f", "-"],
      { BELFRY_SERVER: first.url },
      HOURLY,
    );

    const second = await serve({ ...settings, BELFRY_NODE_ID: "second" });
    expect(second.line).toMatch(
      /^Belfry serves reads on http:\S+ and stands by \(node second, .*\): first holds 8 shards\./,
    );
    const read = await belfryJson<DefinitionAnswer>(["definitions", "get", definition.id], {
      BELFRY_SERVER: second.url,
    });
    expect(read.definition.id).toBe(definition.id);
    const refused = await belfry(["definitions", "trigger", definition.id], { BELFRY_SERVER: second.url });
    expect(refused).toMatchObject({ code: 1, err: [expect.stringMatching(/^belfry: SHARD_UNAVAILABLE: /)] });

    expect(await first.end()).toMatchObject({ code: 0 });
    await second.said(/^Belfry took over on http:\S+: node second holds 8 shards$/);
    const triggered = await belfry(["definitions", "trigger", definition.id], { BELFRY_SERVER: second.url });
    expect(triggered.code).toBe(0);
    expect(await second.end()).toMatchObject({ code: 0 });
  });
});

function serverPid({ log }: Serving): number {
  for (const line of log) {
    const { message, pid } = JSON.parse(line) as { message: string; pid?: number };
    if (message === "The embedded PostgreSQL is ready" && pid !== undefined) return pid;
  }
  throw new Error("the log does not name the server's process");
}

async function untilEnded({ child }: Serving, again: () => void): Promise<{ code: number | null }> {
  while (child.exitCode === null && child.signalCode === null) {
    again();
    await looked();
  }
  return { code: child.exitCode };
}

async function untilGone(pid: number): Promise<void> {
  while (tryToSignal(pid, 0)) await looked();
}

function tryToSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** A short breath between two looks at another process, which has no way to call us. */
function looked(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 20);
  });
}
