/**
 * A Celery app with its worker, and somebody who sends its tasks and asks Celery itself of them. `app/tasks.py` is what it runs.
 */
import { createInterface } from "node:readline";
import { resolve } from "node:path";
import type { Json } from "../../../src/domain/json.ts";
import { until } from "../../support/until.ts";
import { watchedProcess } from "../../support/watched-process.ts";

export interface ShopOptions {
  readonly python: string;
  readonly broker: string;
  /** `result_backend` of Celery; for `django-db` the database stands beside it. */
  readonly backend: string;
  readonly djangoDatabase?: string;
  /** Whom the bridge tells. Undefined: there is no bridge. */
  readonly belfry?: string;
  /** Seconds that one call of the bridge may take. */
  readonly timeout?: number;
  /** Seconds for which it keeps silent after one that was not answered. */
  readonly pause?: number;
  /** `task_track_started` and `result_extended`. Default false. */
  readonly trackStarted?: boolean;
  readonly extended?: boolean;
}

/** What Celery's AsyncResult says. */
export interface Told {
  readonly status: string;
  readonly result: Json;
  readonly exception: { readonly type: string; readonly words: string } | null;
  readonly traceback: string;
  /** UTC, with or without saying so. */
  readonly doneAt: string | null;
}

export interface Shop extends AsyncDisposable {
  send(task: string, args?: readonly Json[], headers?: Readonly<Record<string, Json>>): Promise<string>;
  /** As from where nobody could tell Belfry of it. */
  sendUntold(task: string, args?: readonly Json[], headers?: Readonly<Record<string, Json>>): Promise<string>;
  ask(id: string): Promise<Told>;
  /** Asks until Celery says this. */
  untilCelerySays(id: string, status: string): Promise<Told>;
  /** Lets a task go on that waits at its door. */
  open(id: string): Promise<void>;
  /** Returns when the worker has heard it. */
  revoke(id: string, terminate: boolean): Promise<void>;
  /** Ends the worker and its processes as a lost machine would. */
  loseWorker(): Promise<void>;
  /** What the worker has logged. */
  log(): string;
}

/** Processes of the worker that run tasks. */
export const PROCESSES = 2;

const APP = resolve(import.meta.dirname, "app");
const BRIDGE = resolve(import.meta.dirname, "../../../examples/celery");

export async function openShop(options: ShopOptions): Promise<Shop> {
  const { python, broker, backend, djangoDatabase = "", belfry = "" } = options;
  const env = {
    PYTHONPATH: `${APP}:${BRIDGE}`,
    PYTHONDONTWRITEBYTECODE: "1",
    BROKER: broker,
    BACKEND: backend,
    DJANGO_DATABASE: djangoDatabase,
    TRACK_STARTED: options.trackStarted === true ? "1" : "0",
    EXTENDED: options.extended === true ? "1" : "0",
    BELFRY_SERVER: belfry,
    TIMEOUT: String(options.timeout ?? 30),
    PAUSE: String(options.pause ?? 10),
  };
  const sender = watchedProcess(python, ["tasks.py"], { cwd: APP, env });
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: sender.child.stdout }).on("line", (line) => waiting.shift()?.(line));
  const ended = new Promise<never>((_, reject) => {
    sender.child.once("close", () => reject(new Error(`tasks.py ended:\n${sender.output()}`)));
  });
  ended.catch(() => {});

  /** Calls one of its functions; calls at the same time are carried out in turn. */
  async function call(name: string, ...given: readonly unknown[]): Promise<unknown> {
    const { promise, resolve: answer } = Promise.withResolvers<string>();
    waiting.push(answer);
    sender.child.stdin.write(`${JSON.stringify([name, ...given])}\n`);
    return JSON.parse(await Promise.race([promise, ended]));
  }

  if (backend === "django-db") await call("migrate");
  const flags = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"];
  const worker = watchedProcess(
    python,
    ["-m", "celery", "-A", "tasks", "worker", "--pool", "prefork", "--concurrency", String(PROCESSES), ...flags],
    { cwd: APP, env },
  );
  const end = async (): Promise<void> => {
    await Promise.all([worker.kill(), sender.kill()]);
  };
  try {
    await worker.says(/ ready\.$/);
  } catch (error) {
    await end();
    throw error;
  }
  const ask = async (id: string): Promise<Told> => (await call("ask", id)) as Told;
  return {
    send: async (task, args = [], headers = {}) => String(await call("send", task, args, headers)),
    sendUntold: async (task, args = [], headers = {}) => String(await call("send_untold", task, args, headers)),
    ask,
    async untilCelerySays(id, status) {
      let told: Told | undefined;
      await until(
        async () => {
          told = await ask(id);
          return told.status === status;
        },
        `Celery says ${status}`,
        30_000,
      ).catch((error: unknown) => {
        throw new Error(`Celery says ${JSON.stringify(told)}; its worker:\n${worker.output()}`, { cause: error });
      });
      return told!;
    },
    open: async (id) => void (await call("open_door", id)),
    revoke: async (id, terminate) => void (await call("revoke", id, terminate)),
    loseWorker: () => worker.kill(),
    log: () => worker.output(),
    [Symbol.asyncDispose]: end,
  };
}
