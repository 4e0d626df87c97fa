/**
 * Commands go to the owner of their shard, and wait while it moves.
 *
 * R1 A refusal that says that nothing was done (SHARD_UNAVAILABLE, DRAINING, a message that was never sent) is tried again, until the time for
 *    it is up.
 * R2 What may have been done is tried again only when doing it twice is the same as once: it has a request id, or is so by itself. Otherwise
 *    the caller hears OUTCOME_UNKNOWN. When the answer would be the same too, the question is asked again before its time is up: its message,
 *    or the answer, may have been lost. From then on no refusal says that it was not done, as the earlier message may still arrive.
 * R3 A node that knows of no other does not wait: nobody will come whom it could ask.
 */
import { BelfryError } from "../../domain/error.ts";
import type { Clock } from "../../ports/clock.ts";
import { StoreUnavailable } from "../../ports/store/journal.ts";
import type { RuntimeOptions } from "../options.ts";
import type { Ownership } from "../ownership.ts";
import { busy, outcomeUnknown, shardUnavailable, storeUnavailable } from "../refusals.ts";
import { NodeUnreachable } from "./link.ts";
import type { Link } from "./link.ts";
import type { Membership } from "./membership.ts";
import type { ShardMap } from "./shard-map.ts";

export interface RoutedCommand {
  readonly name: string;
  /** JSON. */
  readonly arguments: readonly unknown[];
  /** Done twice is the same as once. */
  readonly repeatable: boolean;
  /** And so are the answers. */
  readonly sameAnswer?: boolean;
}

/** Between two tries, when nothing is heard. */
const PAUSES_MS = [5, 20, 50, 100];
const PAUSE_MS = 200;
/** How long an answer is waited for before the question is asked again, when it may be. */
const ASK_AGAIN_MS = 2500;

export class Router {
  readonly #clock: Clock;
  readonly #options: RuntimeOptions;
  readonly #ownership: Ownership;
  readonly #membership: Membership;
  readonly #map: ShardMap;
  readonly #link: Link;
  #waiting = 0;

  constructor(deps: {
    clock: Clock;
    options: RuntimeOptions;
    ownership: Ownership;
    membership: Membership;
    map: ShardMap;
    link: Link;
  }) {
    this.#clock = deps.clock;
    this.#options = deps.options;
    this.#ownership = deps.ownership;
    this.#membership = deps.membership;
    this.#map = deps.map;
    this.#link = deps.link;
  }

  /** @param local carries it out here. @param remote asks the node that owns the shard; default: by the command's name. */
  async run<Value>(
    shard: number,
    command: RoutedCommand,
    local: () => Promise<Value>,
    remote: (node: string) => Promise<Value> = (node) => this.ask<Value>(node, shard, command),
  ): Promise<Value> {
    const { routeMs, answerMs } = this.#options;
    const startedAt = this.#clock.monotonic();
    /** Whether an earlier try may have done it: then no later refusal says that it was not done. */
    let mayBeDone = false;
    for (let tries = 0; ; tries++) {
      const owner = this.#ownerOf(shard);
      try {
        if (owner === null) {
          throw shardUnavailable(shard);
        }
        return await (owner === this.#options.nodeId ? local() : remote(owner));
      } catch (error) {
        mayBeDone ||= isUnknown(error);
        const refusal = this.#after(error, shard, command);
        const isOver = this.#clock.monotonic() - startedAt >= (mayBeDone ? Math.max(routeMs, answerMs) : routeMs);
        if (refusal !== null || this.#isFull || this.#membership.alone || isOver) {
          const last = refusal ?? (this.#isFull ? this.#full() : finalRefusal(error, shard));
          // Also what is refused now may be done later: the earlier try may still be on its way.
          throw mayBeDone && last instanceof BelfryError ? outcomeUnknown() : last;
        }
        // Who did not answer in time may well have the shard still.
        if (owner !== null && !isUnknown(error)) {
          this.#map.doubt(shard, owner);
        }
      }
      await this.#pause(tries);
    }
  }

  /** @throws NodeUnreachable; BelfryError as the owner refuses. */
  ask<Value>(node: string, shard: number, { name, arguments: given, sameAnswer }: RoutedCommand): Promise<Value> {
    const { answerMs } = this.#options;
    const timeoutMs = sameAnswer === true ? Math.min(answerMs, ASK_AGAIN_MS) : answerMs;
    return this.#link.ask(node, "command", { name, shard, arguments: given }, timeoutMs) as Promise<Value>;
  }

  #ownerOf(shard: number): string | null {
    const { nodeId } = this.#options;
    // R3.
    if (this.#ownership.open(shard) !== null || this.#membership.alone) {
      return nodeId;
    }
    const owner = this.#map.ownerOf(shard);
    return owner !== null && owner !== nodeId && this.#membership.isAlive(owner) ? owner : null;
  }

  /** What the caller hears; null: it is tried again. */
  #after(error: unknown, shard: number, { repeatable }: RoutedCommand): Error | null {
    if (error instanceof NodeUnreachable) {
      return error.sent && !repeatable ? outcomeUnknown() : null; // R1, R2
    }
    if (error instanceof StoreUnavailable) {
      return storeUnavailable(error);
    }
    if (!(error instanceof BelfryError)) {
      return error instanceof Error ? error : shardUnavailable(shard);
    }
    if (error.reason === "OUTCOME_UNKNOWN") {
      return repeatable ? null : error;
    }
    return error.reason === "SHARD_UNAVAILABLE" || error.reason === "DRAINING" ? null : error;
  }

  get #isFull(): boolean {
    return this.#waiting >= this.#options.maxRouted;
  }

  #full(): BelfryError {
    return busy("commands that wait for other nodes", this.#options.maxRouted);
  }

  async #pause(tries: number): Promise<void> {
    this.#waiting++;
    try {
      await this.#map.news(PAUSES_MS[tries] ?? PAUSE_MS);
    } finally {
      this.#waiting--;
    }
  }
}

/** Whether it may have been done. */
function isUnknown(error: unknown): boolean {
  return error instanceof NodeUnreachable
    ? error.sent
    : error instanceof BelfryError && error.reason === "OUTCOME_UNKNOWN";
}

/** The time is up. */
function finalRefusal(error: unknown, shard: number): Error {
  if (error instanceof NodeUnreachable) {
    return error.sent ? outcomeUnknown() : shardUnavailable(shard);
  }
  return error instanceof Error ? error : shardUnavailable(shard);
}
