/**
 * What goes to the workers of other nodes: attempts, what they are asked to do, and that they are over.
 *
 * An attempt that the other node refuses, or never heard of, is taken back: its instance waits on and no attempt is counted (B1). When it is not
 * known whether the other node heard of it, it is sent again while that node lives, and then left to its timeouts, like one of a worker that
 * fell silent (B2): the next life of that node knows nothing of what the one before took.
 */
import { BelfryError } from "../../domain/error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { WorkerSignal } from "../api.ts";
import { NodeUnreachable } from "./link.ts";
import type { Link } from "./link.ts";
import type { RemoteAssignment } from "./protocol.ts";

const ASSIGN_TIMEOUT_MS = 2000;
const ASSIGN_TRIES = 4;
/** Before it is sent again when it could not be sent at all. */
const ASSIGN_AGAIN_MS = 500;
/** Attempts in one question: each may have a big payload. */
const ASSIGN_AT_ONCE = 32;

interface Outbox {
  readonly assignments: RemoteAssignment[];
  readonly signals: WorkerSignal[];
  readonly released: string[];
}

export class Deliveries {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #link: Link;
  readonly #isAlive: (node: string) => boolean;
  readonly #takeBack: (token: string) => void;
  readonly #outboxes = new Map<string, Outbox>();

  constructor(deps: {
    clock: Clock;
    log: Log;
    link: Link;
    isAlive: (node: string) => boolean;
    /** Nobody heard of this attempt. */
    takeBack: (token: string) => void;
  }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#link = deps.link;
    this.#isAlive = deps.isAlive;
    this.#takeBack = deps.takeBack;
  }

  assign(node: string, assignment: RemoteAssignment): void {
    this.#outbox(node).assignments.push(assignment);
  }

  signal(node: string, signal: WorkerSignal): void {
    this.#outbox(node).signals.push(signal);
  }

  /** The attempt is over: its slot is free. */
  released(node: string, token: string): void {
    this.#outbox(node).released.push(token);
  }

  /** What goes to a node leaves together, at the end of this turn. */
  #outbox(node: string): Outbox {
    let outbox = this.#outboxes.get(node);
    if (outbox === undefined) {
      outbox = { assignments: [], signals: [], released: [] };
      this.#outboxes.set(node, outbox);
      queueMicrotask(() => this.#send(node));
    }
    return outbox;
  }

  #send(node: string): void {
    const outbox = this.#outboxes.get(node);
    this.#outboxes.delete(node);
    if (outbox === undefined) {
      return;
    }
    if (outbox.signals.length > 0) {
      this.#link.tell(node, "signals", { signals: outbox.signals });
    }
    // After the signals: they find the worker by what it has.
    if (outbox.released.length > 0) {
      this.#link.tell(node, "released", { tokens: outbox.released });
    }
    for (let sent = 0; sent < outbox.assignments.length; sent += ASSIGN_AT_ONCE) {
      void this.#assign(node, outbox.assignments.slice(sent, sent + ASSIGN_AT_ONCE));
    }
  }

  async #assign(node: string, assignments: readonly RemoteAssignment[]): Promise<void> {
    const life = this.#link.incarnationOf(node);
    let mayBeHeard = false;
    for (let tries = 0; tries < ASSIGN_TRIES; tries++) {
      if (mayBeHeard && (!this.#isAlive(node) || this.#link.incarnationOf(node) !== life)) {
        break;
      }
      try {
        for (const token of await this.#link.ask(node, "assign", { assignments }, ASSIGN_TIMEOUT_MS)) {
          this.#takeBack(token); // B1
        }
        return;
      } catch (error) {
        const isSent = !isUnsent(error);
        mayBeHeard ||= isSent;
        if (!mayBeHeard) {
          for (const { token } of assignments) {
            this.#takeBack(token); // B1
          }
          return;
        }
        if (!isSent) {
          await this.#clock.sleep(ASSIGN_AGAIN_MS);
        }
      }
    }
    // B2
    this.#log.warn("it is not known whether attempts reached their workers; they are left to their timeouts", { node });
  }
}

/** Whether the question never left this node. */
function isUnsent(error: unknown): boolean {
  return error instanceof NodeUnreachable ? !error.sent : error instanceof BelfryError && error.reason === "BUSY";
}
