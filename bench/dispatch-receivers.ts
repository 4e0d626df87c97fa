/** Receivers of webhooks that do as little as they can, and tell what came when. */
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";

export interface Receivers {
  /** One each. */
  readonly origins: readonly string[];
  /** Resolves with the time (`performance.now()`) at which the request to this path came. Asked for before it is sent, and once. */
  arrival(path: string): Promise<number>;
  close(): void;
}

/** So many that answer 200 at once. */
export async function startReceivers(count: number): Promise<Receivers> {
  const awaited = new Map<string, (at: number) => void>();
  const servers = Array.from({ length: count }, () =>
    createServer((request, response) => {
      const at = performance.now();
      request.resume();
      response.end("ok");
      const path = request.url ?? "";
      awaited.get(path)?.(at);
      awaited.delete(path);
    }),
  );
  for (const server of servers) server.keepAliveTimeout = 0;
  return {
    origins: await Promise.all(servers.map(originOf)),
    arrival: (path) => new Promise((resolve) => awaited.set(path, resolve)),
    close: () => {
      for (const server of servers) server.close().closeAllConnections();
    },
  };
}

/** So many that are dead: in turn one at which nothing listens, and one that listens and never answers. */
export async function startDead(count: number): Promise<Pick<Receivers, "origins" | "close">> {
  const sockets = new Set<Socket>();
  const servers = Array.from({ length: count }, () =>
    createTcpServer((socket) => sockets.add(socket.on("error", () => {}))),
  );
  const origins = await Promise.all(servers.map(originOf));
  for (const [index, server] of servers.entries()) if (index % 2 === 0) server.close();
  return {
    origins,
    close: () => {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function originOf(server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
