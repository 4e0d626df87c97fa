import { describe, expect, it } from "vitest";
import { MAX_MESSAGE_CHARACTERS, type Bus } from "../../../src/ports/bus.ts";
import type { RecordingLog } from "../../support/log.ts";
import { acquaint, Ear } from "./ear.ts";

/** A network under test, empty at first. */
export interface NetworkUnderTest extends AsyncDisposable {
  endpoint(node: string): Promise<Bus>;
  readonly log: RecordingLog;
}

interface Node {
  readonly bus: Bus;
  readonly ear: Ear;
}

/** Several megabytes whose characters take one to four bytes, and whose every place differs from the others. */
const LONG = Array.from({ length: 300_000 }, (_, index) => `${index}任务é😀`).join();
const ODD_CHARACTERS = [
  "",
  " ",
  ".",
  "a.b",
  "a..b",
  "*",
  ">",
  "a b",
  "a\tb\r\nc",
  "节点-1",
  "😀",
  "=YQ",
  "#1",
  "/x?y=z&w%20",
];
const ODD_LENGTHS = ["n".repeat(100), "n".repeat(101), "N".repeat(400), "节".repeat(255), `${"节".repeat(254)}店`];
const ODD_NODES = [...ODD_CHARACTERS, ...ODD_LENGTHS, "a", "A", "-", "_"];

/** What every implementation of the bus port must hold. `open` gives an empty network; each test opens one. */
export function busContract(name: string, open: () => Promise<NetworkUnderTest>): void {
  /** Nodes that hear each other. */
  async function joined<Names extends readonly string[]>(
    network: NetworkUnderTest,
    ...names: Names
  ): Promise<{ readonly [Index in keyof Names]: Node }> {
    const nodes: Node[] = [];
    for (const node of names) {
      const bus = await network.endpoint(node);
      nodes.push({ bus, ear: new Ear(bus) });
    }
    await acquaint(nodes);
    return nodes as unknown as { readonly [Index in keyof Names]: Node };
  }

  describe(name, () => {
    it("a message reaches the node that it is for, and nobody else", async () => {
      await using network = await open();
      const [a, b, c] = await joined(network, "a", "b", "c");
      a.bus.send("b", "for b");
      a.bus.broadcast("for all");
      expect(await b.ear.atLeast(2)).toEqual(["for b", "for all"]);
      expect(await c.ear.atLeast(1)).toEqual(["for all"]);
    });

    it("a broadcast reaches all others and not the one who sends it", async () => {
      await using network = await open();
      const [a, b, c] = await joined(network, "a", "b", "c");
      a.bus.broadcast("news");
      await Promise.all([b.ear.atLeast(1), c.ear.atLeast(1)]);
      b.bus.send("a", "heard you");
      expect(await a.ear.atLeast(1)).toEqual(["heard you"]);
      expect(b.ear.messages).toEqual(["news"]);
      expect(c.ear.messages).toEqual(["news"]);
    });

    it("what one node sends arrives in its order, whether it is for one or for all", async () => {
      await using network = await open();
      const [a, b] = await joined(network, "a", "b");
      const sent = Array.from({ length: 3_000 }, (_, index) => `message ${index}`);
      for (const [index, message] of sent.entries()) {
        if (index % 3 === 0) a.bus.broadcast(message);
        else a.bus.send("b", message);
      }
      expect(await b.ear.atLeast(sent.length)).toEqual(sent);
    });

    it("an empty message is a message", async () => {
      await using network = await open();
      const [a, b] = await joined(network, "a", "b");
      a.bus.send("b", "");
      a.bus.send("b", "\u0000\r\n");
      expect(await b.ear.atLeast(2)).toEqual(["", "\u0000\r\n"]);
    });

    it("messages of several megabytes arrive whole and in order", async () => {
      await using network = await open();
      const [a, b, c] = await joined(network, "a", "b", "c");
      const sent = ["before", LONG, "between", `${LONG}!`, "after"];
      for (const message of sent) a.bus.send("b", message);
      a.bus.broadcast(`${LONG}?`);
      // Compared one by one: the difference of such texts would take minutes to print.
      const heard = await b.ear.atLeast(6);
      expect(heard.map((message, index) => message === [...sent, `${LONG}?`][index])).toEqual(Array(6).fill(true));
      expect((await c.ear.atLeast(1)).map((message) => message === `${LONG}?`)).toEqual([true]);
    });

    it("long messages of several senders at once do not get mixed up", async () => {
      await using network = await open();
      const [a, b, c] = await joined(network, "a", "b", "c");
      for (let round = 0; round < 3; round++) {
        a.bus.send("c", `a${round}${LONG}`);
        b.bus.send("c", `b${round}${LONG}`);
      }
      const heard = await c.ear.atLeast(6);
      for (const sender of ["a", "b"]) {
        const own = heard.filter((message) => message.startsWith(sender));
        expect(own.map((message, round) => message === `${sender}${round}${LONG}`)).toEqual([true, true, true]);
      }
    });

    it("a message that is too long is refused by an error in the log, and costs nothing else", async () => {
      await using network = await open();
      const [a, b] = await joined(network, "a", "b");
      const tooLong = "x".repeat(MAX_MESSAGE_CHARACTERS + 1);
      a.bus.send("b", tooLong);
      a.bus.broadcast(tooLong);
      a.bus.send("b", "after");
      expect((await b.ear.atLeast(1)).map((message) => message.length)).toEqual(["after".length]);
      const errors = network.log.lines.filter(({ level }) => level === "error");
      expect(errors.map(({ fields }) => fields["characters"])).toEqual([tooLong.length, tooLong.length]);
    });

    it("any node id will do, and no two of them are taken for each other", async () => {
      await using network = await open();
      const [sender, ...others] = await joined(network, "sender", ...ODD_NODES);
      for (const node of ODD_NODES) sender?.bus.send(node, `for ${node}`);
      sender?.bus.broadcast("end");
      for (const [index, { ear }] of others.entries()) {
        await ear.until(() => ear.messages.includes("end"));
        expect(ear.messages).toEqual([`for ${ODD_NODES[index]}`, "end"]);
      }
    });

    it("what is sent to nobody is lost without a sound", async () => {
      await using network = await open();
      const [a, b] = await joined(network, "a", "b");
      a.bus.send("nobody", "anybody there?");
      a.bus.send("b", "and you?");
      expect(await b.ear.atLeast(1)).toEqual(["and you?"]);
      expect(network.log.lines.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
    });

    it("a node hears what it sends to itself, later", async () => {
      await using network = await open();
      const [a] = await joined(network, "a", "b");
      a.bus.send("a", "note");
      expect(a.ear.messages).toEqual([]);
      expect(await a.ear.atLeast(1)).toEqual(["note"]);
    });

    it("one message is heard after the other, also when hearing one sends more", async () => {
      await using network = await open();
      const [a, b] = await joined(network, "a", "b");
      let depth = 0;
      let deepest = 0;
      const within = (work: () => void): void => {
        depth += 1;
        deepest = Math.max(deepest, depth);
        work();
        depth -= 1;
      };
      b.ear.onMessage = (message) => within(() => b.bus.send("a", `re: ${message}`));
      a.ear.onMessage = () => within(() => a.ear.messages.length < 20 && a.bus.send("b", "again"));
      a.bus.send("b", "first");
      a.bus.send("b", "second");
      await a.ear.atLeast(20);
      expect(deepest).toBe(1);
      expect(a.ear.messages.slice(0, 2)).toEqual(["re: first", "re: second"]);
    });

    it("a closed endpoint hears nothing and sends nothing; the others go on", async () => {
      await using network = await open();
      const [a, b, c] = await joined(network, "a", "b", "c");
      expect(c.bus.connected).toBe(true);
      await c.bus.close();
      await c.bus.close();
      expect(c.bus.connected).toBe(false);
      c.bus.send("b", "from the closed");
      c.bus.broadcast("from the closed");
      a.bus.send("c", "to the closed");
      a.bus.broadcast("to all");
      expect(await b.ear.atLeast(1)).toEqual(["to all"]);
      b.bus.send("a", "to a");
      expect(await a.ear.atLeast(1)).toEqual(["to a"]);
      expect(b.ear.messages).toEqual(["to all"]);
      expect(c.ear.messages).toEqual([]);
    });

    it("what was sent before closing still arrives", async () => {
      await using network = await open();
      const [a, b] = await joined(network, "a", "b");
      a.bus.send("b", LONG);
      a.bus.broadcast("goodbye");
      await a.bus.close();
      expect((await b.ear.atLeast(2)).at(-1)).toBe("goodbye");
    });

    it("a node that starts again under its name hears what is sent from then on", async () => {
      await using network = await open();
      const [a, first] = await joined(network, "a", "b");
      await first.bus.close();
      a.bus.send("b", "lost");
      const bus = await network.endpoint("b");
      const second = { bus, ear: new Ear(bus) };
      await acquaint([a, second]);
      a.bus.send("b", LONG);
      a.bus.send("b", "welcome back");
      expect((await second.ear.atLeast(2)).map(({ length }) => length)).toEqual([LONG.length, "welcome back".length]);
      expect(first.ear.messages).toEqual([]);
    });

    it("a bus takes one listener", async () => {
      await using network = await open();
      const [a] = await joined(network, "a");
      expect(() => a.bus.listen({ heard: () => {}, changed: () => {} })).toThrow("has a listener already");
    });
  });
}
