import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { belfry, belfryJson, serve, temporaryFolder } from "./belfry-process.ts";

interface Diagnosis {
  readonly ok: boolean;
  readonly checks: readonly { readonly check: string; readonly status: string; readonly message: string }[];
}

describe("the doctor", () => {
  it("finds all well before the first start, while a node serves, and after", async () => {
    const folder = await temporaryFolder();
    const fresh = await belfryJson<Diagnosis>(["doctor"], {
      BELFRY_DATA_DIR: join(folder, "new"),
      BELFRY_LISTEN: "127.0.0.1:0",
    });
    expect(fresh).toMatchObject({ ok: true });
    expect(messageOf(fresh, "data folder")).toMatch(
      /holds no database yet; the first start makes one with PostgreSQL \d+$/,
    );
    expect(await readdir(folder)).toEqual([]);

    const node = await serve({ BELFRY_DATA_DIR: folder });
    const serving = await belfryJson<Diagnosis>(["doctor"], {
      BELFRY_DATA_DIR: folder,
      BELFRY_LISTEN: new URL(node.url).host,
    });
    expect(serving.checks.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(messageOf(serving, "data folder")).toContain(`in use by the process with pid ${node.child.pid}`);
    expect(messageOf(serving, "shards")).toMatch(/^of 128, \S+ holds 128$/);
    expect(messageOf(serving, "port")).toMatch(/^a Belfry serves on 127\.0\.0\.1:\d+$/);
    await node.end();

    const after = await belfry(["doctor"], { BELFRY_DATA_DIR: folder, BELFRY_LISTEN: "127.0.0.1:0" });
    expect(after.code).toBe(0);
    expect(after.out).toMatch(/^ok {4}database +embedded PostgreSQL answers: PostgreSQL \d+/m);
    expect(after.out).toMatch(/^ok {4}shards +nobody holds any of the 128: no node serves now$/m);
  });

  it("ends with 1 and says what to do when something is wrong", async () => {
    const settings = {
      BELFRY_DATABASE_URL: "postgres://belfry:hunter2@127.0.0.1:1/tasks",
      BELFRY_LISTEN: "127.0.0.1:0",
    };
    const ill = await belfry(["doctor"], settings);
    expect(ill.code).toBe(1);
    expect(ill.out).toMatch(
      /^fail {2}database +The database postgres:\/\/belfry@127\.0\.0\.1:1\/tasks cannot be used: connect ECONNREFUSED/m,
    );
    expect(ill.out).not.toContain("hunter2");
    expect(ill.err).toEqual(["belfry: 1 check failed."]);
  });

  it("finds a wrong setting", async () => {
    const ill = await belfry(["doctor", "--json"], { BELFRY_SHARDS: "many" });
    expect(ill.code).toBe(1);
    expect(JSON.parse(ill.out)).toMatchObject({
      ok: false,
      checks: [{ check: "Node.js" }, { check: "settings", status: "fail" }],
    });
  });
});

function messageOf({ checks }: Diagnosis, wanted: string): string {
  return checks.find(({ check }) => check === wanted)?.message ?? "";
}
