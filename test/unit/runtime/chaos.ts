/** Everything that can happen to a few definitions at once, thrown by dice. */
import fc from "fast-check";
import type { OverlapPolicy } from "../../../src/domain/policy/overlap.ts";
import type { StartedRuntime, WorkerSession } from "../../../src/runtime/index.ts";
import { BOOM, aDiligentWorker, instancesOf } from "./given.ts";
import type { Given } from "./given.ts";

export const POLICIES: OverlapPolicy[] = [
  "SKIP",
  "BUFFER_ONE",
  "BUFFER_ALL",
  "CANCEL_OTHER",
  "TERMINATE_OTHER",
  "ALLOW_ALL",
];

const COMMANDS = [
  "trigger",
  "batch",
  "backfill",
  "pause",
  "resume",
  "update",
  "cancelInstance",
  "retry",
  "pauseInstance",
  "resumeInstance",
  "report",
  "report",
  "poll",
] as const;
const FAULTS = ["crash", "drain", "before", "after", "away", "hold", "worker", "turn", "turn", "turn"] as const;

interface Step {
  readonly kind: (typeof COMMANDS)[number] | (typeof FAULTS)[number];
  readonly ms: number;
  readonly dice: number;
}

export const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom(...COMMANDS, ...FAULTS),
    ms: fc.integer({ min: 0, max: 4000 }),
    dice: fc.nat(10_000),
  }),
  { minLength: 10, maxLength: 60 },
);

/** Callers, workers, nodes and the store, one throw of the dice after the other. */
export class Chaos {
  readonly #world: Given;
  readonly #ids: readonly string[];
  readonly #tokens: string[] = [];
  readonly #pending: Promise<unknown>[] = [];
  readonly #sessions: WorkerSession[] = [];
  #node: StartedRuntime;
  #nodes = 0;

  constructor(world: Given, ids: readonly string[]) {
    this.#world = world;
    this.#ids = ids;
    this.#node = world.node;
  }

  get node(): StartedRuntime {
    return this.#node;
  }

  async step({ kind, ms, dice }: Step): Promise<void> {
    const { store, clock } = this.#world;
    const id = this.#ids[dice % this.#ids.length] ?? "";
    switch (kind) {
      case "crash":
        await this.#node.crash();
        // Whoever waits for a process that died hears nothing from it.
        this.#pending.length = 0;
        await this.#next();
        break;
      case "drain": {
        const drained = this.#node.drain();
        await clock.advance(3000);
        await drained;
        await this.#next();
        break;
      }
      case "before":
        store.failBeforeCommit(1 + (dice % 3));
        break;
      case "after":
        store.failAfterCommit(1 + (dice % 3));
        break;
      case "away":
        store.goAway();
        await clock.advance(dice);
        store.comeBack();
        break;
      case "hold": {
        const hold = store.holdCommits();
        await this.#command("trigger", id, dice);
        await this.#command("report", id, dice);
        await clock.advance(dice % 5000);
        hold.release();
        break;
      }
      case "worker":
        await this.#worker(dice);
        break;
      case "turn":
        break;
      default:
        await this.#command(kind, id, dice);
    }
    await clock.advance(ms);
  }

  /** Everybody comes back, nothing fails any more, and time goes on: all that was accepted comes to its end. */
  async settle(): Promise<void> {
    const { clock, store } = this.#world;
    store.failBeforeCommit(0);
    store.failAfterCommit(0);
    await clock.advance(10_000);
    for (const id of this.#ids) await this.#node.definitions.pause(id, { reason: "" });
    for (const session of this.#sessions) session.setSlots(0);
    await aDiligentWorker(this.#node, { slots: 20 });
    for (const id of this.#ids) {
      for (const instance of await instancesOf(this.#world, id)) {
        if (instance.state === "PAUSED") await this.#node.instances.resume(instance.id, {}).catch(() => {});
      }
    }
    await clock.advance(120_000);
    await Promise.allSettled(this.#pending);
  }

  async #next(): Promise<void> {
    this.#node = await this.#world.start(`n${++this.#nodes}`, OPTIONS);
  }

  async #worker(dice: number): Promise<void> {
    const running = dice % 3 === 0 ? this.#tokens.slice(-2) : [];
    const open = this.#node.workers.open(
      { queue: "agents", workerId: `w${dice}`, slots: 1 + (dice % 3), running },
      {
        assign: (assignments) => this.#tokens.push(...assignments.map(({ token }) => token)),
        signal: () => {},
        drain: () => {},
      },
    );
    const session = await open.catch(() => null);
    if (session !== null) this.#sessions.push(session);
    if (session !== null && dice % 2 === 0) this.#world.clock.schedule(dice, () => session.close());
  }

  async #command(kind: (typeof COMMANDS)[number], id: string, dice: number): Promise<void> {
    const { definitions, instances, workers } = this.#node;
    const all = await instancesOf(this.#world, id);
    const instance = all[dice % Math.max(1, all.length)]?.id ?? "none";
    const overrides = {
      ...(dice % 3 === 0 ? { orderingKey: `o${dice % 2}` } : {}),
      ...(dice % 5 === 0 ? { concurrency: { key: "c", limit: 1 + (dice % 2) } } : {}),
      ...(dice % 4 === 0
        ? {
            uniqueKey: {
              key: `u${dice % 3}`,
              onConflict: (["REJECT", "USE_EXISTING", "CANCEL_EXISTING"] as const)[dice % 3] ?? "REJECT",
            },
          }
        : {}),
    };
    const requestId = dice % 7 === 0 ? { requestId: `r${dice % 20}` } : {};
    const token = this.#tokens[dice % Math.max(1, this.#tokens.length)] ?? "none";
    const commands: Record<(typeof COMMANDS)[number], () => Promise<unknown>> = {
      trigger: () => definitions.trigger(id, { overrides, ignoreOverlap: dice % 2 === 0, ...requestId }),
      batch: () =>
        definitions.batchTrigger(id, {
          items: [{ overrides }, { overrides: {} }, { overrides, ...requestId }],
          atomic: dice % 2 === 0,
        }),
      backfill: () =>
        definitions.backfill(id, {
          from: this.#world.clock.now() - 30_000,
          to: this.#world.clock.now(),
          validateOnly: false,
          ...requestId,
        }),
      pause: () => definitions.pause(id, { reason: "r" }),
      resume: () => definitions.resume(id, {}),
      update: () =>
        definitions.update(id, {
          change: (spec) => ({
            ...spec,
            overlapPolicy: POLICIES[dice % POLICIES.length] ?? "SKIP",
            maxConcurrent: dice % 4,
            content: `${dice}`,
          }),
        }),
      cancelInstance: () => instances.cancel(instance, { reason: "r", terminate: dice % 2 === 0 }),
      retry: () => instances.retry(instance, requestId),
      pauseInstance: () => instances.pause(instance, { reason: "r" }),
      resumeInstance: () => instances.resume(instance, {}),
      report: () =>
        dice % 3 === 0
          ? workers.fail(token, { error: BOOM, retryable: dice % 2 === 0 })
          : dice % 3 === 1
            ? workers.complete(token, null)
            : workers.heartbeat(token, {}),
      poll: () =>
        workers.poll(
          { queue: "agents", workerId: "p", waitMs: dice },
          dice % 5 === 0 ? AbortSignal.abort() : undefined,
        ),
    };
    this.#pending.push(commands[kind]().catch(() => {}));
  }
}

/** Small bounds, so that they are met. */
export const OPTIONS = { queueFront: 3, idleMs: 2000, residentLimit: 20, readAheadMs: 2000 };
