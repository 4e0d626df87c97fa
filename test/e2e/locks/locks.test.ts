import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { createBelfryClient, belfryErrorOf, withLock } from "../../../src/client/index.ts";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { shardOf } from "../../../src/domain/routing.ts";
import type { ClusterNode, NodeCluster } from "../../support/node-cluster.ts";
import { SHARDS, startNodeCluster } from "../../support/node-cluster.ts";
import { startServerProcess } from "../../support/server-process.ts";
import { until } from "../../support/until.ts";
import { aFencedResource, write } from "./fenced-resource.ts";

const stack: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of stack.splice(0).toReversed()) await each[Symbol.asyncDispose]();
});

function kept<Thing extends AsyncDisposable>(thing: Thing): Thing {
  stack.push(thing);
  return thing;
}

/** The holder, as the operating system sees it. */
function startHolder(...args: readonly string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "holder-process.ts"), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const said: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => said.push(line));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return kept({
    said,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    type: (line: string) => child.stdin.write(`${line}\n`),
    close: async () => {
      child.stdin.end();
      await ended;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  });
}

describe("R-129: locks with real processes", () => {
  it("a holder that stood still past its time writes with a stale token, and what the lock protects refuses it", async () => {
    const server = kept(await startServerProcess());
    const resource = kept(await aFencedResource());
    const client = createBelfryClient(server.url);
    kept({ [Symbol.asyncDispose]: async () => client.close() });
    const holder = startHolder(server.url, resource.url, "report", "2000");
    await until(() => holder.said.includes("held"), "the holder has the lock");
    holder.type("by the first");
    await until(() => holder.said.includes("taken"), "its write was taken");

    holder.kill("SIGSTOP");
    const token = await withLock(client, { name: "report", holder: "second", waitMs: 30_000 }, async (lock) => {
      expect(await write(resource.url, { token: Number(lock.token), value: "by the second" })).toBe(true);
      holder.type("by the first, too late");
      holder.kill("SIGCONT");
      await until(() => holder.said.includes("refused"), "the late write was refused");
      return lock.token;
    });

    expect(token).toBe(2n);
    expect(resource.value).toBe("by the second");
    expect(resource.refused).toEqual([{ token: 1, value: "by the first, too late" }]);
    await until(() => holder.said.includes("told"), "the holder hears that its lock is lost");
    await holder.close();
    expect(holder.said).toEqual(["held", "taken", expect.any(String), expect.any(String), "lost"]);
  });

  it("kill -9 of the owner while a lock is held and waited for: nobody else gets it, its holder keeps it, and the next gets it at the release", async () => {
    const cluster = kept(await startNodeCluster({ nodes: 2 }));
    await cluster.shared();
    const [owner, other] = cluster.nodes as [ClusterNode, ClusterNode];
    const name = await lockOf(cluster, owner.id);
    const { client } = other;
    const { lock } = await client.locks.acquireLock({ name, holder: "h1", ttl: durationFromMs(60_000) });
    const granted: bigint[] = [];
    const waiting = ["h2", "h3"].map((holder) =>
      client.locks
        .acquireLock({ name, holder, wait: durationFromMs(60_000), requestId: `wait-${holder}` }, { timeoutMs: 90_000 })
        .then((answer) => granted.push(answer.lock?.token ?? 0n)),
    );
    await until(async () => (await client.locks.getLock({ name })).lock?.waitingCount === 2, "both wait");

    owner.kill();
    await owner.exited;
    await until(
      async () => (await cluster.leases()).every((lease) => lease.owner === other.id),
      "the other node has all shards",
    );
    const refused = await client.locks.acquireLock({ name, holder: "h4" }).catch(belfryErrorOf);
    expect(refused).toMatchObject({ reason: "LOCK_HELD", metadata: { holder: "h1" } });
    await client.locks.renewLock({ name, token: lock?.token });
    expect(granted).toEqual([]);

    await client.locks.releaseLock({ name, token: lock?.token });
    await until(() => granted.length === 1, "one of those who wait has it");
    expect((await client.locks.getLock({ name })).lock).toMatchObject({ token: 2n, waitingCount: 1 });
    await client.locks.releaseLock({ name, token: 2n });
    await Promise.all(waiting);
    expect(granted).toEqual([2n, 3n]);
  });

  it("kill -9 of the owner and its next start: the token goes on from where it was, and a hold ends in time", async () => {
    const server = kept(await startServerProcess());
    const first = createBelfryClient(server.url);
    await first.locks.acquireLock({ name: "nightly", holder: "h1", ttl: durationFromMs(4000) });
    first.close();
    const { dataDir } = server;
    server.kill();
    await server.exited;
    const next = await startServerProcess({ dataDir });
    const client = createBelfryClient(next.url);
    try {
      const { lock } = await client.locks.acquireLock(
        { name: "nightly", holder: "h2", wait: durationFromMs(30_000) },
        { timeoutMs: 60_000 },
      );
      expect(lock).toMatchObject({ token: 2n, holder: "h2" });
    } finally {
      client.close();
      await next[Symbol.asyncDispose]();
    }
  });
});

/** The name of a lock in a shard of this node. */
async function lockOf(cluster: NodeCluster, nodeId: string): Promise<string> {
  const leases = await cluster.leases();
  const owned = new Set(leases.filter(({ owner }) => owner === nodeId).map(({ shard }) => shard));
  for (let number = 0; ; number++) {
    const name = `import-${number}`;
    if (owned.has(shardOf(name, SHARDS))) return name;
  }
}
