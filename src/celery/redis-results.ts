/** Results that Celery keeps in Redis: a key for each task. */
import type { Clock } from "../ports/clock.ts";
import { ResultBackendError } from "../ports/result-backend.ts";
import type { BackendStanding, CeleryResults } from "./celery-results.ts";
import { CLOSE_MS, ENTRY_BYTES, inTime, unreachable } from "./bounds.ts";
import { readTaskMeta } from "./task-meta.ts";

export interface RedisBackend {
  readonly kind: "redis";
  readonly at:
    | { readonly host: string; readonly port: number; readonly tls: RedisTls | undefined }
    | { readonly path: string };
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly keyPrefix: string;
  /** For people. */
  readonly shown: string;
}

interface RedisTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly verified: boolean;
}

type Connected = Awaited<ReturnType<typeof connect>>;

/** All questions go through one connection, in turn. One that is lost is not mended, but followed by another. */
interface Connection {
  readonly connected: Promise<Connected>;
  /** Whoever waits for an answer hears that there will be none. */
  destroy(): void;
}

export function redisResults(backend: RedisBackend, clock: Clock): CeleryResults {
  const { keyPrefix, shown, password } = backend;
  let current: Connection | undefined;

  function connection(): Connection {
    if (current !== undefined) return current;
    const ended = new AbortController();
    const forget = (): void => {
      if (current === opened) current = undefined;
    };
    const opened: Connection = {
      connected: connect(backend, ended.signal, forget),
      destroy() {
        forget();
        ended.abort();
      },
    };
    current = opened;
    return opened;
  }

  async function ask<Answer>(question: (on: Connected) => Promise<Answer>): Promise<Answer> {
    const { connected, destroy } = connection();
    try {
      return await inTime(clock, shown, connected.then(question), destroy);
    } catch (error) {
      if (isWrongType(error)) {
        throw new ResultBackendError("unreadable", "its key holds something else than a text", { cause: error });
      }
      throw unreachable(shown, error, password);
    }
  }

  return {
    async read(taskId) {
      const key = `${keyPrefix}celery-task-meta-${taskId}`;
      // One byte more than is wanted tells that there is more. A key that is not there is empty.
      const entry = await ask(({ inBytes }) => inBytes.getRange(key, 0, ENTRY_BYTES));
      return entry === null || entry.length === 0 ? null : readTaskMeta(entry);
    },
    async describe(): Promise<BackendStanding> {
      const about = await ask(({ client }) => client.info("server"));
      const version = /^redis_version:(?<version>[\w.-]+)/m.exec(about)?.groups?.["version"];
      return { server: `Redis ${version ?? "of unknown version"}`, tables: "" };
    },
    async close() {
      current?.destroy();
    },
  };
}

/** @param lost is called when the connection does not come about, or breaks. */
async function connect({ at, username, password, database }: RedisBackend, ended: AbortSignal, lost: () => void) {
  // Loaded where somebody needs it: it takes 20 MB.
  const { createClient, RESP_TYPES } = await import("@redis/client");
  ended.throwIfAborted();
  const client = createClient({
    socket: { ...socketOf(at), connectTimeout: CLOSE_MS, reconnectStrategy: false },
    username,
    password,
    database,
    // Understood by every Redis, and by what stands in for one; users who may do nothing but read can connect.
    RESP: 2,
    disableClientInfo: true,
    disableOfflineQueue: true,
  });
  client.on("error", lost);
  ended.addEventListener("abort", () => client.destroy());
  try {
    await client.connect();
  } catch (error) {
    lost();
    throw error;
  }
  // It came about after it was given up: nobody would ever close it.
  if (ended.aborted) client.destroy();
  return { client, inBytes: client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }) };
}

function socketOf(at: RedisBackend["at"]) {
  if ("path" in at) return { path: at.path, tls: false as const };
  const { host, port, tls } = at;
  if (tls === undefined) return { host, port };
  const { verified, ...pem } = tls;
  return { host, port, tls: true as const, ...pem, rejectUnauthorized: verified };
}

/** The server says so in the first word of its refusal. */
function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("WRONGTYPE ");
}
