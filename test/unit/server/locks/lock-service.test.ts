import { createHash } from "node:crypto";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { newLock, stateOfLock, type LockRecord } from "../../../../src/domain/lock/lock.ts";
import { LockState } from "../../../../src/gen/belfry/v1/lock_pb.ts";
import { LockService } from "../../../../src/gen/belfry/v1/lock_service_pb.ts";
import type { LockCommands } from "../../../../src/runtime/index.ts";
import { rowsOf } from "../../../../src/store/memory/tables.ts";
import { anApiInProcess, refusalOf } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";

function held(name: string, given: Partial<LockRecord> = {}): LockRecord {
  const hold = { holder: "h1", ttlMs: 60_000, acquiredAt: MANUAL_START_AT, grantedAt: MANUAL_START_AT };
  return { ...newLock(name, 0, MANUAL_START_AT), token: 7, hold, ...given };
}

/** The service over a runtime that grants everything. */
function here() {
  const grant = async (name: string) => ({ record: held(name), waiting: 0 });
  const locks: LockCommands = {
    acquire: grant,
    renew: grant,
    release: async (name) => ({ record: held(name, { hold: null, ended: "released" }), waiting: 0 }),
    get: async (name) => ({ record: held(name), waiting: 3 }),
  };
  const api = anApiInProcess({ locks });
  return {
    ...api,
    locks: api.client(LockService),
    put: (...records: readonly LockRecord[]) => {
      for (const record of records) {
        const { name: id, shard, updatedAt } = record;
        const row = { kind: "lock", id, shard, state: stateOfLock(record), updatedAt } as const;
        rowsOf(api.runtime.tables.actorStates, "lock").set(id, row);
      }
    },
  };
}

describe("R-129: AcquireLock", () => {
  it("joins name and param, and answers with token, holder and times", async () => {
    const { locks, runtime } = here();
    const { lock } = await locks.acquireLock({
      name: "import",
      param: "42",
      holder: "h1",
      ttl: durationFromMs(60_000),
      wait: durationFromMs(5000),
      requestId: "r1",
    });
    expect(lock).toMatchObject({ name: "import_42", state: LockState.HELD, holder: "h1", token: 7n });
    expect(lock?.expireTime && timestampMs(lock.expireTime)).toBe(MANUAL_START_AT + 60_000);
    expect(runtime.asked[0]?.args.slice(0, 2)).toEqual([
      "import_42",
      { holder: "h1", ttlMs: 60_000, waitMs: 5000, requestId: "r1" },
    ]);
  });

  it("holds for an hour, and does not wait, unless it is asked to", async () => {
    const { locks, runtime } = here();
    await locks.acquireLock({ name: "import", holder: "h1" });
    expect(runtime.asked[0]?.args.slice(0, 2)).toEqual(["import", { holder: "h1", ttlMs: 3_600_000, waitMs: 0 }]);
  });

  it("puts a long param into the name by the first 16 digits of its MD5, as agentcore-task does", async () => {
    const { locks, runtime } = here();
    const [at, over, runes] = ["x".repeat(200), "x".repeat(201), "点".repeat(199) + "\u{1f3c1}"];
    for (const param of [at, over, runes]) await locks.acquireLock({ name: "import", param, holder: "h1" });
    const digits = createHash("md5").update(over).digest("hex").slice(0, 16);
    expect(runtime.asked.map(({ args }) => args[0])).toEqual([`import_${at}`, `import_${digits}`, `import_${runes}`]);
  });

  it.each([
    ["no name", { name: "", holder: "h" }, "name"],
    ["no holder", { name: "n", holder: "" }, "holder"],
    ["a TTL under a second", { name: "n", holder: "h", ttl: durationFromMs(999) }, "ttl"],
    ["a TTL over a day", { name: "n", holder: "h", ttl: durationFromMs(86_400_001) }, "ttl"],
    ["a wait over a minute", { name: "n", holder: "h", wait: durationFromMs(60_001) }, "wait"],
  ])("refuses %s by its field", async (_, request, field) => {
    const { locks, runtime } = here();
    const refusal = await refusalOf(locks.acquireLock(request));
    expect(refusal).toMatchObject({ code: "InvalidArgument", reason: "INVALID_FIELD", fields: [field] });
    expect(runtime.asked).toEqual([]);
  });
});

describe("R-129: RenewLock, ReleaseLock, GetLock", () => {
  it("mean the same lock by name and param as by the whole name", async () => {
    const { locks, runtime } = here();
    await locks.renewLock({ name: "import", param: "42", token: 7n, ttl: durationFromMs(5000) });
    await locks.renewLock({ name: "import_42", token: 7n });
    const { lock } = await locks.releaseLock({ name: "import_42", token: 7n, requestId: "r" });
    expect(lock).toMatchObject({ state: LockState.FREE, holder: "", token: 7n });
    expect(lock?.expireTime).toBeUndefined();
    expect((await locks.getLock({ name: "import", param: "42" })).lock).toMatchObject({ waitingCount: 3 });
    expect(runtime.asked.map(({ command, args }) => [command, ...args])).toEqual([
      ["renew", "import_42", { token: 7, ttlMs: 5000 }],
      ["renew", "import_42", { token: 7 }],
      ["release", "import_42", { token: 7, requestId: "r" }],
      ["get", "import_42"],
    ]);
  });

  it.each([0n, -1n, 2n ** 60n])("refuse the token %s, which nobody ever got", async (token) => {
    const { locks } = here();
    for (const call of [locks.renewLock({ name: "n", token }), locks.releaseLock({ name: "n", token })]) {
      expect(await refusalOf(call)).toMatchObject({ reason: "INVALID_FIELD", fields: ["token"] });
    }
  });
});

describe("R-129: ListLocks", () => {
  it("shows those that are held, by name, and neither free ones nor those whose time is up", async () => {
    const { locks, put, clock } = here();
    const old = { holder: "h0", ttlMs: 1000, acquiredAt: clock.now() - 5000, grantedAt: clock.now() - 1000 };
    put(held("b"), held("a"), held("free", { hold: null, ended: "released" }), held("over", { hold: old }));
    expect((await locks.listLocks({})).locks.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("goes page by page, of one prefix alone", async () => {
    const { locks, put } = here();
    put(...["import_1", "import_2", "import_3", "other"].map((name) => held(name)));
    const names: string[] = [];
    let pageToken = "";
    do {
      const page = await locks.listLocks({ namePrefix: "import_", pageSize: 2, pageToken });
      names.push(...page.locks.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(names).toEqual(["import_1", "import_2", "import_3"]);
  });
});
