import type { JsonObject } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Instance } from "../../gen/belfry/v1/instance_pb.ts";
import type { BelfryClient } from "../client.ts";
import type { Priority } from "../../gen/belfry/v1/policy_pb.ts";
import { plainObject } from "./json.ts";
import type { RunningAttempt } from "./running-attempt.ts";
import { logWith } from "./worker-log.ts";
import type { WorkerLog } from "./worker-log.ts";

/** What a handler gets. Everything of it may be taken apart: `async ({ payload, signal, progress }) => …`. */
export interface HandlerContext<Payload> {
  readonly instanceId: string;
  /** Empty when the instance has no definition. */
  readonly definitionId: string;
  /** What is to be done, in words. */
  readonly content: string;
  readonly payload: Payload;
  /** Counts from 1, over all retries. */
  readonly attempt: number;
  /** The due time it was fired for; undefined when triggered by hand. */
  readonly scheduledTime: Date | undefined;
  readonly priority: Priority;
  readonly labels: Readonly<Record<string, string>>;
  /** The business object it belongs to; empty when none. */
  readonly businessId: string;
  /** When the attempt must have ended; undefined when it may take for ever. */
  readonly deadline: Date | undefined;
  /** Everything else the server told of the instance. */
  readonly instance: Instance;
  /** Aborts when the attempt shall stop; `abortKindOf(signal)` says why. Hand it on to fetch and the like. */
  readonly signal: AbortSignal;
  /** Whether it shall hold because the instance is paused. */
  readonly paused: boolean;
  /**
   * Call it between steps: it resolves at once, or when a paused instance goes on.
   *
   * @throws AttemptAborted when the attempt shall stop.
   */
  readonly checkpoint: () => Promise<void>;
  /**
   * Says how far it is. Costs nothing to call often: the last value is sent, a few times a second and at the end.
   *
   * @param percent 0 to 100; what lies outside counts as the nearest of them.
   * @throws RangeError when percent is not a number.
   */
  readonly progress: (percent: number, step?: string, message?: string) => void;
  /**
   * Remembers `patch` with the instance, merged key by key; sent along with progress.
   *
   * @throws TypeError when JSON cannot hold it.
   */
  readonly metadata: (patch: object) => void;
  /** The client of the worker, for calls that the work needs. The worker closes it, or whoever gave it to the worker. */
  readonly client: BelfryClient;
  /** The worker's log, with the instance and the attempt in every line. */
  readonly log: WorkerLog;
}

/** What the context needs from its worker. */
export interface ContextHost<Payload> {
  readonly client: BelfryClient;
  readonly log: WorkerLog;
  readonly parsePayload: (payload: JsonObject) => Payload;
  /** The attempt has something to tell. */
  told(run: RunningAttempt): void;
}

/** @throws whatever `parsePayload` throws. */
export function handlerContext<Payload>(run: RunningAttempt, host: ContextHost<Payload>): HandlerContext<Payload> {
  return new AttemptContext(run, host.parsePayload(run.instance.payload ?? {}), host);
}

/** Lazy where that saves something: most handlers of short work look at the payload and little else. */
class AttemptContext<Payload> implements HandlerContext<Payload> {
  readonly payload: Payload;
  readonly #run: RunningAttempt;
  readonly #host: ContextHost<Payload>;

  constructor(run: RunningAttempt, payload: Payload, host: ContextHost<Payload>) {
    this.#run = run;
    this.#host = host;
    this.payload = payload;
  }

  get instance(): Instance {
    return this.#run.instance;
  }

  get instanceId(): string {
    return this.#run.instance.id;
  }

  get definitionId(): string {
    return this.#run.instance.definitionId;
  }

  get content(): string {
    return this.#run.instance.content;
  }

  get attempt(): number {
    return this.#run.attempt.number;
  }

  get scheduledTime(): Date | undefined {
    const { scheduledTime } = this.#run.instance;
    return scheduledTime && timestampDate(scheduledTime);
  }

  get priority(): Priority {
    return this.#run.instance.priority;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#run.instance.labels;
  }

  get businessId(): string {
    return this.#run.instance.businessId;
  }

  get deadline(): Date | undefined {
    const { deadline } = this.#run.attempt;
    return deadline && timestampDate(deadline);
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  get paused(): boolean {
    return this.#run.paused;
  }

  get checkpoint(): () => Promise<void> {
    return () => this.#run.checkpoint();
  }

  get progress(): (percent: number, step?: string, message?: string) => void {
    return (percent, step = "", message = "") => {
      if (Number.isNaN(percent)) throw new RangeError("Progress must be a number from 0 to 100, got NaN");
      this.#run.reportProgress({ percent: Math.min(Math.max(percent, 0), 100), step, message });
      this.#host.told(this.#run);
    };
  }

  get metadata(): (patch: object) => void {
    return (patch) => {
      this.#run.reportMetadata(plainObject(patch, "Metadata").value);
      this.#host.told(this.#run);
    };
  }

  get client(): BelfryClient {
    return this.#host.client;
  }

  get log(): WorkerLog {
    return logWith(this.#host.log, { instanceId: this.instanceId, attempt: this.attempt });
  }
}
