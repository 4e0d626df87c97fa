import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../manual-clock.ts";
import type { Call, Reply } from "./call.ts";

/** A call that meets a fault. */
export interface Striking {
  readonly call: Call;
  /** What the platform would do without the fault; at most once. */
  perform(items?: unknown): Reply;
  /** No, in the platform's own words. */
  refuse(code: number, message: string): Reply;
}

/** What a platform does in place of what it should. */
export type Fault = (striking: Striking) => Reply | Promise<Reply>;

/** Nothing is done, and the status says so. */
export function answersHttp(status: number, body = "upstream error", headers?: Record<string, string>): Fault {
  return () => ({ status, body, headers });
}

/** The connection breaks before anything is done. */
export function resets(): Fault {
  return () => "reset";
}

/** All is done, and the connection breaks before the answer. */
export function losesAnswer(): Fault {
  return ({ perform }) => {
    perform();
    return "reset";
  };
}

/** Nothing is done, and no answer comes. */
export function staysSilent(): Fault {
  return () => "silence";
}

/** Is done as it should be, so many real milliseconds later. */
export function slow(ms: number): Fault {
  return async ({ perform }) => {
    await sleep(ms, undefined, { ref: false });
    return perform();
  };
}

/** Is done as it should be once this settles. */
export function waitsFor(gate: Promise<unknown>): Fault {
  return async ({ perform }) => {
    await gate;
    return perform();
  };
}

/** Nothing is done; a 200 with what is no JSON: by default the page of a proxy. */
export function answersNonsense(body = "<html><body>502 Bad Gateway</body></html>"): Fault {
  return () => ({ status: 200, body });
}

/** All is done; the answer breaks off in the middle of its JSON. */
export function garblesAnswer(): Fault {
  return ({ perform }) => {
    const reply = perform();
    return typeof reply === "string" ? reply : { ...reply, body: reply.body.slice(0, reply.body.length / 2) };
  };
}

/** Nothing is done; the platform's own error with this code. */
export function refusesWith(code: number, message: string): Fault {
  return ({ refuse }) => refuse(code, message);
}

export interface FaultScope {
  /** Operations that it strikes; default: all but `token`. */
  readonly on?: string | readonly string[];
  /** Of those, the calls that it strikes; default: all. */
  readonly when?: (call: Call) => boolean;
}

interface Switched extends FaultScope {
  readonly fault: Fault;
  /** How many more calls; Infinity: until it is switched off. */
  left: number;
  readonly strikes: () => boolean;
}

/** The faults that are switched on. The one that was switched on first strikes first; a call meets one at most. */
export class Faults {
  #switched: Switched[] = [];
  /** How many calls met one. */
  struck = 0;

  /** The next so many calls meet it. */
  next(count: number, fault: Fault, scope: FaultScope = {}): void {
    this.#switched.push({ ...scope, fault, left: count, strikes: () => true });
  }

  /** All calls meet it until `clear()`. */
  always(fault: Fault, scope: FaultScope = {}): void {
    this.next(Infinity, fault, scope);
  }

  /** So large a share of the calls meets it until `clear()`: 0.1 for a tenth. Which ones follows from the seed. */
  share(share: number, fault: Fault, { seed = 1, ...scope }: FaultScope & { readonly seed?: number } = {}): void {
    const random = seededRandom(seed);
    this.#switched.push({ ...scope, fault, left: Infinity, strikes: () => random.fraction() < share });
  }

  clear(): void {
    this.#switched = [];
  }

  /** The fault that this call meets, which is then used up by one. */
  of(call: Call): Fault | null {
    const met = this.#switched.find(({ on, when, strikes }) => {
      const isMeant = on === undefined ? call.operation !== "token" : [on].flat().includes(call.operation);
      return isMeant && (when?.(call) ?? true) && strikes();
    });
    if (!met) return null;
    met.left -= 1;
    if (met.left === 0) this.#switched = this.#switched.filter((each) => each !== met);
    this.struck += 1;
    return met.fault;
  }
}
