import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../../src/domain/error.ts";
import { Link, NodeUnreachable } from "../../../../src/runtime/cluster/link.ts";
import { recordingLog } from "../../../support/log.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { LossyNetwork } from "./lossy-network.ts";

interface GivenLink {
  readonly link: Link;
  /** What it was asked and told, in order. */
  readonly heard: string[];
  /** Answers the oldest question that waits. */
  answer(text: string): void;
}

/** Links of nodes; each life of a node has another name after the "/". */
function given({ maxAsked = 100 } = {}) {
  const clock = new ManualClock();
  const network = new LossyNetwork(clock);
  const log = recordingLog();
  const open = (node: string, incarnation: string, realm = "database"): GivenLink => {
    const link = new Link({
      bus: network.endpoint(node),
      clock,
      log,
      options: { nodeId: node, realm, incarnation: `${node}/${incarnation}`, maxAsked },
    });
    const heard: string[] = [];
    const waiting: ((text: string) => void)[] = [];
    link.answer("command", (from, { name }) => {
      heard.push(`${from} asks ${name}`);
      const { promise, resolve } = Promise.withResolvers<string>();
      waiting.push(resolve);
      return promise;
    });
    link.hear("supply", (from, { queue }) => heard.push(`${from} tells ${queue}`));
    link.open(() => {});
    return { link, heard, answer: (text) => waiting.shift()?.(text) };
  };
  return { clock, network, log, open };
}

/** Each knows the others. */
async function met(clock: ManualClock, ...links: readonly GivenLink[]): Promise<void> {
  for (const { link } of links) link.tellAll("supply", { queue: "hello" });
  await clock.advance(0);
  for (const { heard } of links) heard.splice(0);
}

const ask = (link: Link, node: string, name: string, timeoutMs = 1000): Promise<unknown> =>
  link.ask(node, "command", { name, shard: 0, arguments: [] }, timeoutMs);

describe("nodes of another database on the same bus", () => {
  it("are not heard, whatever they are called, and the log says what to do, once", async () => {
    const { clock, log, open } = given();
    const [a, stranger] = [open("a", "1"), open("b", "2", "another")];
    stranger.link.tellAll("supply", { queue: "theirs" });
    stranger.link.tellAll("supply", { queue: "theirs" });
    await clock.advance(100);
    expect(a.heard).not.toContain("b tells theirs");
    const errors = log.lines.filter(({ level }) => level === "error");
    expect(errors.map(({ message }) => message)).toEqual([
      "a node with another database uses the same cluster name on NATS: set BELFRY_CLUSTER",
    ]);
  });
});

describe("a question to another node", () => {
  it("is answered, or refused in the words of the other", async () => {
    const { clock, open } = given();
    const [a, b] = [open("a", "1"), open("b", "1")];
    await met(clock, a, b);
    const answer = ask(a.link, "b", "one");
    await clock.advance(0);
    b.answer("yes");
    expect(await answer).toBe("yes");
    b.link.answer("command", () =>
      Promise.reject(new BelfryError("BUSY", "no", { metadata: { bound: "x" }, retryAfterMs: 7 })),
    );
    const refused = ask(a.link, "b", "two").catch((error: unknown) => error);
    await clock.advance(0);
    expect(await refused).toMatchObject({ reason: "BUSY", message: "no", metadata: { bound: "x" }, retryAfterMs: 7 });
  });

  it("is heard once when its message comes twice", async () => {
    const { clock, network, open } = given();
    const [a, b] = [open("a", "1"), open("b", "1")];
    await met(clock, a, b);
    network.double({});
    void ask(a.link, "b", "one");
    a.link.tell("b", "supply", { queue: "q" });
    a.link.tellAll("supply", { queue: "all" });
    await clock.advance(0);
    expect(b.heard.toSorted()).toEqual(["a asks one", "a tells all", "a tells q"]);
  });

  it("is heard once when messages overtake each other", async () => {
    const { clock, network, open } = given();
    const [a, b] = [open("a", "1"), open("b", "1")];
    await met(clock, a, b);
    network.delay({ from: "a" }, 50, 1);
    a.link.tell("b", "supply", { queue: "first" });
    await clock.advance(0);
    a.link.tell("b", "supply", { queue: "second" });
    await clock.advance(100);
    expect(b.heard).toEqual(["a tells second", "a tells first"]);
  });

  it("ends when its time is up: it may have been carried out", async () => {
    const { clock, network, open } = given();
    const [a, b] = [open("a", "1"), open("b", "1")];
    await met(clock, a, b);
    network.lose({ says: "answer command" });
    const answer = ask(a.link, "b", "one").catch((error: unknown) => error);
    await clock.advance(0);
    b.answer("yes");
    await clock.advance(1000);
    expect(await answer).toMatchObject({ name: "NodeUnreachable", sent: true });
  });

  it("was not sent when the node was never heard of, or the network is away", async () => {
    const { clock, network, open } = given();
    const [a, b] = [open("a", "1"), open("b", "1")];
    await expect(ask(a.link, "b", "one")).rejects.toMatchObject({ sent: false });
    await met(clock, a, b);
    network.disconnect("a");
    await expect(ask(a.link, "b", "one")).rejects.toMatchObject({ sent: false });
    expect(b.heard).toEqual([]);
  });

  it("is refused when too many wait for their answer already", async () => {
    const { clock, open } = given({ maxAsked: 2 });
    const [a, b] = [open("a", "1"), open("b", "1")];
    await met(clock, a, b);
    const two = [ask(a.link, "b", "one"), ask(a.link, "b", "two")];
    await expect(ask(a.link, "b", "three")).rejects.toMatchObject({ reason: "BUSY" });
    await clock.advance(0);
    b.answer("1");
    b.answer("2");
    await clock.advance(0);
    expect(await Promise.all(two)).toEqual(["1", "2"]);
  });

  it("is given up when this node goes away", async () => {
    const { clock, open } = given();
    const [a, b] = [open("a", "1"), open("b", "1")];
    await met(clock, a, b);
    const answer = ask(a.link, "b", "one").catch((error: unknown) => error);
    await clock.advance(0);
    a.link.close();
    expect(await answer).toBeInstanceOf(NodeUnreachable);
    await expect(ask(a.link, "b", "two")).rejects.toMatchObject({ sent: false });
  });
});

describe("lives of a node", () => {
  it("a question to an earlier life is not heard by the next one, and ends when that one is heard", async () => {
    const { clock, network, open } = given();
    const [a, b] = [open("a", "1"), open("b", "1")];
    await met(clock, a, b);
    const held = network.hold({ to: "b" });
    const answer = ask(a.link, "b", "one").catch((error: unknown) => error);
    await clock.advance(0);
    b.link.close();
    const next = open("b", "2");
    held.release();
    await clock.advance(0);
    expect(next.heard).toEqual([]);
    next.link.tellAll("supply", { queue: "hello" });
    await clock.advance(0);
    expect(await answer).toMatchObject({ sent: true });
  });

  it("what an earlier life said is not heard after the next one was", async () => {
    const { clock, network, open } = given();
    const [a, b] = [open("a", "1"), open("b", "1")];
    await met(clock, a, b);
    const held = network.hold({ from: "b" }, 1);
    b.link.tellAll("supply", { queue: "late" });
    await clock.advance(0);
    const next = open("b", "2");
    next.link.tellAll("supply", { queue: "new" });
    await clock.advance(0);
    held.release();
    await clock.advance(0);
    expect(a.heard).toEqual(["b tells new"]);
  });

  it("what a life said that was over before this node began does not drown the living one", async () => {
    const { clock, network, open } = given();
    const b = open("b", "1");
    const [a] = [open("a", "1")];
    const held = network.hold({ from: "b" }, 1);
    b.link.tellAll("supply", { queue: "late" });
    await clock.advance(0);
    const next = open("b", "2");
    await met(clock, a, next);
    held.release();
    await clock.advance(0);
    next.link.tellAll("supply", { queue: "living" });
    await clock.advance(0);
    expect(a.heard).toEqual(["b tells living"]);
    const answer = ask(a.link, "b", "one");
    await clock.advance(0);
    next.answer("yes");
    expect(await answer).toBe("yes");
  });

  it("a life that was taken for an earlier one is heard again when the one that seemed later is silent", async () => {
    const { clock, open } = given();
    const [a, b] = [open("a", "1"), open("b", "2")];
    await met(clock, a, b);
    for (let count = 0; count < 5; count++) {
      const answer = ask(a.link, "b", "one");
      await clock.advance(0);
      b.answer("yes");
      await answer;
    }
    b.link.close();
    // Its clock stood wrong, or was set back meanwhile.
    const next = open("b", "1");
    await met(clock, a, next);
    expect(a.link.incarnationOf("b")).toBe("b/2");
    await clock.advance(6000);
    await met(clock, a, next);
    const answer = ask(a.link, "b", "one");
    await clock.advance(0);
    next.answer("yes");
    expect(await answer).toBe("yes");
  });

  it("an answer to an earlier life of this node is not taken for one to the next", async () => {
    const { clock, open } = given();
    const [a, b] = [open("a", "1"), open("b", "1")];
    await met(clock, a, b);
    void ask(a.link, "b", "of the first life").catch(() => {});
    await clock.advance(0);
    a.link.close();
    const next = open("a", "2");
    await met(clock, next, b);
    const answer = ask(next.link, "b", "of the second life");
    await clock.advance(0);
    b.answer("to the first");
    await clock.advance(0);
    b.answer("to the second");
    expect(await answer).toBe("to the second");
  });

  it("a node that was gone and comes back in the same life is heard on", async () => {
    const { clock, network, open } = given();
    const [a, b] = [open("a", "1"), open("b", "1")];
    await met(clock, a, b);
    network.part("a", "b");
    b.link.tellAll("supply", { queue: "lost" });
    a.link.lost("b");
    await clock.advance(60_000);
    network.clear();
    b.link.tellAll("supply", { queue: "back" });
    await clock.advance(0);
    expect(a.heard).toEqual(["b tells back"]);
  });
});

describe("what is said in one turn", () => {
  it("to one node leaves as one message", async () => {
    const { clock, network, open } = given();
    const [a, b] = [open("a", "1"), open("b", "1")];
    await met(clock, a, b);
    const before = network.passed.length;
    void ask(a.link, "b", "one");
    void ask(a.link, "b", "two");
    a.link.tell("b", "supply", { queue: "q" });
    await clock.advance(0);
    expect(network.passed.slice(before)).toEqual([
      { from: "a", to: "b", says: ["ask command", "ask command", "supply"] },
    ]);
    expect(b.heard).toHaveLength(3);
  });

  it("leaves in several messages when it is much, so that none is too long for the bus", async () => {
    const { clock, network, open } = given();
    const [a, b] = [open("a", "1"), open("b", "1")];
    await met(clock, a, b);
    const before = network.passed.length;
    const megabyte = "x".repeat(1024 * 1024);
    for (let count = 0; count < 20; count++) a.link.tell("b", "supply", { queue: `${megabyte}${count}` });
    await clock.advance(0);
    expect(b.heard).toHaveLength(20);
    expect(network.passed.slice(before).map(({ says }) => says.length)).toEqual(expect.not.arrayContaining([20]));
    const most = Math.max(...network.passed.slice(before).map(({ says }) => says.length));
    expect(most).toBeLessThanOrEqual(8);
  });

  it("is heard to the end though one of it cannot be taken, and what is no message at all is passed over", async () => {
    const { clock, network, log, open } = given();
    const [a, b] = [open("a", "1"), open("b", "1")];
    await met(clock, a, b);
    b.link.hear("watch", () => {
      throw new Error("no");
    });
    a.link.tell("b", "watch", {});
    a.link.tell("b", "supply", { queue: "q" });
    await clock.advance(0);
    expect(b.heard).toEqual(["a tells q"]);
    network.endpoint("c").send("b", "{no message");
    await clock.advance(0);
    a.link.tell("b", "supply", { queue: "on" });
    await clock.advance(0);
    expect(b.heard).toEqual(["a tells q", "a tells on"]);
    expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(2);
  });
});
