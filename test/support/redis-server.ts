/** A real Redis for tests, on a free port of 127.0.0.1, that keeps nothing on disk. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { until } from "./until.ts";
import { watchedProcess } from "./watched-process.ts";

export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  /** Of one of its databases. */
  url(database: number): string;
  kill(): Promise<void>;
}

/** Without it nobody is let in. */
export const REDIS_PASSWORD = "s3cret-of-redis";

const TRIES = 5;

/**
 * @param binary the program, see celery-programs.ts.
 * @param wanted the port of one that was killed. Default: a free one.
 */
export async function startRedisServer(binary: string, wanted?: number): Promise<RedisServer> {
  for (let tries = 1; ; tries++) {
    // Somebody else may take the port in between; then another one is tried.
    const port = wanted ?? (await freePort());
    const server = watchedProcess(
      binary,
      [
        "--port",
        String(port),
        "--bind",
        "127.0.0.1",
        "--requirepass",
        REDIS_PASSWORD,
        "--save",
        "",
        "--appendonly",
        "no",
      ],
      { cwd: tmpdir() },
    );
    const lines: string[] = [];
    server.child.stdout.on("data", (chunk: Buffer) => lines.push(chunk.toString()));
    try {
      await until(() => {
        if (server.child.exitCode !== null) throw new Error(lines.join(""));
        return lines.join("").includes("Ready to accept connections");
      }, "Redis takes connections");
      return {
        port,
        url: (database) => `redis://:${REDIS_PASSWORD}@127.0.0.1:${port}/${database}`,
        kill: () => server.kill(),
        [Symbol.asyncDispose]: () => server.kill(),
      };
    } catch (error) {
      await server.kill();
      if (tries === TRIES) throw error;
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
