/** Load for a server that may go away at any moment: callers that repeat a command until it is answered, and workers that can be killed. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { BelfryClient, CatchUpMode, OverlapPolicy } from "../../src/client/index.ts";
import { belfryErrorOf, createBelfryClient } from "../../src/client/index.ts";

export const QUEUE = "storm";
/** Between two tries of a call. */
const AGAIN_MS = 20;
/** A worker that was killed is missed after this. */
const HEARTBEAT_MS = 1500;

/** Numbers from 0 up to 1 that the seed decides (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a broken connection, a deadline or a server that is not ready looks like. Anything else is an answer. */
const MAY_PASS: ReadonlySet<number> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Aborted,
  Code.Internal,
  Code.Canceled,
  Code.Unknown,
]);

/** Makes a call until it is answered. @throws ConnectError when the answer is a refusal. */
export async function untilAnswered<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const failure = ConnectError.from(error);
      const busy = failure.code === Code.ResourceExhausted && belfryErrorOf(error).retryAfterMs !== undefined;
      const passes = busy || (MAY_PASS.has(failure.code) && belfryErrorOf(error).reason !== "INTERNAL");
      if (!passes) throw error;
    }
    await sleep(AGAIN_MS);
  }
}

/** A client that leaves repeating to its caller, and waits for no answer longer than a restart takes. */
export function impatientClient(url: string): BelfryClient {
  return createBelfryClient(url, { retry: false, deadlineMs: 3000 });
}

/** When a definition is due, in words that need none of Belfry's arithmetic. */
export type Rule =
  /** At the times whose remainder by the interval is the phase. */
  | { readonly kind: "phase"; readonly intervalMs: number; readonly phaseMs: number }
  /** One interval after the creation, and so on. */
  | { readonly kind: "sinceCreation"; readonly intervalMs: number }
  /** At the seconds of each minute that this number divides: cron with a step in the field of seconds. */
  | { readonly kind: "seconds"; readonly step: number };

/** A definition that fires by a rule of which the checks know the due times. */
export interface Timetable {
  readonly name: string;
  readonly rule: Rule;
  readonly overlapPolicy: OverlapPolicy;
  /** Default: the one that definitions have by default. */
  readonly catchUp?: CatchUpMode;
}

/** Late occurrences a second and definition, where a mode of catching up is given: more than fall due. */
const CATCH_UP_RATE = 100;

/** Creates a definition whose instances workers run. @returns its id. */
export async function defined(
  client: BelfryClient,
  { name, rule, overlapPolicy, catchUp }: Timetable,
): Promise<string> {
  const definition = {
    name,
    userId: "storm",
    payload: { text: "x".repeat(100) },
    schedule: { timing: timingOf(rule) },
    action: { kind: { case: "worker" as const, value: { queue: QUEUE } } },
    overlapPolicy,
    bufferLimit: 10_000,
    ...(catchUp === undefined ? {} : { catchUp: { mode: catchUp, maxRate: CATCH_UP_RATE } }),
    retryPolicy: { initialDelay: durationFromMs(100), factor: 1, jitter: durationFromMs(0), maxRetries: 50 },
    timeouts: { heartbeat: durationFromMs(HEARTBEAT_MS) },
  };
  const answer = await untilAnswered(() =>
    client.definitions.createDefinition({ definition, requestId: `create ${name}` }),
  );
  return answer.definition?.id ?? "";
}

function timingOf(rule: Rule) {
  switch (rule.kind) {
    case "phase":
      return {
        case: "every" as const,
        value: { interval: durationFromMs(rule.intervalMs), phase: durationFromMs(rule.phaseMs) },
      };
    case "sinceCreation":
      return { case: "every" as const, value: { interval: durationFromMs(rule.intervalMs) } };
    case "seconds":
      return { case: "cron" as const, value: { expressions: [`*/${rule.step} * * * * *`] } };
  }
}

export interface TriggerReport {
  /** Instance by request id: of single triggers and of items of batches. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** Answers that a repeated request id got and that differ from the first one, and refusals. */
  readonly wrong: readonly string[];
}

/**
 * Callers that trigger, each with a request id which it repeats until it is answered. Now and then one asks again after the answer, and one of
 * them triggers in batches.
 *
 * @returns a function that lets every caller get its last answer, and reports.
 */
export function startTriggers(options: {
  /** Of the nodes that may answer; each try goes to the next one. */
  readonly urls: readonly string[];
  readonly definitionIds: readonly string[];
  readonly callers: number;
  readonly pauseMs: number;
  readonly random: () => number;
}): () => Promise<TriggerReport> {
  const { definitionIds, random } = options;
  const clients = options.urls.map(impatientClient);
  let turn = 0;
  const next = (): BelfryClient => clients[turn++ % clients.length] as BelfryClient;
  const acknowledged = new Map<string, string>();
  const wrong: string[] = [];
  let stopping = false;

  const note = (requestId: string, instanceId: string | undefined): void => {
    const known = acknowledged.get(requestId);
    if (instanceId === undefined || instanceId === "")
      wrong.push(`request ${requestId} was answered without an instance`);
    else if (known !== undefined && known !== instanceId)
      wrong.push(`request ${requestId} made ${known} and ${instanceId}`);
    else acknowledged.set(requestId, instanceId);
  };
  const single = async (definitionId: string): Promise<void> => {
    const requestId = randomUUID();
    const call = (): Promise<void> =>
      untilAnswered(async () =>
        note(requestId, (await next().definitions.triggerDefinition({ definitionId, requestId })).instance?.id),
      );
    await call();
    if (random() < 0.05) await call();
  };
  const batch = async (definitionId: string): Promise<void> => {
    const items = Array.from({ length: 1 + Math.floor(random() * 20) }, () => ({ requestId: randomUUID() }));
    let open = items;
    while (open.length > 0) {
      const { results } = await untilAnswered(() =>
        next().definitions.batchTriggerDefinition({ definitionId, items: open }),
      );
      const failed: typeof items = [];
      for (const [index, item] of open.entries()) {
        const result = results[index];
        if (result?.error === undefined) note(item.requestId, result?.instance?.id);
        else if (MAY_PASS.has(result.error.code)) failed.push(item);
        else wrong.push(`item ${item.requestId} was refused: ${result.error.message}`);
      }
      open = failed;
    }
  };
  const caller = async (index: number): Promise<void> => {
    while (!stopping) {
      const definitionId = definitionIds[Math.floor(random() * definitionIds.length)] ?? "";
      try {
        await (index === 0 ? batch(definitionId) : single(definitionId));
      } catch (error) {
        wrong.push(`a trigger was refused: ${String(error)}`);
      }
      await sleep(options.pauseMs);
    }
  };
  const running = Array.from({ length: options.callers }, (_, index) => caller(index));
  return async () => {
    stopping = true;
    await Promise.all(running);
    for (const client of clients) client.close();
    return { acknowledged, wrong };
  };
}

/** A worker in a process of its own. */
export interface WorkerProcess {
  /** SIGKILL: its attempts are lost. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** It ends with this process, however this one ends: its input does. */
export function startWorkerProcess(url: string, queue: string): WorkerProcess {
  const program = join(import.meta.dirname, "../e2e/kill/worker-process.ts");
  const child = spawn(process.execPath, [program, url, queue], { stdio: ["pipe", "inherit", "inherit"] });
  const exited = once(child, "exit");
  return {
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
