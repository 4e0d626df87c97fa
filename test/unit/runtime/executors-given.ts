/** What the tests of built-in executors have in common: a runtime and a message network that do what a test says. */
import { BelfryError } from "../../../src/domain/error.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { Requester, ServiceReply, ServiceRequest } from "../../../src/ports/requester.ts";
import { BuiltInExecutor } from "../../../src/runtime/executors/built-in-executor.ts";
import type { Outcome } from "../../../src/runtime/executors/performed-attempt.ts";
import type {
  Assignment,
  ExecutorCommands,
  Failure,
  Heartbeat,
  WorkerCommands,
  WorkerOutlet,
  WorkerSession,
} from "../../../src/runtime/index.ts";
import { recordingLog } from "../../support/log.ts";
import { MANUAL_START_AT, ManualClock } from "../../support/manual-clock.ts";
import { anAttemptUnderWay, anInstance } from "../../support/records.ts";

/** A refusal that may pass. */
export const AWAY = new BelfryError("SHARD_UNAVAILABLE", "Later.");
export const DONE: Outcome = { kind: "completed", result: { ok: true } };

type Command = "open" | "heartbeat" | "complete" | "fail" | "awaitResult" | "giveBack";

/** Takes every report unless it is told to refuse. Remembers all. */
export class FakeWorkers implements ExecutorCommands {
  readonly opened: { readonly queue: string; readonly workerId: string; readonly slots: number }[] = [];
  /** Slots as they were set, those of the beginning included. */
  readonly slots: number[] = [];
  readonly beats: string[] = [];
  readonly completed: { readonly token: string; readonly result: JsonObject | null }[] = [];
  readonly failed: { readonly token: string; readonly failure: Failure }[] = [];
  readonly handedOn: { readonly token: string; readonly withinMs: number }[] = [];
  readonly givenBack: string[] = [];
  /** What a caller has asked for, as heartbeats learn of it. */
  cancelRequested = false;
  closed = false;
  readonly #refusals = new Map<Command, Error>();
  readonly #held = new Map<Command, Promise<void>>();
  #outlet: WorkerOutlet | null = null;

  /** From now on this command is refused; null: no more. */
  refuse(command: Command, error: Error | null): void {
    if (error === null) this.#refusals.delete(command);
    else this.#refusals.set(command, error);
  }

  /** From now on this command gets no answer until the returned function is called. */
  hold(command: Command): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(command, promise);
    return () => {
      this.#held.delete(command);
      resolve();
    };
  }

  get outlet(): WorkerOutlet {
    if (this.#outlet === null) throw new Error("Nobody has joined");
    return this.#outlet;
  }

  async open(worker: Parameters<WorkerCommands["open"]>[0], outlet: WorkerOutlet): Promise<WorkerSession> {
    const { queue, workerId, slots } = worker;
    this.opened.push({ queue, workerId, slots });
    await this.#answer("open");
    this.#outlet = outlet;
    this.slots.push(slots);
    return {
      id: "session",
      stale: [],
      setSlots: (count) => this.slots.push(count),
      close: () => {
        this.closed = true;
      },
    };
  }

  async heartbeat(token: string, _: Heartbeat) {
    this.beats.push(token);
    await this.#answer("heartbeat");
    return { cancelRequested: this.cancelRequested, pauseRequested: false };
  }

  async complete(token: string, result: JsonObject | null) {
    this.completed.push({ token, result });
    await this.#answer("complete");
    return "COMPLETED" as const;
  }

  async fail(token: string, failure: Failure) {
    this.failed.push({ token, failure });
    await this.#answer("fail");
    return "FAILED" as const;
  }

  async awaitResult(token: string, { withinMs }: { readonly withinMs: number }) {
    this.handedOn.push({ token, withinMs });
    await this.#answer("awaitResult");
    return "RUNNING" as const;
  }

  async giveBack(token: string) {
    this.givenBack.push(token);
    await this.#answer("giveBack");
  }

  async #answer(command: Command): Promise<void> {
    await this.#held.get(command);
    const refusal = this.#refusals.get(command);
    if (refusal !== undefined) throw refusal;
  }
}

export interface SentRequest extends ServiceRequest {
  readonly signal: AbortSignal;
  reply(reply: ServiceReply): void;
}

/** A network on which the test itself answers; requests time out by the clock, and end when they are aborted or the network goes away. */
export class FakeRequester implements Requester {
  readonly requests: SentRequest[] = [];
  readonly #clock: ManualClock;
  readonly #listeners: (() => void)[] = [];
  #connected: boolean;

  constructor(clock: ManualClock, connected = true) {
    this.#clock = clock;
    this.#connected = connected;
  }

  get connected(): boolean {
    return this.#connected;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  connect(connected: boolean): void {
    this.#connected = connected;
    for (const listener of this.#listeners) listener();
    if (!connected) {
      for (const request of this.requests) request.reply({ kind: "unavailable", message: "The connection broke." });
    }
  }

  request(request: ServiceRequest, signal: AbortSignal): Promise<ServiceReply> {
    const { promise, resolve } = Promise.withResolvers<ServiceReply>();
    const timer = this.#clock.schedule(request.timeoutMs, () => resolve({ kind: "timed-out" }));
    const reply = (given: ServiceReply): void => {
      timer.cancel();
      resolve(given);
    };
    signal.addEventListener("abort", () => reply({ kind: "unavailable", message: "It was given up." }));
    this.requests.push({ ...request, signal, reply });
    return promise;
  }
}

/** The first attempt of an instance, given out as `token`. */
export function anAssignment(
  given: {
    readonly token?: string;
    readonly heartbeatMs?: number | null;
    readonly number?: number;
    readonly instance?: Parameters<typeof anInstance>[0];
  } = {},
): Assignment {
  const { token = "token", number = 1, heartbeatMs = 10_000 } = given;
  const attempt = anAttemptUnderWay({ token, number, heartbeatMs, startedAt: MANUAL_START_AT });
  return {
    instance: anInstance({ state: "RUNNING", ...given.instance, life: { waitingReason: null, attempt } }),
    token,
    number,
    deadlineAt: null,
  };
}

export interface Performance {
  readonly token: string;
  readonly signal: AbortSignal;
  end(outcome: Outcome): void;
  breakDown(error: Error): void;
}

/** An executor whose performances end when the test says so. */
export async function anExecutor({ ready = true, joined = true } = {}) {
  const clock = new ManualClock();
  const log = recordingLog();
  const workers = new FakeWorkers();
  const performances: Performance[] = [];
  const executor = new BuiltInExecutor({
    workers,
    clock,
    log,
    queue: "$test",
    workerId: "test@a",
    ready,
    perform: ({ token }, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
      performances.push({ token, signal, end: resolve, breakDown: reject });
      return promise;
    },
  });
  if (joined) {
    executor.start();
    await clock.advance(0);
  }
  /** Gives it an attempt, and the performance of it. */
  const performing = async (assignment = anAssignment()): Promise<Performance> => {
    workers.outlet.assign([assignment]);
    await clock.advance(0);
    return performances.at(-1)!;
  };
  return { clock, log, workers, executor, performances, performing };
}
