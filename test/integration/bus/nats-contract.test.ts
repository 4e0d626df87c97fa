import { afterAll, beforeAll } from "vitest";
import { busContract } from "../../contract/bus/bus-contract.ts";
import { recordingLog } from "../../support/log.ts";
import { startNatsServer, type NatsServer } from "../../support/nats-server.ts";
import { natsUnderTest, type NatsUnderTest } from "./nats-under-test.ts";

let server: NatsServer;
let networks = 0;

beforeAll(async () => {
  server = await startNatsServer({ jetstream: false });
});

afterAll(() => server[Symbol.asyncDispose]());

busContract("the bus on NATS", async () => {
  // Each test is a cluster of its own on one server, and each node has a connection of its own.
  const cluster = `test-${++networks}`;
  const log = recordingLog();
  const connections: NatsUnderTest[] = [];
  return {
    log,
    async endpoint(node) {
      const connection = await natsUnderTest({ servers: server.url, cluster, log });
      connections.push(connection);
      return connection.bus(node);
    },
    async [Symbol.asyncDispose]() {
      for (const connection of connections) await connection.close();
    },
  };
});
