/** The one connection to a Redis that is late. No Redis is needed for it. */
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { TLSSocket, createSecureContext } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { openCeleryResults } from "../../../src/celery/index.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { selfSigned } from "../client/self-signed.ts";

test("a connection that comes about after its question was given up is closed", async () => {
  const server = createServer();
  const accepted = once(server, "connection") as Promise<[Socket]>;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const clock = new ManualClock();
  const results = openCeleryResults(
    {
      kind: "redis",
      at: { host: "127.0.0.1", port, tls: { ca: undefined, cert: undefined, key: undefined, verified: false } },
      username: undefined,
      password: undefined,
      database: 0,
      keyPrefix: "",
      shown: "rediss://here",
    },
    clock,
  );
  onTestFinished(() => results.close());

  const refusal = results.read("t").catch((error: unknown) => error);
  const [socket] = await accepted;
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  await clock.advance(3000);
  expect(await refusal).toMatchObject({ message: "rediss://here said nothing for 3 s" });

  // Only now does it answer the greeting.
  const greeted = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(selfSigned()) });
  greeted.on("error", () => {}).resume();
  await once(greeted, "close");
});
