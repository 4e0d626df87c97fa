/**
 * All platforms and their triggers, as the store has them: whoever decides about an event must know them, whichever node has their actors.
 *
 * Who asks gets what was read after it asked: a trigger that was created before an event was reported is heeded. Callers that come while one read is
 * under way share the next.
 */
import type { Subscriber } from "../../actors/session/pushes.ts";
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import { platformOfState } from "../../domain/platform/platform.ts";
import type { PlatformTrigger } from "../../domain/platform/trigger.ts";
import { triggerOfState } from "../../domain/platform/trigger-state.ts";
import type { Connector } from "../../ports/platform/connector.ts";
import type { ActorKind, ActorStateRecord, ActorStateStore } from "../../ports/store/actor-states.ts";
import { Reader } from "../reader.ts";

const PAGE = 500;
/** A chain of platforms that stand in for each other is no longer. */
const MAX_HOPS = 8;

export class Directory {
  readonly #store: ActorStateStore;
  readonly #connectors: ReadonlyMap<string, Connector>;
  readonly #reader: Reader<PlatformList>;

  constructor(store: ActorStateStore, connectors: ReadonlyMap<string, Connector>) {
    this.#store = store;
    this.#connectors = connectors;
    this.#reader = new Reader(async (ids) => {
      const list = await this.#read();
      return new Map(ids.map((id) => [id, list]));
    });
  }

  async current(): Promise<PlatformList> {
    const list = await this.#reader.get("all");
    if (list === null) {
      throw new Error("a reading of all platforms gave none");
    }
    return list;
  }

  async #read(): Promise<PlatformList> {
    const [platforms, triggers] = await Promise.all([this.#all("platform"), this.#all("trigger")]);
    return new PlatformList(
      platforms.map(({ id, shard, state }) => platformOfState(id, shard, state)),
      triggers.map(({ id, state }) => triggerOfState(id, state)),
      this.#connectors,
    );
  }

  async #all(kind: ActorKind): Promise<readonly ActorStateRecord[]> {
    const rows: ActorStateRecord[] = [];
    for (;;) {
      const page = await this.#store.list(kind, { prefix: "" }, rows.at(-1)?.id ?? "", PAGE);
      rows.push(...page);
      if (page.length < PAGE) {
        return rows;
      }
    }
  }
}

export class PlatformList {
  readonly #platforms: ReadonlyMap<string, PlatformRecord>;
  readonly #triggers: readonly PlatformTrigger[];
  readonly #connectors: ReadonlyMap<string, Connector>;
  #subscribers: readonly Subscriber[] | null = null;

  constructor(
    platforms: readonly PlatformRecord[],
    triggers: readonly PlatformTrigger[],
    connectors: ReadonlyMap<string, Connector>,
  ) {
    this.#connectors = connectors;
    this.#platforms = new Map(platforms.map((platform) => [platform.id, platform]));
    this.#triggers = triggers;
  }

  get(id: string): PlatformRecord | undefined {
    return this.#platforms.get(id);
  }

  all(): readonly PlatformRecord[] {
    return [...this.#platforms.values()];
  }

  /**
   * The platform that is told what is for this one (融合平台, R-006, R-073): itself, or the one that it stands for. The one place where that is found, for
   * events, manual pushes, batches, sweeps and retries alike. Undefined: there is none.
   */
  resolve(id: string): PlatformRecord | undefined {
    let platform = this.#platforms.get(id);
    for (let hops = 0; platform !== undefined && platform.standsFor !== null; hops++) {
      platform = hops === MAX_HOPS ? undefined : this.#platforms.get(platform.standsFor);
    }
    return platform;
  }

  /** Triggers whose events go to this platform in the end. Those of one that is disabled bring nothing about. */
  triggersFor(id: string): readonly PlatformTrigger[] {
    return this.subscribers().find((subscriber) => subscriber.id === id)?.triggers ?? [];
  }

  /** Who hears of events. */
  subscribers(): readonly Subscriber[] {
    this.#subscribers ??= this.#subscribe();
    return this.#subscribers;
  }

  #subscribe(): readonly Subscriber[] {
    const triggers = new Map<string, PlatformTrigger[]>();
    for (const trigger of this.#triggers) {
      const asked = this.#platforms.get(trigger.platformId);
      const told = asked?.enabled === true ? this.resolve(asked.id) : undefined;
      if (told?.enabled === true) {
        triggers.set(told.id, [...(triggers.get(told.id) ?? []), trigger]);
      }
    }
    return [...triggers].map(([id, its]) => {
      const listed = this.#listedBy(id);
      return { id, enabled: true, triggers: its, ...(listed === null ? {} : { listed }) };
    });
  }

  /** Actions that the settings of a platform let through; null: it has no such setting. */
  #listedBy(id: string): ReadonlySet<string> | null {
    const platform = this.#platforms.get(id);
    const spec = this.#connectors.get(platform?.connector ?? "")?.settings.find(({ name }) => name === "events");
    const events = platform?.settings["events"] ?? spec?.default;
    return Array.isArray(events) ? new Set(events.map(String)) : null;
  }
}
