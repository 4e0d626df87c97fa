/** Actors in memory, of this node and of all others, for people who look. */
import type { Clock } from "../../ports/clock.ts";
import type { ActorView } from "../api.ts";
import type { Queues } from "../queues.ts";
import type { InstanceResident, Residents, SupervisorResident } from "../residents.ts";
import type { Cluster } from "./cluster.ts";

const ANSWER_MS = 2000;

export class Actors {
  readonly #clock: Clock;
  readonly #cluster: Cluster;
  readonly #residents: Residents;
  readonly #served: () => readonly ActorView[];
  readonly #queues: Queues;
  readonly #nodeId: string;

  constructor(deps: {
    clock: Clock;
    cluster: Cluster;
    residents: Residents;
    /** Destinations, platforms and locks. */
    served: () => readonly ActorView[];
    queues: Queues;
    nodeId: string;
  }) {
    this.#clock = deps.clock;
    this.#cluster = deps.cluster;
    this.#residents = deps.residents;
    this.#served = deps.served;
    this.#queues = deps.queues;
    this.#nodeId = deps.nodeId;
    this.#cluster.link.answer("actors", async (_, { limit }) => this.#here(limit));
    this.#cluster.link.answer("actor", async (_, { id }) => this.#called(id));
  }

  /** A node that does not answer is left out. */
  async list(limit: number): Promise<readonly ActorView[]> {
    const elsewhere = await Promise.all(
      this.#cluster.membership.others.map(({ node }) =>
        this.#cluster.link.ask(node, "actors", { limit }, ANSWER_MS).catch((): readonly ActorView[] => []),
      ),
    );
    return [...this.#here(limit), ...elsewhere.flat()];
  }

  async find(id: string): Promise<{ readonly actors: readonly ActorView[]; readonly silent: readonly string[] }> {
    const silent: string[] = [];
    const elsewhere = await Promise.all(
      this.#cluster.membership.others.map(({ node }) =>
        this.#cluster.link.ask(node, "actor", { id }, ANSWER_MS).catch((): readonly ActorView[] => {
          silent.push(node);
          return [];
        }),
      ),
    );
    return { actors: [...this.#called(id), ...elsewhere.flat()], silent };
  }

  #here(limit: number): readonly ActorView[] {
    const views = [...this.#queueViews(), ...this.#served()];
    for (const resident of this.#residents.supervisors.values()) {
      if (views.length >= limit) {
        break;
      }
      views.push(this.#viewOf(resident));
    }
    for (const resident of this.#residents.instances.values()) {
      if (views.length >= limit) {
        break;
      }
      views.push(this.#viewOf(resident));
    }
    return views.slice(0, limit);
  }

  #called(id: string): readonly ActorView[] {
    const residents = [this.#residents.supervisors.get(id), this.#residents.instances.get(id)];
    return [
      ...[...this.#queueViews(), ...this.#served()].filter((view) => view.id === id),
      ...residents.flatMap((resident) => (resident === undefined ? [] : this.#viewOf(resident))),
    ];
  }

  #queueViews(): ActorView[] {
    const none = { shard: null, state: "", idleMs: 0, wakeAt: null };
    return this.#queues.view().map(({ name, waiting, freeSlots }): ActorView => {
      return { kind: "queue", id: name, nodeId: this.#nodeId, ...none, waiting, freeSlots };
    });
  }

  #viewOf(resident: SupervisorResident | InstanceResident): ActorView {
    const { kind, id, shard, usedAt, deadlineAt } = resident;
    return {
      kind,
      id,
      nodeId: this.#nodeId,
      shard,
      state: resident.kind === "supervisor" ? resident.definition.state : resident.record.state,
      idleMs: Math.max(0, Math.round(this.#clock.monotonic() - usedAt)),
      wakeAt: deadlineAt,
      waiting: resident.kind === "supervisor" ? resident.instances : 0,
      freeSlots: 0,
    };
  }
}
