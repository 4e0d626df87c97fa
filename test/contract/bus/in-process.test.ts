import { describe, expect, it } from "vitest";
import { createInProcessNetwork } from "../../../src/bus/in-process/network.ts";
import { recordingLog } from "../../support/log.ts";
import { settled } from "../../support/manual-clock.ts";
import { busContract } from "./bus-contract.ts";
import { Ear } from "./ear.ts";

busContract("the bus inside one process", async () => {
  const log = recordingLog();
  const network = createInProcessNetwork(log);
  return { log, endpoint: async (node) => network.endpoint(node), [Symbol.asyncDispose]: async () => {} };
});

describe("the bus inside one process", () => {
  it("a second endpoint of the same name takes the place of the first", async () => {
    const network = createInProcessNetwork();
    const [sender, first] = [network.endpoint("sender"), network.endpoint("node")];
    const firstEar = new Ear(first);
    sender.send("node", "under way");
    const secondEar = new Ear(network.endpoint("node"));
    sender.send("node", "after");
    first.broadcast("from the first");
    await settled();
    expect(firstEar.messages).toEqual([]);
    expect(secondEar.messages).toEqual(["after"]);
    expect(first.connected).toBe(false);
  });

  it("the first one's end does not touch the second", async () => {
    const network = createInProcessNetwork();
    const first = network.endpoint("node");
    const ear = new Ear(network.endpoint("node"));
    await first.close();
    network.endpoint("sender").send("node", "still there?");
    await settled();
    expect(ear.messages).toEqual(["still there?"]);
  });

  it("what is under way to an endpoint that closes is not heard any more", async () => {
    const network = createInProcessNetwork();
    const bus = network.endpoint("node");
    const ear = new Ear(bus);
    network.endpoint("sender").send("node", "too late");
    await bus.close();
    await settled();
    expect(ear.messages).toEqual([]);
  });
});
