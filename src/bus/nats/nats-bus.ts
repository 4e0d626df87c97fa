import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import { MAX_MESSAGE_CHARACTERS, type Bus, type BusListener } from "../../ports/bus.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { Assembly } from "./assembly.ts";
import { FrameWriter, readFrame } from "./frames.ts";
import type { Line } from "./line.ts";
import type { InternalSubjects } from "./subjects.ts";

export interface NatsBusOptions {
  readonly line: Line;
  /** This node's id. */
  readonly node: string;
  readonly subjects: InternalSubjects;
  readonly clock: Clock;
  readonly log: Log;
}

/** Room below the server's limit, for what a leaf or a gateway of NATS may add. */
const HEADROOM_BYTES = 512;
/** UTF-16 characters take three bytes at most, so the longest message fits with room for others. */
const MAX_UNFINISHED_BYTES = 4 * MAX_MESSAGE_CHARACTERS;
const PATIENCE_MS = 30_000;

/**
 * The bus over plain publish and subscribe: a subject a node, and one for all. No acknowledgement, no request and reply: the port promises at most
 * once, and whoever needs an answer has its own way of waiting for one.
 */
export class NatsBus implements Bus {
  readonly #line: Line;
  readonly #node: string;
  readonly #subjects: InternalSubjects;
  readonly #log: Log;
  readonly #writer: FrameWriter;
  readonly #assembly: Assembly;
  readonly #stops: (() => void)[] = [];
  #subscriptions: readonly Subscription[] = [];
  #listener: BusListener | undefined;
  #open = true;

  constructor({ line, node, subjects, clock, log }: NatsBusOptions) {
    this.#line = line;
    this.#node = node;
    this.#subjects = subjects;
    this.#log = log;
    this.#writer = new FrameWriter(node, clock.now());
    this.#assembly = new Assembly({ clock, log, maxBytes: MAX_UNFINISHED_BYTES, patienceMs: PATIENCE_MS });
  }

  get connected(): boolean {
    return this.#open && this.#line.connected;
  }

  send(node: string, message: string): void {
    this.#publish(this.#subjects.node(node), message);
  }

  broadcast(message: string): void {
    this.#publish(this.#subjects.all, message);
  }

  listen(listener: BusListener): void {
    if (this.#listener !== undefined) throw new Error("The bus has a listener already");
    if (!this.#open) return;
    this.#listener = listener;
    this.#stops.push(
      this.#line.whenOpened((client) => this.#subscribe(client)),
      this.#line.onChange((connected) => listener.changed(connected)),
    );
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    for (const stop of this.#stops) stop();
    for (const subscription of this.#subscriptions) if (!subscription.isClosed()) subscription.unsubscribe();
    this.#assembly.close();
  }

  #subscribe(client: NatsConnection): void {
    // A refused subscription is told by the line.
    const callback = (error: Error | null, message: Msg): void => {
      if (error === null && this.#open) this.#heard(message);
    };
    this.#subscriptions = [this.#subjects.node(this.#node), this.#subjects.all].map((subject) =>
      client.subscribe(subject, { callback }),
    );
  }

  #publish(subject: string, message: string): void {
    if (message.length > MAX_MESSAGE_CHARACTERS) {
      this.#log.error("A message to other nodes is too long and was not sent", { characters: message.length });
      return;
    }
    const client = this.#open ? this.#line.connection : undefined;
    const maxPayload = client?.info?.max_payload;
    if (client === undefined || maxPayload === undefined) return;
    const maxBytes = maxPayload > 2 * HEADROOM_BYTES ? maxPayload - HEADROOM_BYTES : maxPayload;
    try {
      for (const frame of this.#writer.frames(message, maxBytes)) client.publish(subject, frame);
    } catch (error) {
      this.#log.error("A message to other nodes could not be sent", { subject, error });
    }
  }

  #heard({ subject, data }: Msg): void {
    try {
      const frame = readFrame(data);
      if (frame === undefined) {
        this.#log.warn("Something that is no message of a node arrived", { subject, bytes: data.length });
        return;
      }
      if (frame.sender === this.#node && subject === this.#subjects.all) return;
      const text = frame.kind === "whole" ? frame.text : this.#assembly.take(frame);
      if (text !== undefined) this.#listener?.heard(text);
    } catch (error) {
      this.#log.error("A message from another node was not handled", { error });
    }
  }
}
