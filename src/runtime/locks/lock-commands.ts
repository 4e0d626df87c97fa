/** Commands on locks of this node's shards. */
import type { LockEvent } from "../../actors/lock/events.ts";
import { expireAtOf } from "../../domain/lock/lock.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Decisions } from "../decisions.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Gate } from "../gate.ts";
import type { Journal } from "../journal.ts";
import { busy, lockHeld, lockLost, lockNotFound } from "../refusals.ts";
import type { Requests } from "../requests.ts";
import type { AcquireLock, LockCommands, LockView } from "./api.ts";
import type { LockResident } from "./lock-resident.ts";
import type { Locks } from "./locks.ts";

/** Callers that wait for one lock; more are refused. */
const WAITERS_MOST = 1000;

export interface LocalLockCommands extends Omit<LockCommands, "acquire"> {
  /** At once, or not. @param command.ticket of the caller's place, when it waits. */
  acquire(name: string, command: AcquireLock & { readonly ticket?: string }): Promise<LockView>;
  /** Waits for the turn, for `forMs` at most, and changes nothing. @returns whether it has come. */
  awaitTurn(
    name: string,
    command: {
      readonly ticket: string;
      readonly holder: string;
      readonly waitedMs: number;
      readonly forMs: number;
    },
  ): Promise<boolean>;
  /** Waits no more. */
  leave(name: string, command: { readonly ticket: string }): Promise<void>;
}

interface CommandDeps {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly decisions: Decisions;
  readonly requests: Requests;
  readonly gate: Gate;
  readonly locks: Locks;
}

export function lockCommands({ clock, journal, decisions, requests, gate, locks }: CommandDeps): LocalLockCommands {
  /** How it stands now, when that is durable. */
  function durableView({ record, shard, turns }: LockResident): Promise<LockView> {
    const view = { record, waiting: turns.size };
    return journal.committed(shard, () => view);
  }

  /** How it stands now for whoever has this token. */
  async function viewFor(name: string, token: number): Promise<LockView> {
    const resident = await locks.bring(name);
    locks.look(resident);
    if (resident.record.token !== token || resident.record.hold === null) {
      throw lockLost(name, token);
    }
    return durableView(resident);
  }

  /** A command of the holder, once. */
  function holders(
    method: string,
    name: string,
    command: { readonly token: number; readonly ttlMs?: number; readonly requestId?: string },
    asked: Extract<LockEvent, { readonly token: number }>["type"],
  ): Promise<LockView> {
    return gate.pass(async () => {
      const { token, ttlMs, requestId } = command;
      const shard = locks.openShard(name);
      return requests.once(
        { method, requestId, shard, fingerprint: fingerprintOf([name, token, ttlMs ?? null], requestId) },
        async (remember) => {
          const resident = await locks.bring(name);
          const isDone = decisions.run(() => {
            if (resident.record.token === 0) {
              throw lockNotFound(name);
            }
            const { granted } = locks.decide(
              resident,
              asked === "RENEW"
                ? { type: asked, token, ...(ttlMs === undefined ? {} : { ttlMs }) }
                : { type: asked, token },
            );
            if (granted) {
              remember({});
            }
            locks.look(resident);
            return granted;
          });
          const view = await durableView(resident);
          if (!isDone) {
            throw lockLost(name, token);
          }
          return view;
        },
        async () => (asked === "RENEW" ? viewFor(name, token) : durableView(await locks.bring(name))),
      );
    });
  }

  return {
    acquire: (name, { holder, ttlMs, ticket, requestId }) =>
      gate.pass(async () => {
        const shard = locks.openShard(name);
        return requests.once(
          { method: "AcquireLock", requestId, shard, fingerprint: fingerprintOf([name, holder, ttlMs], requestId) },
          async (remember) => {
            const resident = await locks.bring(name);
            const refusal = decisions.run(() => {
              locks.look(resident);
              const next = resident.turns.turnOfAnother(ticket);
              if (resident.record.hold === null && next !== null) {
                const forMs = remaining(resident.turns.offeredUntil);
                return lockHeld(name, { holder: next.holder, forMs, expireAt: clock.now() + forMs });
              }
              const { granted, record } = locks.decide(resident, { type: "ACQUIRE", holder, ttlMs });
              const { hold } = record;
              if (!granted && hold !== null) {
                const forMs = remaining(resident.overAt);
                return lockHeld(name, { holder: hold.holder, forMs, expireAt: expireAtOf(hold) });
              }
              remember({ token: String(record.token) });
              if (ticket !== undefined) {
                resident.turns.leave(ticket);
              }
              locks.look(resident);
              return null;
            });
            const view = await durableView(resident);
            if (refusal !== null) {
              throw refusal;
            }
            return view;
          },
          async ({ token }) => viewFor(name, Number(token)),
        );
      }),
    awaitTurn: (name, { ticket, holder, waitedMs, forMs }) =>
      gate.passWaiting(async () => {
        const resident = await locks.bring(name);
        const { turns } = resident;
        const now = clock.monotonic();
        turns.dropForsaken(now);
        if (turns.size >= WAITERS_MOST && !turns.has(ticket)) {
          throw busy("callers that wait for one lock", WAITERS_MOST);
        }
        turns.stand({ ticket, holder }, waitedMs, now);
        locks.look(resident);
        if (turns.isTurnOf(ticket)) {
          return true;
        }
        const over = Promise.withResolvers<void>();
        const timer = clock.schedule(forMs, () => over.resolve());
        try {
          return await turns.turn(ticket, over.promise, () => clock.monotonic());
        } finally {
          timer.cancel();
        }
      }),
    leave: async (name, { ticket }) => {
      const resident = await locks.bring(name);
      resident.turns.leave(ticket);
      locks.look(resident);
    },
    renew: (name, command) => holders("RenewLock", name, command, "RENEW"),
    release: (name, command) => holders("ReleaseLock", name, command, "RELEASE"),
    get: (name) =>
      gate.pass(async () => {
        const resident = await locks.bring(name);
        locks.look(resident);
        if (resident.record.token === 0) {
          throw lockNotFound(name);
        }
        return durableView(resident);
      }),
  };

  /** Milliseconds until a moment of the monotonic clock. */
  function remaining(until: number | null): number {
    return Math.max(0, Math.ceil((until ?? 0) - clock.monotonic()));
  }

  function fingerprintOf(asked: unknown, requestId: string | undefined): string {
    return requestId === undefined || requestId === "" ? "" : fingerprint(asked);
  }
}
