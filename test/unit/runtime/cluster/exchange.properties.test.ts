/** Whatever the network does to messages, nodes to each other, and workers to nodes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFinal } from "../../../../src/domain/instance/instance.ts";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { NO_TIMEOUTS, aRetry, expectSound, instancesOf, trigger } from "../given.ts";
import { aBusyWorker } from "./busy-worker.ts";
import type { BusyWorker } from "./busy-worker.ts";
import { aDefinitionOf, makeCluster, nameOf } from "./given.ts";
import type { GivenCluster } from "./given.ts";

const KINDS = [
  "ask assign",
  "answer assign",
  "grant",
  "giveBack",
  "demand",
  "supply",
  "released",
  "signals",
  "elsewhere",
  "ask command",
  "answer command",
  "ask take",
  "answer take",
  "owned",
  "alive",
] as const;

type Step =
  | { readonly do: "trigger"; readonly at: number; readonly of: number; readonly many: number }
  | { readonly do: "wait"; readonly ms: number }
  | {
      readonly do: "fault";
      readonly how: "lose" | "double" | "delay";
      readonly says: string;
      readonly times: number;
      readonly ms: number;
    }
  | { readonly do: "part"; readonly one: number; readonly other: number }
  | { readonly do: "clear" }
  | { readonly do: "connect"; readonly at: number; readonly slots: number; readonly workMs: number }
  | { readonly do: "move"; readonly which: number; readonly at: number }
  | { readonly do: "die"; readonly which: number }
  | { readonly do: "terminate"; readonly which: number; readonly at: number }
  | { readonly do: "restart"; readonly at: number }
  | { readonly do: "drain"; readonly at: number; readonly draining: boolean };

const at = fc.nat({ max: 2 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("trigger" as const), at, of: at, many: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(0, 1, 10, 100, 600, 2100, 5200) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("fault" as const),
      how: fc.constantFrom("lose" as const, "double" as const, "delay" as const),
      says: fc.constantFrom(...KINDS),
      times: fc.integer({ min: 1, max: 4 }),
      ms: fc.constantFrom(1, 50, 700, 3000, 9000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("part" as const), one: at, other: at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("clear" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("connect" as const),
      at,
      slots: fc.integer({ min: 1, max: 3 }),
      workMs: fc.constantFrom(5, 40, 900, 4000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("move" as const), which: fc.nat({ max: 5 }), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("die" as const), which: fc.nat({ max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("terminate" as const), which: fc.nat(), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drain" as const), at, draining: fc.boolean() }) },
);

interface Workplace {
  readonly worker: BusyWorker;
  readonly node: number;
  readonly slots: number;
  readonly workMs: number;
}

class Play {
  readonly #world: GivenCluster;
  readonly #nodes: StartedRuntime[];
  readonly definitions: string[] = [];
  readonly everybody: Workplace[] = [];
  #workers: Workplace[] = [];

  constructor(world: GivenCluster) {
    this.#world = world;
    this.#nodes = [...world.nodes];
  }

  async begin(): Promise<void> {
    for (const node of this.#nodes) {
      this.definitions.push(
        await aDefinitionOf(node, {
          timeouts: { ...NO_TIMEOUTS, startToCloseMs: 20_000 },
          retry: aRetry({ maxRetries: 50, initialDelayMs: 100, maxDelayMs: 100 }),
        }),
      );
    }
  }

  get workers(): readonly Workplace[] {
    return this.#workers;
  }

  #node(index: number): StartedRuntime {
    return this.#nodes[index % this.#nodes.length] as StartedRuntime;
  }

  async take(step: Step): Promise<void> {
    const { clock, network } = this.#world;
    switch (step.do) {
      case "trigger":
        for (let count = 0; count < step.many; count++) {
          trigger(this.#node(step.at), this.definitions[step.of % this.definitions.length] ?? "").catch(() => {});
        }
        break;
      case "wait":
        await clock.advance(step.ms);
        break;
      case "fault":
        if (step.how === "lose") network.lose({ says: step.says }, step.times);
        else if (step.how === "double") network.double({ says: step.says }, step.times);
        else network.delay({ says: step.says }, step.ms, step.times);
        break;
      case "part":
        network.part(nameOf(this.#node(step.one)), nameOf(this.#node(step.other)));
        break;
      case "clear":
        network.clear();
        break;
      case "connect":
        if (this.#workers.length < 6) await this.#connect(step.at, step.slots, step.workMs, []);
        break;
      case "move": {
        const [moving] = this.#workers.splice(step.which % Math.max(1, this.#workers.length), 1);
        if (moving !== undefined) await this.#move(moving, step.at);
        break;
      }
      case "die": {
        const [dead] = this.#workers.splice(step.which % Math.max(1, this.#workers.length), 1);
        dead?.worker.leave();
        break;
      }
      case "terminate": {
        const id = this.definitions[step.which % this.definitions.length] ?? "";
        const running = (await instancesOf(this.#world, id)).filter(({ state }) => !isFinal(state));
        const one = running[step.which % Math.max(1, running.length)];
        if (one !== undefined) {
          this.#node(step.at)
            .instances.cancel(one.id, { reason: "", terminate: true })
            .catch(() => {});
        }
        break;
      }
      case "restart": {
        const index = step.at % this.#nodes.length;
        const name = nameOf(this.#node(index));
        await this.#node(index).crash();
        this.#nodes[index] = await this.#world.join(name);
        const homeless = this.#workers.filter(({ node }) => node === index);
        this.#workers = this.#workers.filter(({ node }) => node !== index);
        for (const each of homeless) await this.#move(each, index + 1);
        break;
      }
      case "drain": {
        const node = this.#node(step.at);
        node.cluster.drain(nameOf(node), step.draining).catch(() => {});
        break;
      }
      default:
        step satisfies never;
    }
  }

  async #move({ worker, slots, workMs }: Workplace, to: number): Promise<void> {
    const running = worker.leave();
    await this.#connect(to, slots, workMs, running);
  }

  async #connect(node: number, slots: number, workMs: number, running: readonly string[]): Promise<void> {
    const { clock } = this.#world;
    const index = node % this.#nodes.length;
    const opening = aBusyWorker(this.#node(index), { clock, slots, workMs, running });
    await clock.advance(1100);
    const place = { worker: await opening, node: index, slots, workMs };
    this.#workers.push(place);
    this.everybody.push(place);
  }

  /** Nothing goes wrong any more, and there are workers enough. */
  async end(): Promise<void> {
    const { clock, network } = this.#world;
    network.clear();
    for (const node of this.#nodes) await node.cluster.drain(nameOf(node), false);
    await clock.advance(20_000);
    await this.#connect(0, 3, 5, []);
    await clock.advance(100_000);
  }

  /** What each worker gets when there is work for all of their slots at once, beside its slots; for each definition. */
  async fill(): Promise<readonly { readonly got: readonly number[]; readonly slots: readonly number[] }[]> {
    const { clock } = this.#world;
    const filled: { readonly got: readonly number[]; readonly slots: readonly number[] }[] = [];
    const slots = this.#workers.reduce((sum, each) => sum + each.slots, 0);
    for (const place of this.#workers) place.worker.rests = true;
    for (const id of this.definitions) {
      const made = await Promise.all(Array.from({ length: slots }, () => trigger(this.#node(0), id)));
      await clock.advance(100);
      filled.push({
        got: this.#workers.map(({ worker }) => worker.has.size),
        slots: this.#workers.map((each) => each.slots),
      });
      await Promise.all(
        made.map(({ id: each }) => this.#node(0).instances.cancel(each, { reason: "", terminate: true })),
      );
      await clock.advance(100);
    }
    return filled;
  }
}

describe("workers of all nodes", () => {
  it.each([2, 3])(
    "never have more than their slots, nothing twice, and all slots free in the end (%i nodes)",
    async (count) => {
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 60, size: "max" }), async (taken) => {
          const { cluster, end } = await makeCluster(count);
          try {
            const play = new Play(cluster);
            await play.begin();
            for (const each of taken) await play.take(each);
            await play.end();
            for (const { worker, slots } of play.everybody) {
              expect(worker.most).toBeLessThanOrEqual(slots);
              expect(worker.twice).toEqual([]);
            }
            for (const id of play.definitions) {
              expect((await instancesOf(cluster, id)).filter(({ state }) => !isFinal(state))).toEqual([]);
              await expectSound(cluster, id);
            }
            for (const { got, slots } of await play.fill()) expect(got).toEqual(slots);
            expect(cluster.log.lines.filter(({ level }) => level === "error")).toEqual([]);
          } finally {
            await end();
          }
        }),
        { seed: 11, numRuns: 15, endOnFailure: true },
      );
    },
  );
});
