import { create } from "@bufbuild/protobuf";
import type { JsonObject } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Attempt, Instance } from "../../gen/belfry/v1/instance_pb.ts";
import { HeartbeatInstanceRequestSchema } from "../../gen/belfry/v1/worker_service_pb.ts";
import type { HeartbeatInstanceRequest } from "../../gen/belfry/v1/worker_service_pb.ts";
import { AttemptAborted } from "./attempt-aborted.ts";
import type { AbortKind } from "./attempt-aborted.ts";

/** How far a handler says it is. */
interface ReportedProgress {
  readonly percent: number;
  readonly step: string;
  readonly message: string;
}

/** How often signs of life are sent, in milliseconds. */
export interface SignRates {
  /** What the server asked for; an instance's own timeout may ask for more. */
  readonly heartbeatMs: number;
  /** Not more often than this for progress. */
  readonly progressMs: number;
}

/** An attempt that this worker has: what it was asked, what it has to tell, and when it must give its next sign of life. */
export class RunningAttempt {
  readonly token: string;
  readonly instance: Instance;
  readonly attempt: Attempt;
  /** Its end was reported or given up: what its handler still returns is not wanted. */
  over = false;
  paused = false;

  readonly #heartbeatTimeoutMs: number;
  #signedAt: number;
  #progressSentAt = -Infinity;
  #progress: ReportedProgress | undefined;
  #metadata: JsonObject | undefined;
  #progressUnsent = false;
  #metadataUnsent: JsonObject | undefined;
  #abortion: AttemptAborted | undefined;
  #controller: AbortController | undefined;
  #held: PromiseWithResolvers<void> | undefined;

  constructor(token: string, instance: Instance, attempt: Attempt, now: number) {
    this.token = token;
    this.instance = instance;
    this.attempt = attempt;
    this.#signedAt = now;
    const timeout = instance.timeouts?.heartbeat;
    this.#heartbeatTimeoutMs = timeout ? durationMs(timeout) || Infinity : Infinity;
  }

  get abortion(): AttemptAborted | undefined {
    return this.#abortion;
  }

  /** Made when first asked for: most attempts never look. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#abortion) this.#controller.abort(this.#abortion);
    }
    return this.#controller.signal;
  }

  /** The first reason stands, except that STALE goes over all: then no result is wanted. */
  abort(kind: AbortKind): void {
    if (this.#abortion && kind !== "STALE") return;
    this.#abortion = new AttemptAborted(kind);
    this.#controller?.abort(this.#abortion);
    this.#letGo();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#letGo();
  }

  /** Resolves at once while it may run, else when it may again. @throws AttemptAborted when it shall stop. */
  async checkpoint(): Promise<void> {
    while (this.paused && !this.#abortion) {
      this.#held ??= Promise.withResolvers<void>();
      await this.#held.promise;
    }
    if (this.#abortion) throw this.#abortion;
  }

  reportProgress(progress: ReportedProgress): void {
    this.#progress = progress;
    this.#progressUnsent = true;
  }

  /** Merged key by key, as the server does. */
  reportMetadata(patch: JsonObject): void {
    this.#metadata = { ...this.#metadata, ...patch };
    this.#metadataUnsent = { ...this.#metadataUnsent, ...patch };
  }

  /** The server still counts on it. */
  get wantsSigns(): boolean {
    return this.#abortion?.kind !== "STALE";
  }

  get hasUnsent(): boolean {
    return this.#progressUnsent || this.#metadataUnsent !== undefined;
  }

  heartbeatEveryMs(rates: SignRates): number {
    return Math.min(rates.heartbeatMs, this.#heartbeatTimeoutMs / 3);
  }

  nextSignAt(rates: SignRates): number {
    const heartbeatAt = this.#signedAt + this.heartbeatEveryMs(rates);
    return this.hasUnsent ? Math.min(heartbeatAt, this.#progressSentAt + rates.progressMs) : heartbeatAt;
  }

  /** Whether a heartbeat may as well go along with those that are due: half of its time has passed. */
  mayJoin(rates: SignRates, now: number): boolean {
    return now - this.#signedAt >= this.heartbeatEveryMs(rates) / 2;
  }

  /** A sign of life with what was not sent yet. */
  sign(now: number): HeartbeatInstanceRequest {
    const sign = this.#message(this.#progressUnsent ? this.#progress : undefined, this.#metadataUnsent);
    if (this.hasUnsent) this.#progressSentAt = now;
    this.#signedAt = now;
    this.#progressUnsent = false;
    this.#metadataUnsent = undefined;
    return sign;
  }

  /** What was not sent yet, to go with the result. */
  lastSign(): HeartbeatInstanceRequest {
    return this.sign(this.#signedAt);
  }

  /** Everything it ever told, for a server that may have missed some of it. Undefined when it told nothing. */
  wholeSign(): HeartbeatInstanceRequest | undefined {
    return this.#progress || this.#metadata ? this.#message(this.#progress, this.#metadata) : undefined;
  }

  /** As {@link sign}, with everything told so far. */
  signAnew(now: number): HeartbeatInstanceRequest {
    const sign = this.sign(now);
    return this.wholeSign() ?? sign;
  }

  #letGo(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  #message(progress: ReportedProgress | undefined, metadata: JsonObject | undefined): HeartbeatInstanceRequest {
    return create(HeartbeatInstanceRequestSchema, { attemptToken: this.token, progress, metadata });
  }
}
