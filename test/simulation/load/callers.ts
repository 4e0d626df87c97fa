/** Callers that ask any node for anything, at any time, and repeat what they may repeat. */
import type { DefinitionSpec } from "../../../src/domain/definition/definition.ts";
import { isSystemDefinition } from "../../../src/domain/definition/system-definition.ts";
import { BelfryError } from "../../../src/domain/error.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import type { StartedRuntime } from "../../../src/runtime/runtime.ts";
import type { DefinitionView } from "../../../src/runtime/index.ts";
import type { Promises } from "../audit/promises.ts";
import type { Records } from "../audit/records.ts";
import type { Cluster } from "../world/cluster.ts";
import type { Dice } from "../world/dice.ts";
import { WORLD_START_AT } from "../world/machine-clock.ts";
import type { Scheduler } from "../world/scheduler.ts";
import type { RemoteCalls } from "./remote-call.ts";
import { POLICIES, aScheduleByChance, aSpec, overridesOf } from "./specs.ts";
import { TRIES, Tries, isTransient } from "./tries.ts";

type Operation = () => Promise<unknown>;

export class Callers {
  readonly #time: Scheduler;
  readonly #dice: Dice;
  readonly #tries: Tries;
  readonly #records: Records;
  readonly #promises: Promises;
  readonly #origins: readonly string[];
  readonly #operations: readonly Operation[];
  #number = 0;
  /** Operations whose caller still tries. */
  underWay = 0;
  done = 0;

  constructor(deps: {
    readonly time: Scheduler;
    readonly dice: Dice;
    readonly cluster: Cluster;
    readonly calls: RemoteCalls;
    readonly records: Records;
    readonly promises: Promises;
    readonly origins: readonly string[];
  }) {
    this.#time = deps.time;
    this.#dice = deps.dice;
    this.#tries = new Tries(deps);
    this.#records = deps.records;
    this.#promises = deps.promises;
    this.#origins = deps.origins;
    const often = (operation: Operation, times: number): Operation[] => Array.from({ length: times }, () => operation);
    this.#operations = [
      ...often(() => this.#trigger(), 8),
      ...often(() => this.#batch(), 2),
      ...often(() => this.#onInstance(), 7),
      ...often(() => this.#onDefinition(), 4),
      ...often(() => this.#update(), 2),
      ...often(() => this.#backfill(), 1),
      ...often(() => this.create(), 1),
      ...often(() => this.#compound(), 1),
      ...often(() => this.#drainForAWhile(), 1),
    ];
  }

  /** Does something, now and again until `until`. */
  keepCalling(everyMs: number, until: number): void {
    if (this.#time.now >= until) {
      return;
    }
    const operation = this.#dice.oneOf(this.#operations);
    if (operation !== undefined) {
      this.#run(operation);
    }
    this.#time.after(this.#dice.wait(everyMs), () => this.keepCalling(everyMs, until));
  }

  #run(operation: Operation): void {
    this.underWay++;
    void operation().finally(() => {
      this.underWay--;
      this.done++;
    });
  }

  /** Makes a definition, and does not give up. */
  begin(): void {
    this.#run(async () => {
      for (let made = false; !made;) {
        made = await this.create(`first-${this.#number++}`);
      }
    });
  }

  async create(requestId = this.#requestId()): Promise<boolean> {
    const dice = this.#dice;
    const wanted = dice.chance(0.5) ? { id: `definition-${dice.integer(12)}` } : {};
    const command = {
      ...wanted,
      spec: aSpec(dice, this.#now, this.#origins),
      startPaused: dice.chance(0.1),
      ...(requestId === undefined ? {} : { requestId }),
    };
    const answer = await this.#tries.make(
      "CreateDefinition",
      requestId !== undefined,
      ({ definitions }) => definitions.create(command),
      ({ definition }) => this.#promises.definition("CreateDefinition", definition.id, definition.revision),
    );
    return answer.kind === "ok" || (answer.kind === "refused" && answer.error.reason === "ID_TAKEN");
  }

  async #trigger(): Promise<void> {
    const dice = this.#dice;
    const id = this.#someDefinition();
    const isHeld = dice.chance(0.6);
    const requestId = this.#requestId();
    const overridesDice = dice.fork(`overrides ${this.#number}`);
    // Without a request id each try asks for an instance of its own.
    for (let tries = 0; tries < TRIES; tries++) {
      const tag = requestId ?? `call-${this.#number++}`;
      this.#promises.ask(tag);
      const command = {
        overrides: overridesOf(overridesDice, tag, isHeld),
        ignoreOverlap: !isHeld,
        ...(requestId === undefined ? {} : { requestId }),
      };
      const answer = await this.#tries.make(
        `TriggerDefinition ${id} ${tag}`,
        requestId !== undefined,
        ({ definitions }) => definitions.trigger(id, command),
        ({ instance, existing }) => this.#promises.made(tag, instance, existing),
        (failed, askedAt) => this.#tries.heardOf(tag, failed, askedAt),
      );
      if (answer.kind === "ok" || requestId !== undefined || !isTransient(answer)) {
        return;
      }
    }
  }

  async #batch(): Promise<void> {
    const dice = this.#dice;
    const id = this.#someDefinition();
    const atomic = dice.chance(0.5);
    const tags = Array.from({ length: dice.whole(1, 4) }, () => `item-${this.#number++}`);
    const items = tags.map((tag) => {
      const { uniqueKey, ...overrides } = overridesOf(dice, tag, false);
      const isRepeatable = !atomic && dice.chance(0.3);
      return {
        overrides: { ...overrides, ...(atomic || uniqueKey === undefined ? {} : { uniqueKey }) },
        ...(isRepeatable ? { requestId: tag } : {}),
      };
    });
    for (const tag of tags) {
      this.#promises.ask(tag, atomic ? tags : []);
    }
    await this.#tries.make(
      `BatchTriggerDefinition ${id} ${tags.join()}`,
      false,
      ({ definitions }) => definitions.batchTrigger(id, { items, atomic }),
      (results) => {
        for (const [index, result] of results.entries()) {
          const tag = tags[index] ?? "";
          if (result instanceof BelfryError) {
            this.#promises.refused(tag, result.reason);
          } else {
            this.#promises.made(tag, result.instance, result.existing);
          }
        }
      },
      (failed, askedAt) => {
        for (const tag of tags) {
          this.#tries.heardOf(tag, failed, askedAt);
        }
      },
    );
  }

  async #onInstance(): Promise<void> {
    const dice = this.#dice;
    const id = this.#someInstance();
    const requestId = this.#requestId();
    const repeated = requestId === undefined ? {} : { requestId };
    const terminate = dice.chance(0.3);
    const [name, run] = dice.pick<readonly [string, (runtime: StartedRuntime) => Promise<InstanceRecord>]>([
      ["CancelInstance", ({ instances }) => instances.cancel(id, { reason: "unwanted", terminate, ...repeated })],
      ["RetryInstance", ({ instances }) => instances.retry(id, repeated)],
      ["PauseInstance", ({ instances }) => instances.pause(id, { reason: "held", ...repeated })],
      ["ResumeInstance", ({ instances }) => instances.resume(id, repeated)],
    ]);
    await this.#tries.make(`${name} ${id}`, requestId !== undefined, run, (record) =>
      this.#promises.instance(name, record),
    );
  }

  async #onDefinition(): Promise<void> {
    const dice = this.#dice;
    const id = this.#someDefinition();
    const requestId = this.#requestId();
    const repeated = requestId === undefined ? {} : { requestId };
    const [cancelRunning, terminate] = [dice.chance(0.5), dice.chance(0.5)];
    const resume = ["ResumeDefinition", ({ definitions }: StartedRuntime) => definitions.resume(id, repeated)] as const;
    const [name, run] = dice.pick<
      readonly [string, (runtime: StartedRuntime) => Promise<DefinitionView | null | void>]
    >([
      ["PauseDefinition", ({ definitions }) => definitions.pause(id, { reason: "held", ...repeated })],
      resume,
      resume,
      resume,
      [
        "CancelDefinition",
        ({ definitions }) => definitions.cancel(id, { reason: "unwanted", cancelRunning, terminate, ...repeated }),
      ],
      ["DeleteDefinition", ({ definitions }) => definitions.delete(id, repeated)],
    ]);
    await this.#tries.make(`${name} ${id}`, requestId !== undefined, run, (view: DefinitionView | null | void) => {
      if (view === undefined || view === null) {
        // A repetition may be answered long after, when there is another definition of that id.
        if (requestId === undefined) {
          this.#promises.deleted(id);
        }
      } else {
        this.#promises.definition(name, id, view.definition.revision);
      }
    });
  }

  async #update(): Promise<void> {
    const dice = this.#dice;
    const id = this.#someDefinition();
    if (isSystemDefinition(id)) {
      // The API refuses it.
      return;
    }
    const change = dice.pick<Partial<DefinitionSpec>>([
      { overlapPolicy: dice.pick(POLICIES), maxConcurrent: dice.integer(3) },
      { overlapPolicy: dice.pick(POLICIES) },
      { schedule: aScheduleByChance(dice, this.#now) },
      { priority: dice.pick([1, 2, 3, 4]) },
    ]);
    await this.#tries.make(
      `UpdateDefinition ${id} ${JSON.stringify(change)}`,
      false,
      ({ definitions }) => definitions.update(id, { change: (spec) => ({ ...spec, ...change }) }),
      ({ definition }) => this.#promises.definition("UpdateDefinition", id, definition.revision),
    );
  }

  async #backfill(): Promise<void> {
    const id = this.#someDefinition();
    const requestId = this.#requestId();
    const to = this.#now - this.#dice.integer(8000);
    const from = to - this.#dice.whole(500, 8000);
    await this.#tries.make(`BackfillDefinition ${id}`, requestId !== undefined, ({ definitions }) =>
      definitions.backfill(id, {
        from,
        to,
        validateOnly: false,
        ...(requestId === undefined ? {} : { requestId }),
      }),
    );
  }

  /** A command made of others, under one request id: whoever repeats it hears the first answer. */
  async #compound(): Promise<void> {
    const requestId = `compound-${this.#number++}`;
    const id = this.#someInstance();
    await Promise.all(
      Array.from({ length: this.#dice.whole(1, 2) }, () =>
        this.#tries.make(
          `Compound ${requestId}`,
          true,
          (runtime) =>
            runtime.repeatable({ method: "Compound", requestId, asked: { id } }, async () => {
              await runtime.instances.cancel(id, { reason: "unwanted", terminate: false }).catch(() => {});
              return { answer: this.#number++ };
            }),
          ({ answer }) => this.#promises.sameAnswer(requestId, answer),
        ),
      ),
    );
  }

  /** A node gives its shards away, as an operator asks, and takes its share again. */
  async #drainForAWhile(): Promise<void> {
    const { id } = this.#tries.someMachine();
    await this.#tries.make(`DrainNode ${id}`, false, async ({ cluster }) => cluster.drain(id, true));
    await new Promise<void>((resolve) => this.#time.after(this.#dice.between(100, 4000), resolve));
    await this.#tries.make(`DrainNode ${id} no more`, true, async ({ cluster }) => cluster.drain(id, false));
  }

  #someDefinition(): string {
    return this.#dice.chance(0.02) ? "nobody" : (this.#dice.oneOf([...this.#records.definitions.keys()]) ?? "nobody");
  }

  #someInstance(): string {
    const { instances } = this.#records;
    const open = this.#dice.chance(0.5) ? this.#records.allUnfinished().map(({ id }) => id) : [];
    return this.#dice.oneOf(open) ?? this.#dice.oneOf([...instances.keys()].slice(-30)) ?? "nobody";
  }

  get #now(): number {
    return WORLD_START_AT + Math.floor(this.#time.now);
  }

  #requestId(): string | undefined {
    return this.#dice.chance(0.5) ? `request-${this.#number++}` : undefined;
  }
}
