import { onTestFinished } from "vitest";
import { createWorker } from "../../../src/client/worker/worker.ts";
import type { Worker } from "../../../src/client/worker/running-worker.ts";
import type { WorkerEvent } from "../../../src/client/worker/worker-event.ts";
import type { ErrorOrigin, HandlerResult, WorkerSettings } from "../../../src/client/worker/worker-options.ts";
import { recordingLog } from "../../support/log.ts";
import type { RecordingLog } from "../../support/log.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { FakeWorkerService, Inbox, startFakeServer } from "./fake-server.ts";
import type { FakeServer } from "./fake-server.ts";

/** A worker, the server that it works for, and the time of the worker. */
export interface Bench {
  readonly server: FakeServer;
  readonly service: FakeWorkerService;
  readonly worker: Worker;
  readonly clock: ManualClock;
  readonly log: RecordingLog;
  readonly errors: readonly { readonly error: unknown; readonly origin: ErrorOrigin }[];
  /** Waits for the next event of a kind, past the others. */
  event<K extends WorkerEvent["kind"]>(kind: K): Promise<Extract<WorkerEvent, { kind: K }>>;
}

/** Starts both; they end with the test. The jitter of all delays is the least: each is half of what its policy says. */
export async function startBench<Payload, Result extends HandlerResult>(
  settings: Omit<WorkerSettings<Payload, Result>, "queue" | "time" | "fraction" | "observe" | "onError" | "log">,
): Promise<Bench> {
  const service = new FakeWorkerService();
  const server = await startFakeServer(service.routes);
  const clock = new ManualClock();
  const log = recordingLog();
  const errors: { error: unknown; origin: ErrorOrigin }[] = [];
  const events = new Inbox<WorkerEvent>();
  const worker = createWorker<Payload, Result>({
    url: server.url,
    queue: "agents",
    workerId: "w1",
    time: clock,
    fraction: () => 0,
    log,
    observe: (event) => {
      events.put(event);
    },
    onError: (error, origin) => {
      errors.push({ error, origin });
    },
    ...settings,
  });
  onTestFinished(async () => {
    await server.stop();
    const stopped = worker.stop({ graceMs: 0 });
    await clock.advance(60_000);
    await stopped;
  });
  void worker.start();
  return {
    server,
    service,
    worker,
    clock,
    log,
    errors,
    async event<K extends WorkerEvent["kind"]>(kind: K) {
      for (;;) {
        const event = await events.next();
        if (isOf(event, kind)) return event;
      }
    },
  };
}

function isOf<K extends WorkerEvent["kind"]>(event: WorkerEvent, kind: K): event is Extract<WorkerEvent, { kind: K }> {
  return event.kind === kind;
}

/** Something that a test lets happen when it is ready for it. */
export function gate<T = void>(): PromiseWithResolvers<T> {
  return Promise.withResolvers<T>();
}
