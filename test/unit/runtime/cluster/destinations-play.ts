/** A play of steps on a cluster: what was accepted, and whether any destination got more than it may. */
import { defaultTimeoutsOf } from "../../../../src/domain/action.ts";
import { DEFAULT_BREAKER_SETTINGS } from "../../../../src/domain/breaker.ts";
import { isFinal } from "../../../../src/domain/instance/instance.ts";
import type { DestinationSettings } from "../../../../src/domain/webhook/destination.ts";
import { dispatchDefinitionId } from "../../../../src/domain/webhook/origin.ts";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { aWebhook, dispatch } from "../destinations-given.ts";
import { aRetry, instancesOf, trigger } from "../given.ts";
import { aDefinitionOf, nameOf } from "./given.ts";
import type { DispatchingCluster } from "./destinations-given.ts";
import { Receivers } from "./destinations-receivers.ts";
import { ORIGINS } from "./destinations-steps.ts";
import type { Step } from "./destinations-steps.ts";

/** What one destination may bear, as a caller was last told. */
interface Limit {
  readonly maxConcurrent: number;
  readonly perSecond: number | null;
}

const UNLIMITED: Limit = { maxConcurrent: 100, perSecond: null };
const BURST = 2;

const RETRY = aRetry({ maxRetries: 30, initialDelayMs: 1000, factor: 2, maxDelayMs: 8000 });
const BREAKER = { ...DEFAULT_BREAKER_SETTINGS, openMs: 10_000, maxOpenMs: 40_000 };

export class Play {
  readonly #world: DispatchingCluster;
  readonly #nodes: StartedRuntime[];
  readonly receivers: Receivers;
  readonly definitions: string[] = [];
  /** Ids that a caller was told. */
  readonly accepted = new Set<string>();
  readonly limits = new Map<string, Limit>();
  /** Requests at a time that were more than the limit. Only looked at while each destination stays where it is. */
  readonly excesses: string[] = [];
  readonly #checks: boolean;

  constructor(world: DispatchingCluster, checks: boolean) {
    this.#world = world;
    this.#nodes = [...world.nodes];
    this.#checks = checks;
    this.receivers = new Receivers(world, (token) => this.#report(token));
    world.webhooks.send = (request, signal) => this.receivers.send(request, signal);
  }

  async begin(): Promise<void> {
    for (const [index, origin] of ORIGINS.entries()) {
      const action = aWebhook({ url: `${origin}/hook` });
      this.definitions.push(
        await aDefinitionOf(this.#node(index), { action, retry: RETRY, timeouts: defaultTimeoutsOf(action) }),
      );
      this.limits.set(origin, UNLIMITED);
      await this.#node(0).destinations.update(origin, { change: { breaker: BREAKER } });
    }
  }

  #node(index: number): StartedRuntime {
    return this.#nodes[index % this.#nodes.length] as StartedRuntime;
  }

  /** What a receiver does that is asked to report: again until it is heard. */
  #report(token: string, tries = 0): void {
    this.#node(tries)
      .workers.complete(token, null)
      .catch((error: unknown) => {
        const { reason } = error as { readonly reason?: string };
        if (reason !== "STALE_ATTEMPT" && tries < 200) {
          this.#world.clock.schedule(500, () => this.#report(token, tries + 1));
        }
      });
  }

  async take(step: Step): Promise<void> {
    const { clock, network } = this.#world;
    switch (step.do) {
      case "dispatch":
        for (let count = 0; count < step.many; count++) this.#dispatch(step.at, ORIGINS[step.to] ?? "", step.key);
        break;
      case "trigger":
        for (let count = 0; count < step.many; count++) {
          trigger(this.#node(step.at), this.definitions[step.to] ?? "").then(
            ({ id }) => this.accepted.add(id),
            () => {},
          );
        }
        break;
      case "wait":
        await clock.advance(step.ms);
        break;
      case "mood":
        this.receivers.moods.set(ORIGINS[step.of] ?? "", step.mood);
        break;
      case "limit":
        await this.#limit(step);
        break;
      case "isolate":
        this.#node(step.at)
          .destinations.isolate(ORIGINS[step.of] ?? "", { reason: "works" })
          .catch(() => {});
        break;
      case "reset":
        this.#node(step.at)
          .destinations.reset(ORIGINS[step.of] ?? "", {})
          .catch(() => {});
        break;
      case "end": {
        const id = await this.#one(step);
        if (id !== null) {
          this.#node(step.at)
            .instances.cancel(id, { reason: "no", terminate: step.terminate })
            .catch(() => {});
        }
        break;
      }
      case "pause": {
        const id = await this.#one(step);
        if (id !== null) await this.#pause(step.at, id);
        break;
      }
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
      case "restart": {
        const index = step.at % this.#nodes.length;
        const name = nameOf(this.#node(index));
        await this.#node(index).crash();
        this.#nodes[index] = await this.#world.join(name);
        break;
      }
      case "stall":
        await this.#world.stall(nameOf(this.#node(step.at)), step.ms);
        break;
      case "drain": {
        const node = this.#node(step.at);
        node.cluster.drain(nameOf(node), step.draining).catch(() => {});
        break;
      }
      default:
        step satisfies never;
    }
    this.#check();
  }

  #dispatch(from: number, origin: string, key: string): void {
    dispatch(this.#node(from), {
      action: { url: `${origin}/hook`, callback: key === "callback" ? { timeoutMs: 20_000 } : null },
      retry: RETRY,
      ...(key === "ordered" ? { orderingKey: "k" } : {}),
      ...(key === "newest" ? { supersedeKey: "k" } : {}),
    }).then(
      ({ id }) => this.accepted.add(id),
      () => {},
    );
  }

  async #one({ of: number, which }: { readonly of: number; readonly which: number }): Promise<string | null> {
    const definition = dispatchDefinitionId(ORIGINS[number] ?? "");
    const open = (await instancesOf(this.#world, definition)).filter(({ state }) => !isFinal(state));
    return open[which % Math.max(1, open.length)]?.id ?? null;
  }

  async #pause(from: number, id: string): Promise<void> {
    this.#node(from)
      .instances.pause(id, { reason: "wait" })
      .catch(() => {});
    await this.#world.clock.advance(3000);
    this.#resume(id, from);
  }

  #resume(id: string, from = 0): void {
    this.#node(from)
      .instances.resume(id, {})
      .catch(() => {});
  }

  async #limit({ at: from, of: number, maxConcurrent, rate }: Extract<Step, { do: "limit" }>): Promise<void> {
    const { clock } = this.#world;
    const origin = ORIGINS[number] ?? "";
    const perSecond = rate ? 0.5 : null;
    const change: Partial<DestinationSettings> = {
      maxConcurrent,
      rate: perSecond === null ? null : { perSecond, burst: BURST },
    };
    const changed = this.#node(from)
      .destinations.update(origin, { change })
      .then(
        () => true,
        () => false,
      );
    await clock.advance(this.#checks ? 100 : 0);
    if (this.#checks && (await changed)) {
      // What is under way goes on.
      await clock.advance(40_000);
      this.receivers.most.delete(origin);
      this.receivers.came.delete(origin);
      this.limits.set(origin, { maxConcurrent, perSecond });
    }
  }

  #check(): void {
    if (!this.#checks) return;
    for (const [origin, { maxConcurrent, perSecond }] of this.limits) {
      const most = this.receivers.most.get(origin) ?? 0;
      if (most > maxConcurrent) this.excesses.push(`${origin}: ${most} at a time, not ${maxConcurrent}`);
      const came = this.receivers.came.get(origin) ?? [];
      for (const [index, time] of perSecond === null ? [] : came.entries()) {
        const first = came[index - BURST];
        // So many in a row take at least as long as a token takes to come.
        if (perSecond !== null && first !== undefined && time - first < 1000 / perSecond - 1) {
          this.excesses.push(`${origin}: ${BURST + 1} within ${time - first} ms`);
        }
      }
    }
  }

  /** Everybody is well from now on. */
  async end(): Promise<void> {
    const { clock, network } = this.#world;
    network.clear();
    this.receivers.moods.clear();
    for (const node of this.#nodes) await node.cluster.drain(nameOf(node), false);
    await clock.advance(30_000);
    this.#check();
    for (const origin of ORIGINS) {
      // Only what takes a caller: the rest must come by itself.
      const [{ record }] = await Promise.all([this.#node(0).destinations.get(origin), clock.advance(100)]);
      if (record.breaker.state === "ISOLATED" || record.disabled !== null) {
        await Promise.all([this.#node(0).destinations.reset(origin, {}), clock.advance(100)]);
      }
    }
    for (const definition of [...this.definitions, ...ORIGINS.map(dispatchDefinitionId)]) {
      // Whose resume came before the pause, or not at all.
      const paused = (await instancesOf(this.#world, definition)).filter(({ state }) => state === "PAUSED");
      for (const { id } of paused) this.#resume(id);
    }
    await clock.advance(600_000);
    this.#check();
  }
}
