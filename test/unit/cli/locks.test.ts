import { expect, it, onTestFinished } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import { newLock, stateOfLock, type LockRecord } from "../../../src/domain/lock/lock.ts";
import type { LockCommands } from "../../../src/runtime/index.ts";
import { rowsOf } from "../../../src/store/memory/tables.ts";
import { anApiServer } from "../../support/api-server.ts";
import { belfryHere, jsonHere } from "./belfry-here.ts";

const NOW = Date.now();

function held(name: string): LockRecord {
  const hold = { holder: "h1", ttlMs: 3_600_000, acquiredAt: NOW, grantedAt: NOW };
  return { ...newLock(name, 0, NOW), token: 7, hold };
}

async function given(answers: Partial<LockCommands> = {}) {
  const grant = async (name: string) => ({ record: held(name), waiting: 2 });
  const release: LockCommands["release"] = async (name) => ({ record: { ...held(name), hold: null }, waiting: 0 });
  const locks: LockCommands = { acquire: grant, renew: grant, get: grant, release, ...answers };
  const api = await anApiServer({ answers: { locks } });
  onTestFinished(() => api[Symbol.asyncDispose]());
  const row = { kind: "lock", id: "import_42", shard: 0, state: stateOfLock(held("import_42")), updatedAt: 0 } as const;
  rowsOf(api.runtime.tables.actorStates, "lock").set(row.id, row);
  return { api, env: { BELFRY_SERVER: api.url } };
}

it("R-129: locks list and get show who has which", async () => {
  const { env } = await given();
  expect((await belfryHere(["locks", "list", "--prefix", "import_"], env)).out).toMatch(/^import_42  h1  +7  /m);
  expect((await belfryHere(["locks", "list", "--prefix", "other"], env)).err).toEqual(["No locks."]);
  const { out } = await belfryHere(["locks", "get", "import", "--param", "42"], env);
  expect(out).toMatch(/^state +HELD$/m);
  expect(out).toMatch(/^token +7$/m);
  expect(out).toMatch(/^waiting +2$/m);
});

it("R-129: locks acquire prints the token by which renew and release go on", async () => {
  const { api, env } = await given();
  const words = ["import", "--param", "42", "--holder", "h1", "--ttl", "60s", "--wait", "5s"];
  expect(await jsonHere(["locks", "acquire", ...words], env)).toMatchObject({
    lock: { name: "import_42", token: "7" },
  });
  await belfryHere(["locks", "renew", "import_42", "--token", "7", "--ttl", "2m"], env);
  const { out } = await belfryHere(["locks", "release", "import_42", "--token", "7"], env);
  expect(out).toMatch(/^state +FREE$/m);
  expect(out).toMatch(/^last token +7$/m);
  expect(api.runtime.asked.map(({ command, args }) => [command, ...args.slice(0, 2)])).toMatchObject([
    ["acquire", "import_42", { holder: "h1", ttlMs: 60_000, waitMs: 5000 }],
    ["renew", "import_42", { token: 7, ttlMs: 120_000 }],
    ["release", "import_42", { token: 7 }],
  ]);
});

it("R-129: a lock that is held is said to be so, with what to do", async () => {
  const { env } = await given({
    acquire: async () => {
      throw new BelfryError("LOCK_HELD", 'The lock "import" is held by "h1".');
    },
  });
  const { err } = await belfryHere(["locks", "acquire", "import"], env);
  expect(err.join("\n")).toMatch(/LOCK_HELD: The lock "import" is held by "h1"\. --wait waits for it/);
  expect((await belfryHere(["locks", "release", "import", "--token", "x"], env)).err.join("\n")).toMatch(/--token/);
});
