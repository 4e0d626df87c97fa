/**
 * Questions, answers and notices between nodes, over a bus that may lose, double, delay and reorder.
 *
 * L1 What is said to one node in the same turn leaves as one message, or as several when it is long.
 * L2 A message is heard once: each is numbered, and a number that was heard, or is too old to know, is dropped.
 * L3 What was meant for an earlier life of a node is not heard by the next one, nor what an earlier life of a node said. See `Peers`.
 * L4 Who has another database is of another cluster, whatever the names say: it is not heard.
 * L5 A question ends: with its answer, when the node asked is gone, or when its time is up. When it was sent and no answer came, nobody knows
 *    whether it was carried out.
 */
import { BelfryError } from "../../domain/error.ts";
import type { BelfryErrorDetails, ErrorReason } from "../../domain/error.ts";
import type { Bus } from "../../ports/bus.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { StoreUnavailable } from "../../ports/store/journal.ts";
import { busy, storeUnavailable } from "../refusals.ts";
import type { Asks, Notices } from "./protocol.ts";
import { Peers } from "./peers.ts";
import type { Peer } from "./peers.ts";

/** No answer came, or none can come. */
export class NodeUnreachable extends Error {
  override readonly name = "NodeUnreachable";
  /** Whether the question may have been heard, and carried out. */
  readonly sent: boolean;

  constructor(message: string, sent: boolean) {
    super(message);
    this.sent = sent;
  }
}

export interface LinkOptions {
  readonly nodeId: string;
  /** The same for all nodes of one database, and only for them. */
  readonly realm: string;
  /** Another one in each life of the node, and greater than those before. */
  readonly incarnation: string;
  /** Questions that wait for their answer; more are refused. */
  readonly maxAsked: number;
}

type Said =
  | readonly ["ask", number, string, unknown]
  | readonly ["answer", number, unknown]
  | readonly ["refusal", number, Refusal]
  | readonly ["tell", string, unknown];

interface Head {
  /** Who says it: node, life, and the number of the message among those to the same address. */
  readonly from: readonly [node: string, incarnation: string, number: number];
  /** The life it is for; null: all nodes. */
  readonly to: string | null;
  readonly realm: string;
}

interface Message extends Head {
  readonly said: readonly Said[];
}

interface Refusal {
  readonly reason: ErrorReason;
  readonly message: string;
  readonly details: BelfryErrorDetails;
}

interface Asked {
  readonly node: string;
  readonly timer: Timer;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

const ALL = "";
/** About what a message may hold, in characters. */
const MESSAGE_LENGTH = 4 * 1024 * 1024;

export class Link {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: LinkOptions;
  readonly #peers: Peers;
  readonly #asked = new Map<number, Asked>();
  readonly #outgoing = new Map<string, { readonly to: string | null; readonly said: Said[] }>();
  readonly #numbers = new Map<string, number>();
  readonly #answerers = new Map<string, (from: string, ask: never) => Promise<unknown>>();
  readonly #listeners = new Map<string, (from: string, notice: never) => void>();
  #connectedAt: number;
  #questions = 0;
  #flushing = false;
  #closed = false;
  #heardStranger = false;

  constructor(deps: { bus: Bus; clock: Clock; log: Log; options: LinkOptions }) {
    this.#bus = deps.bus;
    this.#clock = deps.clock;
    this.#peers = new Peers(deps.clock);
    this.#connectedAt = deps.clock.monotonic();
    this.#log = deps.log;
    this.#options = deps.options;
  }

  get connected(): boolean {
    return this.#bus.connected && !this.#closed;
  }

  /** How long the network has been there without a break. */
  get connectedForMs(): number {
    return this.connected ? this.#clock.monotonic() - this.#connectedAt : 0;
  }

  /** @param changed is told when the network comes back or goes away. */
  open(changed: (connected: boolean) => void): void {
    this.#bus.listen({
      heard: (message) => {
        if (!this.#closed) {
          this.#hear(message);
        }
      },
      changed: (connected) => {
        this.#connectedAt = this.#clock.monotonic();
        changed(connected);
      },
    });
  }

  close(): void {
    this.#flush();
    this.#closed = true;
    for (const asked of this.#asked.values()) {
      asked.reject(new NodeUnreachable("this node goes away", true));
    }
  }

  /**
   * Asks a node.
   * @throws NodeUnreachable (L5); BelfryError as the node refused it.
   */
  ask<Kind extends keyof Asks>(
    node: string,
    kind: Kind,
    ask: Asks[Kind]["ask"],
    timeoutMs: number,
  ): Promise<Asks[Kind]["answer"]> {
    if (!this.connected || this.incarnationOf(node) === null) {
      return Promise.reject(new NodeUnreachable(`node ${node} cannot be reached`, false));
    }
    if (this.#asked.size >= this.#options.maxAsked) {
      return Promise.reject(busy("questions to other nodes", this.#options.maxAsked));
    }
    const number = ++this.#questions;
    const { promise, resolve, reject } = Promise.withResolvers<Asks[Kind]["answer"]>();
    const over = (): void => {
      this.#asked.delete(number);
      timer.cancel();
    };
    const timer = this.#clock.schedule(timeoutMs, () => {
      over();
      reject(new NodeUnreachable(`node ${node} did not answer in ${timeoutMs} ms`, true));
    });
    this.#asked.set(number, {
      node,
      timer,
      resolve: (answer) => {
        over();
        resolve(answer);
      },
      reject: (error) => {
        over();
        reject(error);
      },
    });
    this.#say(node, ["ask", number, kind, ask]);
    return promise;
  }

  /** Tells a node; nobody knows whether it hears it. */
  tell<Kind extends keyof Notices>(node: string, kind: Kind, notice: Notices[Kind]): void {
    this.#say(node, ["tell", kind, notice]);
  }

  tellAll<Kind extends keyof Notices>(kind: Kind, notice: Notices[Kind]): void {
    this.#say(ALL, ["tell", kind, notice]);
  }

  /** Who answers questions of a kind. */
  answer<Kind extends keyof Asks>(
    kind: Kind,
    answerer: (from: string, ask: Asks[Kind]["ask"]) => Promise<Asks[Kind]["answer"]>,
  ): void {
    this.#answerers.set(kind, answerer);
  }

  /** Who hears notices of a kind. */
  hear<Kind extends keyof Notices>(kind: Kind, listener: (from: string, notice: Notices[Kind]) => void): void {
    this.#listeners.set(kind, listener);
  }

  /** The life of a node that was heard last; null when it was never heard. */
  incarnationOf(node: string): string | null {
    return this.#peers.get(node)?.incarnation ?? null;
  }

  /** The node is gone: nobody answers what it was asked. */
  lost(node: string): void {
    for (const asked of this.#asked.values()) {
      if (asked.node === node) {
        asked.reject(new NodeUnreachable(`node ${node} went away`, true));
      }
    }
  }

  /** L1. */
  #say(address: string, said: Said): void {
    const to = address === ALL ? null : this.incarnationOf(address);
    if (this.#closed || (address !== ALL && to === null)) {
      return; // Never heard of: it learns of us when it says who it is.
    }
    const waiting = this.#outgoing.get(address);
    if (waiting?.to === to) {
      waiting.said.push(said);
    } else {
      // What was for an earlier life goes nowhere (L3).
      this.#outgoing.set(address, { to, said: [said] });
    }
    if (!this.#flushing) {
      this.#flushing = true;
      queueMicrotask(() => this.#flush());
    }
  }

  #flush(): void {
    this.#flushing = false;
    for (const [address, { to, said }] of this.#outgoing) {
      let texts: string[] = [];
      let length = 0;
      for (const each of said) {
        const text = JSON.stringify(each);
        if (texts.length > 0 && length + text.length > MESSAGE_LENGTH) {
          this.#send(address, to, texts);
          texts = [];
          length = 0;
        }
        texts.push(text);
        length += text.length;
      }
      this.#send(address, to, texts);
    }
    this.#outgoing.clear();
  }

  #send(address: string, to: string | null, said: readonly string[]): void {
    const number = (this.#numbers.get(address) ?? 0) + 1;
    this.#numbers.set(address, number);
    const head: Head = {
      from: [this.#options.nodeId, this.#options.incarnation, number],
      to,
      realm: this.#options.realm,
    };
    const text = `${JSON.stringify(head).slice(0, -1)},"said":[${said.join(",")}]}`;
    if (address === ALL) {
      this.#bus.broadcast(text);
    } else {
      this.#bus.send(address, text);
    }
  }

  #hear(text: string): void {
    const message = this.#read(text);
    if (message === null) {
      return;
    }
    const [node, incarnation, number] = message.from;
    if (message.realm !== this.#options.realm) {
      this.#hearStranger(node);
      return; // L4
    }
    const shared = message.to === null;
    if (!shared && message.to !== this.#options.incarnation) {
      return; // L3
    }
    const before = this.#peers.get(node);
    const peer = this.#peers.heard(node, incarnation);
    if (before !== undefined && peer !== null && peer !== before) {
      this.lost(node);
    }
    if (peer === null || !(shared ? peer.shared : peer.direct).isNew(number)) {
      return; // L2
    }
    for (const said of message.said) {
      this.#take(peer, node, said);
    }
  }

  #hearStranger(node: string): void {
    if (!this.#heardStranger) {
      this.#heardStranger = true;
      this.#log.error("a node with another database uses the same cluster name on NATS: set BELFRY_CLUSTER", { node });
    }
  }

  #read(text: string): Message | null {
    try {
      return JSON.parse(text) as Message;
    } catch (error) {
      this.#log.error("a message of another node could not be read", { error });
      return null;
    }
  }

  #take(peer: Peer, from: string, said: Said): void {
    switch (said[0]) {
      case "ask":
        void this.#carryOut(peer, from, said);
        break;
      case "answer":
        this.#asked.get(said[1])?.resolve(said[2]);
        break;
      case "refusal": {
        const { reason, message, details } = said[2];
        this.#asked.get(said[1])?.reject(new BelfryError(reason, message, details));
        break;
      }
      case "tell":
        try {
          this.#listeners.get(said[1])?.(from, said[2] as never);
        } catch (error) {
          this.#log.error("a notice of another node could not be taken", { kind: said[1], node: from, error });
        }
        break;
      default:
        said satisfies never;
    }
  }

  async #carryOut(peer: Peer, from: string, [, number, kind, ask]: Extract<Said, readonly ["ask", ...unknown[]]>) {
    const answer = (said: Said): void => {
      // The next life of the node has questions of its own under the same numbers (L3).
      if (this.#peers.get(from) === peer) {
        this.#say(from, said);
      }
    };
    try {
      const answerer = this.#answerers.get(kind);
      if (answerer === undefined) {
        throw new BelfryError("INTERNAL", `Node ${this.#options.nodeId} does not know the question "${kind}".`);
      }
      answer(["answer", number, (await answerer(from, ask as never)) ?? null]);
    } catch (error) {
      answer(["refusal", number, this.#refusalOf(error, kind)]);
    }
  }

  #refusalOf(error: unknown, kind: string): Refusal {
    if (error instanceof BelfryError) {
      return refusalFrom(error);
    }
    if (error instanceof StoreUnavailable) {
      return refusalFrom(storeUnavailable());
    }
    this.#log.error("a question of another node could not be answered", { kind, error });
    return { reason: "INTERNAL", message: "Another node of the cluster failed; its log says why.", details: {} };
  }
}

function refusalFrom({ reason, message, metadata, violations, retryAfterMs }: BelfryError): Refusal {
  return {
    reason,
    message,
    details: { metadata, violations, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  };
}
