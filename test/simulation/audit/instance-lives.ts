/**
 * What may happen to an instance, in which order, told by the events of the log: created once, one attempt after the other, one end (until a
 * caller starts it anew), and nothing after it. The row after each commit says the same as the events do.
 */
import type { StatusEvent } from "../../../src/domain/event/status-event.ts";
import { isFinal } from "../../../src/domain/instance/instance.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import type { JournalBatch } from "../../../src/ports/store/journal.ts";
import type { Audit } from "./audit.ts";
import type { Records } from "./records.ts";
import { instancesOf } from "./records.ts";

/** The codes with which the simulated workers fail; the message is the token. */
const WORKERS_CODES: ReadonlySet<string> = new Set(["BOOM", "FATAL"]);

interface Told {
  final: string | null;
  /** Attempts that count. */
  attempts: number;
  running: boolean;
  cancelRequested: boolean;
  series: number;
}

const FINAL_EVENTS: ReadonlyMap<string, string> = new Map([
  ["completed", "COMPLETED"],
  ["failed", "FAILED"],
  ["cancelled", "CANCELLED"],
  ["timed_out", "TIMED_OUT"],
]);

export class InstanceLives {
  readonly #audit: Audit;
  readonly #told = new Map<string, Told>();
  /** Tokens of attempts, by what became of them. */
  readonly started = new Set<string>();
  readonly ended = new Map<string, "COMPLETED" | "FAILED" | "otherwise">();
  /** By instance and number: the token of the attempt that was started last under it. */
  readonly #tokens = new Map<string, string>();
  readonly #tokenOfResult: (record: InstanceRecord) => unknown;

  /** @param tokenOfResult which attempt the result of an instance speaks of. */
  constructor(audit: Audit, tokenOfResult: (record: InstanceRecord) => unknown) {
    this.#audit = audit;
    this.#tokenOfResult = tokenOfResult;
  }

  tokenOf(instanceId: string, attempt: number): string | undefined {
    return this.#tokens.get(`${instanceId} ${attempt}`);
  }

  /** Before the rows are taken in. */
  look(batch: JournalBatch, before: Records): void {
    for (const event of batch.events) {
      if (event.resource === "instance") {
        this.#hear(event);
      }
    }
    for (const record of instancesOf(batch)) {
      this.#compare(record, before.instances.get(record.id));
    }
    for (const { instanceId, number, outcome, error } of batch.attempts) {
      const token = before.instances.get(instanceId)?.life.attempt?.token;
      // What services refuse is put into words by the executor, not by a worker.
      if (outcome === "FAILED" && error !== null && WORKERS_CODES.has(error.code)) {
        this.#audit.require(
          error.message === token && numberOf(error.message) === number,
          "a stale report changes nothing",
          () => `attempt ${number} of ${instanceId} (${token}) was failed by ${error.message}`,
        );
      }
      if (token !== undefined && !this.ended.has(token)) {
        this.ended.set(token, outcome === "SUCCEEDED" ? "COMPLETED" : outcome === "FAILED" ? "FAILED" : "otherwise");
      }
    }
  }

  #hear(event: StatusEvent): void {
    const { resourceId: id, name, data } = event;
    const told = this.#told.get(id);
    const wrong = (why: string): void =>
      this.#audit.found("an instance lives once", `${id}: "${name}" (${event.shard}-${event.sequence}): ${why}`);
    if (told === undefined) {
      if (name !== "created") {
        wrong("it was never created");
      }
      this.#told.set(id, { final: null, attempts: 0, running: false, cancelRequested: false, series: 0 });
      return;
    }
    if (name === "created") {
      wrong("it was created before");
    }
    if (told.final !== null) {
      if (name === "retried" && data["series"] === told.series + 1) {
        Object.assign(told, { final: null, cancelRequested: false, series: told.series + 1 });
      } else {
        this.#audit.found(
          told.final === "CANCELLED" ? "cancelled stays cancelled" : "an instance ends once",
          `${id} is ${told.final}, and then "${name}" (${event.shard}-${event.sequence})`,
        );
      }
      return;
    }
    const final = FINAL_EVENTS.get(name);
    if (final !== undefined) {
      if (final === "COMPLETED" && !told.running) {
        wrong("nobody ran it");
      }
      Object.assign(told, { final, running: false });
      return;
    }
    switch (name) {
      case "started":
        if (told.running || told.cancelRequested || data["attempt"] !== told.attempts + 1) {
          wrong(`attempt ${JSON.stringify(data["attempt"])} after ${JSON.stringify(told)}`);
        }
        told.attempts++;
        told.running = true;
        break;
      case "returned":
      case "retrying":
        if (!told.running || told.cancelRequested || data["attempt"] !== told.attempts) {
          wrong(`attempt ${JSON.stringify(data["attempt"])} after ${JSON.stringify(told)}`);
        }
        told.running = false;
        told.attempts -= name === "returned" ? 1 : 0;
        break;
      case "cancel_requested":
        if (!told.running) {
          wrong("nobody runs it");
        }
        told.cancelRequested = true;
        break;
      case "retried":
        wrong("it has not ended");
        break;
      default:
        break;
    }
  }

  #compare(record: InstanceRecord, before: InstanceRecord | undefined): void {
    const { id, state, life, revision } = record;
    const told = this.#told.get(id);
    this.#audit.require(
      told !== undefined &&
        told.final === (isFinal(state) ? state : null) &&
        told.attempts === life.attemptCount &&
        told.running === (life.attempt !== null) &&
        told.series === life.series,
      "rows say what events say",
      () => `${id}: ${state}, attempts ${life.attemptCount}, series ${life.series}; told ${JSON.stringify(told)}`,
    );
    this.#audit.require(
      before === undefined || revision >= before.revision,
      "revisions grow",
      () => `${id}: revision ${revision} after ${before?.revision}`,
    );
    const token = before?.life.attempt?.token;
    const now = life.attempt?.token;
    if (now !== undefined && now !== token) {
      this.#audit.require(!this.started.has(now), "an attempt starts once", () => `${id}: ${now} is under way again`);
      this.started.add(now);
      this.#tokens.set(`${id} ${life.attempt?.number}`, now);
    }
    if (state === "COMPLETED" && before?.state !== "COMPLETED") {
      this.#audit.require(
        token !== undefined && this.#tokenOfResult(record) === token,
        "a stale report changes nothing",
        () => `${id} was completed by ${JSON.stringify(life.result)} while ${token} was under way`,
      );
    }
    const sign = life.metadata?.["token"];
    if (sign !== undefined && sign !== before?.life.metadata?.["token"]) {
      this.#audit.require(
        sign === token || sign === now,
        "a stale report changes nothing",
        () => `${id}: a heartbeat of ${JSON.stringify(sign)} was taken while ${token} was under way`,
      );
    }
  }
}

function numberOf(token: string): number {
  return Number(token.split(".")[1]);
}
