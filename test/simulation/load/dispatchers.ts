/** Callers that dispatch webhooks, and those who look after destinations. */
import type { WebhookAction } from "../../../src/domain/action.ts";
import { DEFAULT_BREAKER_SETTINGS } from "../../../src/domain/breaker.ts";
import type { DestinationSettings } from "../../../src/domain/webhook/destination.ts";
import { sealed as sealedText } from "../../support/fake-secret-box.ts";
import type { DestinationView } from "../../../src/runtime/index.ts";
import type { StartedRuntime } from "../../../src/runtime/runtime.ts";
import type { DestinationAudit } from "../audit/destinations.ts";
import type { Promises } from "../audit/promises.ts";
import type { Records } from "../audit/records.ts";
import type { Cluster } from "../world/cluster.ts";
import type { Dice } from "../world/dice.ts";
import type { Scheduler } from "../world/scheduler.ts";
import type { RemoteCalls } from "./remote-call.ts";
import { aRetry, aWebhook, overridesOf, webhookTimeouts } from "./specs.ts";
import { Tries } from "./tries.ts";

type Operation = () => Promise<unknown>;

export class Dispatchers {
  readonly #time: Scheduler;
  readonly #dice: Dice;
  readonly #tries: Tries;
  readonly #promises: Promises;
  readonly #destinations: DestinationAudit;
  readonly #origins: readonly string[];
  readonly #operations: readonly Operation[];
  #number = 0;
  /** Operations whose caller still tries. */
  underWay = 0;

  constructor(deps: {
    readonly time: Scheduler;
    readonly dice: Dice;
    readonly cluster: Cluster;
    readonly calls: RemoteCalls;
    readonly records: Records;
    readonly promises: Promises;
    readonly destinations: DestinationAudit;
    readonly origins: readonly string[];
  }) {
    this.#time = deps.time;
    this.#dice = deps.dice;
    this.#tries = new Tries(deps);
    this.#promises = deps.promises;
    this.#destinations = deps.destinations;
    this.#origins = deps.origins;
    const often = (operation: Operation, times: number): Operation[] => Array.from({ length: times }, () => operation);
    this.#operations = [
      ...often(() => this.#dispatch(), 14),
      ...often(() => this.#command("ResetDestination", ({ destinations }, at, id) => destinations.reset(at, id)), 2),
      ...often(() => this.#isolate(), 1),
      ...often(() => this.#rotate(), 1),
      ...often(() => this.#update(), 1),
      ...often(() => this.#command("GetDestination", ({ destinations }, at) => destinations.get(at)), 1),
    ];
  }

  /** Gives each destination settings whose times fit into a run; does not give up. */
  begin(): void {
    for (const origin of this.#origins) {
      this.#run(async () => {
        const change = aSettings(this.#dice);
        for (let made = false; !made;) {
          made = await this.#change(origin, change);
        }
      });
    }
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
    });
  }

  async #dispatch(): Promise<void> {
    const dice = this.#dice;
    const origin = this.#someOrigin();
    const requestId = this.#requestId();
    const tag = requestId ?? `call-d${this.#number++}`;
    this.#promises.ask(tag);
    const action: WebhookAction = aWebhook(dice, origin);
    const command = {
      overrides: {
        ...overridesOf(dice, tag, false),
        name: "dispatch",
        action,
        payload: { tag },
        retry: aRetry(dice),
        timeouts: webhookTimeouts(dice),
        ...(dice.chance(0.25) ? { supersedeKey: `newest-${dice.integer(2)}` } : {}),
      },
      failFast: dice.chance(0.2),
      ...(requestId === undefined ? {} : { requestId }),
    };
    await this.#tries.make(
      `CreateDispatch ${origin} ${tag}`,
      requestId !== undefined,
      ({ dispatches }) => dispatches.create(origin, command),
      ({ instance, existing }) => this.#promises.made(tag, instance, existing),
      (failed, askedAt) => this.#tries.heardOf(tag, failed, askedAt),
    );
  }

  async #isolate(): Promise<void> {
    await this.#command("IsolateDestination", ({ destinations }, origin, repeated) =>
      destinations.isolate(origin, { reason: this.#dice.pick(["works", "held"]), ...repeated }),
    );
  }

  async #rotate(): Promise<void> {
    const secret = `whsec_${Buffer.from(String(this.#number++).padStart(32, "s")).toString("base64")}`;
    const sealed = sealedText(secret);
    const overlapMs = this.#dice.pick([0, 2000]);
    await this.#command("RotateSecret", ({ destinations }, origin, repeated) =>
      destinations.rotateSecret(origin, { sealed, overlapMs, ...repeated }),
    );
  }

  async #update(): Promise<void> {
    const dice = this.#dice;
    const origin = this.#someOrigin();
    const { maxConcurrent, rate, breaker } = aSettings(dice);
    await this.#change(origin, dice.pick<Partial<DestinationSettings>>([{ maxConcurrent }, { rate }, { breaker }]));
  }

  async #change(origin: string, change: Partial<DestinationSettings>): Promise<boolean> {
    const revision = this.#destinations.record(origin)?.revision ?? 0;
    const etag = this.#dice.chance(0.2) ? { etag: String(revision) } : {};
    const requestId = this.#requestId();
    const answer = await this.#tries.make(
      `UpdateDestination ${origin} ${JSON.stringify(change)}`,
      requestId !== undefined,
      ({ destinations }) => {
        this.#destinations.asked(origin, change);
        return destinations.update(origin, { change, ...etag, ...(requestId === undefined ? {} : { requestId }) });
      },
      (view) => this.#destinations.told("UpdateDestination", view),
    );
    return answer.kind === "ok";
  }

  async #command(
    name: string,
    run: (
      runtime: StartedRuntime,
      origin: string,
      repeated: { readonly requestId?: string },
    ) => Promise<DestinationView>,
  ): Promise<void> {
    const origin = this.#someOrigin();
    const requestId = this.#requestId();
    await this.#tries.make(
      `${name} ${origin}`,
      requestId !== undefined,
      (runtime) => run(runtime, origin, requestId === undefined ? {} : { requestId }),
      (view) => this.#destinations.told(name, view),
    );
  }

  #someOrigin(): string {
    return this.#dice.oneOf(this.#origins) ?? "https://nobody.example.com";
  }

  #requestId(): string | undefined {
    return this.#dice.chance(0.5) ? `request-d${this.#number++}` : undefined;
  }
}

function aSettings(
  dice: Dice,
): Partial<DestinationSettings> & Pick<DestinationSettings, "maxConcurrent" | "rate" | "breaker"> {
  return {
    maxConcurrent: dice.pick([1, 2, 3, 10]),
    rate: dice.pick([null, null, { perSecond: 5, burst: 2 }, { perSecond: 20, burst: 5 }]),
    breaker: {
      ...DEFAULT_BREAKER_SETTINGS,
      consecutiveFailures: dice.pick([0, 2, 3]),
      failureRatio: dice.pick([0, 0.5]),
      minCalls: 5,
      windowMs: dice.pick([2000, 10_000]),
      openMs: dice.pick([300, 1000, 4000]),
      maxOpenMs: dice.pick([2000, 8000]),
    },
    connectMs: dice.pick([500, 5000]),
    headersMs: dice.pick([500, 2000, 15_000]),
    successRules: dice.chance(0.2) ? [{ path: "errcode", equals: 0 }] : [],
    disableAfterMs: dice.pick([null, null, 5000, 20_000]),
  };
}
