import type { Duration } from "@bufbuild/protobuf/wkt";
import {
  DEFAULT_LOCK_TTL_MS,
  MAX_LOCK_TTL_MS,
  MAX_LOCK_WAIT_MS,
  MIN_LOCK_TTL_MS,
  expireAtOf,
  lockOfState,
} from "../../domain/lock/lock.ts";
import { ListLocksRequestSchema, type LockService } from "../../gen/belfry/v1/lock_service_pb.ts";
import type { LockView } from "../../runtime/index.ts";
import { firstOf } from "../call/abort.ts";
import type { Handlers } from "../call/handler.ts";
import { Findings } from "../mapping/findings.ts";
import { lockNameOf } from "../mapping/lock-name.ts";
import { toLock } from "../mapping/lock.ts";
import { durationOf } from "../mapping/time.ts";
import { pageOf } from "../paging/page-token.ts";
import { scanActorStates } from "./actor-state-scan.ts";
import { drainingError } from "./draining.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { requestIdOf } from "./request-id.ts";

export function lockHandlers(environment: ServiceEnvironment): Handlers<typeof LockService> {
  const { runtime, actorStates, clock, draining } = environment;
  const { locks } = runtime;
  const shown = ({ record, waiting }: LockView) => ({ lock: toLock(record, waiting) });

  return {
    async acquireLock(request, call) {
      const { holder, ttl, wait } = request;
      const findings = new Findings();
      const ttlMs = ttlOf(ttl, findings) ?? DEFAULT_LOCK_TTL_MS;
      const waitMs = wait ? durationOf(wait, "wait", findings, { maxMs: MAX_LOCK_WAIT_MS, roundUp: true }) : 0;
      findings.throwIfAny();
      // Whoever waits at a node that goes away comes again, and waits at another.
      const { signal, release } = firstOf(call.signal, draining);
      try {
        const command = { holder, ttlMs, waitMs, ...requestIdOf(request) };
        return shown(await locks.acquire(lockNameOf(request), command, signal));
      } catch (error) {
        if (draining.aborted && !call.signal.aborted && error === draining.reason) throw drainingError();
        throw error;
      } finally {
        release();
      }
    },

    async renewLock(request) {
      const findings = new Findings();
      const ttlMs = ttlOf(request.ttl, findings);
      const token = tokenOf(request.token, findings);
      findings.throwIfAny();
      const command = { token, ...(ttlMs !== undefined && { ttlMs }), ...requestIdOf(request) };
      return shown(await locks.renew(lockNameOf(request), command));
    },

    async releaseLock(request) {
      const findings = new Findings();
      const token = tokenOf(request.token, findings);
      findings.throwIfAny();
      return shown(await locks.release(lockNameOf(request), { token, ...requestIdOf(request) }));
    },

    async getLock(request) {
      return shown(await locks.get(lockNameOf(request)));
    },

    async listLocks(request) {
      const page = pageOf(ListLocksRequestSchema, request);
      const now = clock.now();
      const range = { kind: "lock", prefix: request.namePrefix } as const;
      const found = await scanActorStates(actorStates, range, page, ({ id, shard, state }) => {
        const record = lockOfState(id, shard, state);
        return record.hold !== null && expireAtOf(record.hold) > now ? { id, record } : undefined;
      });
      return { locks: found.shown.map(({ record }) => toLock(record)), nextPageToken: found.nextPageToken };
    },
  };
}

function ttlOf(ttl: Duration | undefined, findings: Findings): number | undefined {
  return ttl && durationOf(ttl, "ttl", findings, { minMs: MIN_LOCK_TTL_MS, maxMs: MAX_LOCK_TTL_MS });
}

/** No token is beyond what a number holds: so many acquisitions there never are. */
function tokenOf(token: bigint, findings: Findings): number {
  if (token > BigInt(Number.MAX_SAFE_INTEGER)) findings.add("token", "was never given to anybody");
  return Number(token);
}
