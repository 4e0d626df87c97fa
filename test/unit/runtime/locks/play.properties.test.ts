import fc from "fast-check";
import { expect, it } from "vitest";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { makeCluster, nameOf } from "../cluster/given.ts";
import type { GivenCluster } from "../cluster/given.ts";
import { Answer, NAME, acquire } from "./given.ts";

const NODES = 3;

const step = fc.record({
  kind: fc.constantFrom(
    ...(["ACQUIRE", "ACQUIRE", "ACQUIRE", "WAIT", "WAIT", "RENEW", "RENEW", "RELEASE", "RELEASE"] as const),
    ...(["PASS", "PASS", "PASS", "CRASH", "STALL", "DRAIN", "LOSE", "DELAY", "HANG", "MEND"] as const),
  ),
  node: fc.nat({ max: NODES - 1 }),
  which: fc.nat({ max: 3 }),
  ms: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 400 }) },
    { weight: 2, arbitrary: fc.integer({ min: 400, max: 6000 }) },
  ),
  ttlMs: fc.integer({ min: 1000, max: 9000 }),
  named: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** A caller that was granted the lock, as it sees it: it counts from before it asked. */
interface Believer {
  readonly token: number;
  readonly ttlMs: number;
  until: number;
}

/** Three nodes of which anything may become, and callers that ask them. */
class Play {
  readonly cluster: GivenCluster;
  readonly #nodes: StartedRuntime[];
  readonly believers: Believer[] = [];
  readonly tokens: number[] = [];
  #lives = 0;
  #number = 0;

  constructor(cluster: GivenCluster) {
    this.cluster = cluster;
    this.#nodes = [...cluster.nodes];
  }

  mend(): void {
    this.cluster.network.clear();
    for (const node of this.#nodes) this.cluster.lineOf(nameOf(node)).mend();
  }

  get someNode(): StartedRuntime {
    return this.#nodes[0] as StartedRuntime;
  }

  get now(): number {
    return this.cluster.clock.monotonic();
  }

  get valid(): readonly Believer[] {
    return this.believers.filter(({ until }) => until > this.now);
  }

  async take(one: Step): Promise<void> {
    const { clock, network } = this.cluster;
    const node = this.#nodes[one.node] as StartedRuntime;
    switch (one.kind) {
      case "ACQUIRE":
      case "WAIT":
        void this.#ask(node, one);
        break;
      case "RENEW":
        void this.#renew(node, one);
        break;
      case "RELEASE":
        this.#release(node, one);
        break;
      case "CRASH":
        await this.#ended(node.crash(), node);
        await this.#replace(one.node);
        break;
      case "DRAIN":
        await this.#ended(node.drain(), node);
        await this.#replace(one.node);
        break;
      case "STALL":
        await this.cluster.stall(nameOf(node), one.ms);
        break;
      case "LOSE":
        network.lose({ says: one.named ? "answer command" : "ask command" }, 1 + one.which);
        break;
      case "DELAY":
        network.delay({ from: nameOf(node) }, one.ms, 1 + one.which);
        break;
      case "HANG":
        // What it decides from now on is not written, until the line is mended or the node is gone.
        this.cluster.lineOf(nameOf(node)).mend();
        this.cluster.lineOf(nameOf(node)).hang("journal.commit", { afterwards: one.named });
        break;
      case "MEND":
        this.cluster.lineOf(nameOf(node)).mend();
        break;
      case "PASS":
        break;
    }
    await clock.advance(one.ms);
  }

  async #ask(node: StartedRuntime, { ttlMs, which, named, kind }: Step): Promise<void> {
    const askedAt = this.now;
    const waitMs = kind === "WAIT" ? 5000 : 0;
    const requestId = named ? { requestId: `r${this.#number++}` } : {};
    const view = await acquire(node, `h${which}`, { ttlMs, waitMs, ...requestId }).catch(() => null);
    if (view === null) return;
    const { token } = view.record;
    this.tokens.push(token);
    this.believers.push({ token, ttlMs, until: askedAt + ttlMs });
  }

  async #renew(node: StartedRuntime, { which }: Step): Promise<void> {
    const believer = this.believers.at(-1 - which);
    if (believer === undefined) return;
    const askedAt = this.now;
    const { token, ttlMs } = believer;
    const view = await node.locks.renew(NAME, { token, ttlMs }).catch(() => null);
    // One that has let go of it meanwhile does not believe in it anew.
    if (view !== null && believer.until !== Number.NEGATIVE_INFINITY) {
      believer.until = Math.max(believer.until, askedAt + ttlMs);
    }
  }

  #release(node: StartedRuntime, { which }: Step): void {
    const believer = this.believers.at(-1 - which);
    if (believer === undefined) return;
    believer.until = Number.NEGATIVE_INFINITY;
    node.locks.release(NAME, { token: believer.token }).catch(() => {});
  }

  /** The clock goes on until it has come to its end. */
  async #ended(ending: Promise<void>, node: StartedRuntime): Promise<void> {
    let isOver = false;
    void ending.finally(() => {
      isOver = true;
    });
    for (let turns = 0; !isOver; turns++) {
      if (turns > 300) throw new Error("a node does not come to its end");
      await this.cluster.clock.advance(200);
      this.cluster.lineOf(nameOf(node)).mend();
    }
  }

  async #replace(index: number): Promise<void> {
    this.#lives++;
    this.#nodes[index] = await this.cluster.join(`${"abc"[index] ?? ""}${this.#lives}`);
  }
}

it("R-129: never do two callers hold a lock by valid tokens, and no token is given twice, whatever happens to nodes, lines and messages", async () => {
  let granted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const { cluster, end } = await makeCluster(NODES);
      const play = new Play(cluster);
      try {
        for (const one of steps) {
          await play.take(one);
          expect(play.valid.length).toBeLessThanOrEqual(1);
        }
        await cluster.clock.advance(40_000);
        expect(play.tokens).toEqual([...new Set(play.tokens)]);
        // It can be had again, by a token greater than all before.
        play.mend();
        const next = new Answer(acquire(play.someNode, "last", { ttlMs: 1000, waitMs: 30_000 }));
        await cluster.clock.advance(40_000);
        expect(next.said).toBe(`token ${next.token}`);
        expect(next.token).toBeGreaterThan(Math.max(0, ...play.tokens));
        granted += play.tokens.length;
      } finally {
        await end();
      }
    }),
    { numRuns: 60 },
  );
  // It is about something.
  expect(granted).toBeGreaterThan(100);
}, 60_000);
