import { create } from "@bufbuild/protobuf";
import { WorkRequestSchema } from "../../gen/belfry/v1/worker_service_pb.ts";
import type {
  CompleteInstanceRequest,
  FailInstanceRequest,
  HeartbeatInstanceRequest,
  WorkRequest,
} from "../../gen/belfry/v1/worker_service_pb.ts";
import type { RunningAttempt } from "./running-attempt.ts";

/** What came of an attempt, kept until the server has said that it knows. */
export interface Report {
  readonly run: RunningAttempt;
  readonly result: CompleteInstanceRequest | FailInstanceRequest;
  /** About how large it is. */
  readonly bytes: number;
  /** The last progress and metadata; they go in the same message. */
  sign: HeartbeatInstanceRequest | undefined;
  /** How often the server could not take it for a reason that passes. */
  refusals: number;
}

/** Results of one message. More wait for the next: the server then works on the first while we make the second. */
const MAX_RESULTS = 250;
/** One message in bytes, roughly; a result larger than this goes alone. */
const MAX_BYTES = 1 << 20;
/** The bound of the schema. */
const MAX_SIGNS = 10_000;

/**
 * What the worker has to tell the server. What is told in one turn of the event loop goes in one message, within bounds.
 *
 * O1. A result is unsent, sent, or held back (refused for a reason that passes) until its receipt; it never vanishes without
 *     one.
 * O2. After a broken stream nothing counts as sent: all of it goes again, and the server refuses what it knows already.
 */
export class Outbox {
  readonly #unsent = new Map<string, Report>();
  readonly #sent = new Map<string, Report>();
  readonly #held = new Map<string, Report>();
  readonly #signs = new Map<string, HeartbeatInstanceRequest>();
  #slots: number | undefined;
  #onFilled: (() => void) | undefined;

  /** Calls `filled` whenever there may be something to take. One listener: the stream that is open. */
  listen(filled: (() => void) | undefined): void {
    this.#onFilled = filled;
  }

  setSlots(slots: number): void {
    this.#slots = slots;
    this.#onFilled?.();
  }

  sign(sign: HeartbeatInstanceRequest): void {
    this.#signs.set(sign.attemptToken, mergedSigns(this.#signs.get(sign.attemptToken), sign));
    this.#onFilled?.();
  }

  report(report: Report): void {
    const { token } = report.run;
    // Without a stream nobody knows what of it has arrived.
    if (!this.#onFilled) report.sign = report.run.wholeSign();
    const waiting = this.#signs.get(token);
    if (waiting) {
      this.#signs.delete(token);
      report.sign = report.sign ? mergedSigns(waiting, report.sign) : waiting;
    }
    this.#unsent.set(token, report);
    this.#onFilled?.();
  }

  /** Whether a result of this attempt waits here for its receipt. */
  has(token: string): boolean {
    return this.#unsent.has(token) || this.#sent.has(token) || this.#held.has(token);
  }

  /** The report that a receipt is for; it leaves the outbox. Undefined when there is none (a receipt that came twice). */
  acknowledged(token: string): Report | undefined {
    const report = this.#sent.get(token);
    this.#sent.delete(token);
    return report;
  }

  /** Keeps a refused report until {@link release}. */
  hold(report: Report): void {
    this.#held.set(report.run.token, report);
  }

  release(token: string): void {
    const report = this.#held.get(token);
    if (!report) return;
    this.#held.delete(token);
    this.report(report);
  }

  /** The attempts whose reports are held back: for the server they still run. */
  heldRuns(): RunningAttempt[] {
    return [...this.#held.values()].map((report) => report.run);
  }

  /** Forgets a report that is not wanted any more. */
  drop(token: string): void {
    this.#unsent.delete(token);
    this.#sent.delete(token);
    this.#held.delete(token);
    this.#signs.delete(token);
  }

  /** After a broken stream (O2). Signs of life are made anew by whoever opens the next. */
  rewind(): void {
    const again = [...this.#sent.values(), ...this.#held.values(), ...this.#unsent.values()];
    this.#sent.clear();
    this.#held.clear();
    this.#unsent.clear();
    this.#signs.clear();
    for (const report of again) {
      report.sign = report.run.wholeSign();
      this.#unsent.set(report.run.token, report);
    }
  }

  /** Whether there is something to send. */
  get isFilled(): boolean {
    return this.#unsent.size > 0 || this.#signs.size > 0 || this.#slots !== undefined;
  }

  /** Whether every result was sent and has its receipt. */
  get isSettled(): boolean {
    return this.#unsent.size === 0 && this.#sent.size === 0 && this.#held.size === 0;
  }

  /** Whether the server owes no receipt. */
  get isAnswered(): boolean {
    return this.#unsent.size === 0 && this.#sent.size === 0;
  }

  /** Results without a receipt. */
  get unsettled(): number {
    return this.#unsent.size + this.#sent.size + this.#held.size;
  }

  /** The next message, or `message` with more in it. */
  take(message: WorkRequest = create(WorkRequestSchema)): WorkRequest {
    if (this.#slots !== undefined) {
      message.slots = this.#slots;
      this.#slots = undefined;
    }
    let bytes = 0;
    let results = 0;
    for (const [token, report] of this.#unsent) {
      const more = report.bytes + (report.sign ? signBytes(report.sign) : 0);
      if (results >= MAX_RESULTS || (results > 0 && bytes + more > MAX_BYTES)) break;
      this.#unsent.delete(token);
      this.#sent.set(token, report);
      if (report.sign) message.heartbeats.push(report.sign);
      if (isCompletion(report.result)) message.completions.push(report.result);
      else message.failures.push(report.result);
      bytes += more;
      results += 1;
    }
    for (const [token, sign] of this.#signs) {
      const more = signBytes(sign);
      const isFirst = results === 0 && message.heartbeats.length === 0;
      if (message.heartbeats.length >= MAX_SIGNS || (!isFirst && bytes + more > MAX_BYTES)) break;
      this.#signs.delete(token);
      message.heartbeats.push(sign);
      bytes += more;
    }
    return message;
  }
}

export function isCompletion(result: Report["result"]): result is CompleteInstanceRequest {
  return result.$typeName === "belfry.v1.CompleteInstanceRequest";
}

/** About how large a sign is: only its metadata can be. */
function signBytes(sign: HeartbeatInstanceRequest): number {
  return sign.metadata ? JSON.stringify(sign.metadata).length : 0;
}

/** Two signs of one attempt that go together: the later progress, the metadata of both. */
function mergedSigns(
  earlier: HeartbeatInstanceRequest | undefined,
  later: HeartbeatInstanceRequest,
): HeartbeatInstanceRequest {
  if (!earlier) return later;
  return {
    ...later,
    progress: later.progress ?? earlier.progress,
    metadata: earlier.metadata || later.metadata ? { ...earlier.metadata, ...later.metadata } : undefined,
  };
}
