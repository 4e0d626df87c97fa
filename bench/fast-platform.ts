/** A 金智 that takes everything, as fast as it can, and tells what came when. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FastPlatform {
  readonly host: string;
  /** Tasks that it has taken. */
  taken(): number;
  /** Resolves with the time (`performance.now()`) at which the request about this task came. Asked for before it is sent, and once. */
  arrival(taskId: string): Promise<number>;
  /** Resolves when it has taken so many tasks in all. */
  hasTaken(count: number): Promise<void>;
  close(): void;
}

const TOKEN = JSON.stringify({ errcode: 0, errmsg: "ok", accessToken: "a-token-of-the-bench", expiresIn: 7200 });
const OK = JSON.stringify({ errcode: 0, errmsg: "ok" });
const TASK_ID = /"taskId":"(?<id>[^"]+)"/;

export async function startFastPlatform(): Promise<FastPlatform> {
  const arrivals = new Map<string, (at: number) => void>();
  let taken = 0;
  let awaited = { count: Number.POSITIVE_INFINITY, ...Promise.withResolvers<void>() };
  const take = async (request: IncomingMessage, response: ServerResponse, at: number): Promise<void> => {
    const body = await textOf(request);
    arrivals.get(TASK_ID.exec(body)?.groups?.["id"] ?? "")?.(at);
    taken++;
    if (taken >= awaited.count) awaited.resolve();
    response.setHeader("content-type", "application/json").end(OK);
  };
  const server = createServer((request, response) => {
    const at = performance.now();
    if (request.method === "GET") {
      response.setHeader("content-type", "application/json").end(TOKEN);
      return;
    }
    void take(request, response, at);
  });
  server.keepAliveTimeout = 0;
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    host: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken: () => taken,
    arrival: async (taskId) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      arrivals.set(taskId, resolve);
      const at = await promise;
      arrivals.delete(taskId);
      return at;
    },
    hasTaken: async (count) => {
      awaited = { count, ...Promise.withResolvers<void>() };
      if (taken < count) await awaited.promise;
    },
    close: () => server.close().closeAllConnections(),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
