/** What a lock protects: a value over HTTP that refuses whoever comes with a smaller token than it has seen. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

export interface Write {
  readonly token: number;
  readonly value: string;
}

export interface FencedResource extends AsyncDisposable {
  readonly url: string;
  readonly value: string;
  readonly accepted: readonly Write[];
  readonly refused: readonly Write[];
}

export async function aFencedResource(): Promise<FencedResource> {
  const accepted: Write[] = [];
  const refused: Write[] = [];
  let highest = 0;
  const hear = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const given = (await json(request)) as Write;
    const isStale = given.token < highest;
    highest = Math.max(highest, given.token);
    (isStale ? refused : accepted).push(given);
    response.writeHead(isStale ? 409 : 200).end();
  };
  const server = createServer((request, response) => void hear(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get value() {
      return accepted.at(-1)?.value ?? "";
    },
    accepted,
    refused,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Whether it was taken. */
export async function write(url: string, given: Write): Promise<boolean> {
  return (await fetch(url, { method: "POST", body: JSON.stringify(given) })).ok;
}
