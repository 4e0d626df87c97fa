/**
 * The runtime's commands as callers of any node see them, and as the owner of a shard carries them out for another node: the same commands,
 * with JSON between them.
 */
import { isDeepStrictEqual } from "node:util";
import { BelfryError } from "../../domain/error.ts";
import type { BelfryErrorDetails, ErrorReason } from "../../domain/error.ts";
import type { DefinitionRecord, DefinitionSpec } from "../../domain/definition/definition.ts";
import { batchDefinitionId } from "../../domain/approval/platform-push.ts";
import { hashText, shardOf } from "../../domain/routing.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type {
  DefinitionCommands,
  DestinationCommands,
  DispatchCommands,
  ExecutorCommands,
  InstanceCommands,
  Triggered,
  WorkerCommands,
} from "../api.ts";
import type { AttemptCommands } from "../attempt-commands.ts";
import type { KeptAnswers } from "../compound-command.ts";
import { instanceOfToken } from "../attempt-token.ts";
import type { SessionPushes } from "../approvals/approval-commands.ts";
import type { ConfigCommands } from "../config/config-commands.ts";
import type { LocalLockCommands } from "../locks/lock-commands.ts";
import type { ExecutionCommands } from "../executions/api.ts";
import type { MaintenanceCommands } from "../maintenance/maintenance-commands.ts";
import type { ApprovalCommands } from "../platforms/api.ts";
import type { BatchCommands, SweepCommands } from "../platforms/batch-commands.ts";
import type { CreatePlatform, LocalPlatformCommands } from "../platforms/platform-commands.ts";
import { definitionNotFound, staleAttempt } from "../refusals.ts";
import type { CommandCall } from "./protocol.ts";
import type { Router } from "./router.ts";

/** What comes with an attempt's token. */
export type ReportCommands = Pick<WorkerCommands, "heartbeat" | "complete" | "fail"> &
  Pick<ExecutorCommands, "awaitResult">;

export interface LocalCommands {
  readonly definitions: DefinitionCommands;
  readonly instances: InstanceCommands;
  readonly reports: ReportCommands;
  readonly answers: KeptAnswers;
  readonly attempts: AttemptCommands;
  readonly dispatches: DispatchCommands;
  readonly destinations: DestinationCommands;
  readonly platforms: LocalPlatformCommands;
  readonly approvals: ApprovalCommands & SessionPushes;
  readonly batches: BatchCommands;
  readonly sweeps: SweepCommands;
  readonly configs: ConfigCommands;
  readonly locks: LocalLockCommands;
  readonly executions: ExecutionCommands;
  readonly maintenance: MaintenanceCommands;
}

interface RoutingDeps {
  readonly local: LocalCommands;
  readonly router: Router;
  readonly clock: Clock;
  readonly random: Random;
  readonly shardCount: number;
  /** Committed state, for a change that is made here and carried out elsewhere. */
  readonly readDefinition: (id: string) => Promise<DefinitionRecord | null>;
}

/** A batch's item that was refused, on its way between nodes. */
interface RefusedItem {
  readonly refused: { readonly reason: ErrorReason; readonly message: string; readonly details: BelfryErrorDetails };
}

type Create = Parameters<DefinitionCommands["create"]>[0];
type Update = Parameters<DefinitionCommands["update"]>[1];
type Replaced = Awaited<ReturnType<DefinitionCommands["update"]>> | "moved";

/** The definition has changed since the new spec was made of it. */
class Moved extends Error {
  override readonly name = "Moved";
}

/** What comes of carrying a command out again: the same in every way; or the same, yet answered otherwise (a result that was taken is stale). */
type Repeated = "same" | "harmless";

const MOVED_MS = 10;
const ROUTING_HASHES = 65_536;

export function routedCommands({
  local,
  router,
  clock,
  random,
  shardCount,
  readDefinition,
}: RoutingDeps): LocalCommands {
  /** The same method, carried out by the owner of the id's shard. */
  function routed<Arguments extends readonly [string, ...unknown[]], Value>(
    name: string,
    method: (...given: Arguments) => Promise<Value>,
    { repeated, shardOfId }: { readonly repeated?: Repeated; readonly shardOfId?: (id: string) => number } = {},
  ): (...given: Arguments) => Promise<Value> {
    return (...given) => {
      const [id, command] = given;
      // What comes with a token is a worker's data, and none of ours.
      const isNamed = shardOfId === undefined && hasRequestId(command);
      const shard = shardOfId?.(id) ?? shardOf(id, shardCount);
      const repeatable = repeated !== undefined || isNamed;
      const sameAnswer = repeated === "same" || isNamed;
      const call = { name, arguments: withoutTail(given), repeatable, sameAnswer };
      return router.run(shard, call, () => method(...given));
    };
  }

  function create(command: Create): ReturnType<DefinitionCommands["create"]> {
    const { id, requestId } = command;
    const named = hasRequestId(command);
    const routing = named ? hashText(requestId ?? "") : random.integer(ROUTING_HASHES);
    const shard = id === undefined ? routing % shardCount : shardOf(id, shardCount);
    const given = { ...command, routing };
    const call = { name: "definitions.create", arguments: [given], repeatable: named, sameAnswer: named };
    return router.run(shard, call, () => local.definitions.create(given));
  }

  function update(id: string, command: Update): ReturnType<DefinitionCommands["update"]> {
    const { etag, change, asked, reason, requestId } = command;
    const shard = shardOf(id, shardCount);
    const repeatable = hasRequestId(command);
    return router.run(
      shard,
      { name: "definitions.replace", arguments: [], repeatable },
      () => local.definitions.update(id, command),
      async (owner) => {
        for (;;) {
          const definition = await readDefinition(id);
          if (definition === null) {
            throw definitionNotFound(id);
          }
          const spec = change(definition.spec, definition.revision);
          const replacement = { etag, asked, reason, requestId, spec, basedOn: definition.revision };
          const call = {
            name: "definitions.replace",
            arguments: [id, replacement],
            repeatable,
            sameAnswer: repeatable,
          };
          const replaced = await router.ask<Replaced>(owner, shard, call);
          if (replaced !== "moved") {
            return replaced;
          }
          await clock.sleep(MOVED_MS);
        }
      },
    );
  }

  function batchTrigger(
    id: string,
    command: Parameters<DefinitionCommands["batchTrigger"]>[1],
  ): ReturnType<DefinitionCommands["batchTrigger"]> {
    const shard = shardOf(id, shardCount);
    const repeatable = command.items.every(hasRequestId);
    const call = { name: "definitions.batchTrigger", arguments: [id, command], repeatable, sameAnswer: repeatable };
    return router.run(
      shard,
      call,
      () => local.definitions.batchTrigger(id, command),
      async (owner) =>
        (await router.ask<readonly (Triggered | RefusedItem)[]>(owner, shard, call)).map((item) =>
          "refused" in item ? new BelfryError(item.refused.reason, item.refused.message, item.refused.details) : item,
        ),
    );
  }

  function createPlatform(command: CreatePlatform): ReturnType<LocalPlatformCommands["create"]> {
    const named = hasRequestId(command);
    const call = { name: "platforms.create", arguments: [command], repeatable: named, sameAnswer: named };
    return router.run((command.routing ?? 0) % shardCount, call, () => local.platforms.create(command));
  }

  const { definitions, instances, reports, answers, attempts, dispatches, destinations } = local;
  const { platforms, approvals, batches, sweeps, configs, locks, executions, maintenance } = local;
  const looking = { repeated: "same" } as const;
  const shardOfToken = (token: string): number => shardOf(instanceOfToken(token) ?? "", shardCount);
  const byToken = { repeated: "same", shardOfId: shardOfToken } as const;
  const byRequestId = {
    repeated: "same",
    shardOfId: (requestId: string) => hashText(requestId) % shardCount,
  } as const;
  /** A report goes to the shard of its token's instance; one that is no token of ours is over. */
  function report<Rest extends readonly unknown[], Value>(
    name: string,
    method: (token: string, ...rest: Rest) => Promise<Value>,
    repeated: Repeated,
  ): (token: string, ...rest: Rest) => Promise<Value> {
    const send = routed(name, method, { repeated, shardOfId: shardOfToken });
    return (token, ...rest) =>
      instanceOfToken(token) === null ? Promise.reject(staleAttempt()) : send(token, ...rest);
  }

  return {
    definitions: {
      create,
      update,
      batchTrigger,
      delete: routed("definitions.delete", definitions.delete),
      pause: routed("definitions.pause", definitions.pause, { repeated: "same" }),
      resume: routed("definitions.resume", definitions.resume),
      cancel: routed("definitions.cancel", definitions.cancel),
      trigger: routed("definitions.trigger", definitions.trigger),
      backfill: routed("definitions.backfill", definitions.backfill, { repeated: "harmless" }),
    },
    instances: {
      cancel: routed("instances.cancel", instances.cancel, { repeated: "same" }),
      retry: routed("instances.retry", instances.retry),
      pause: routed("instances.pause", instances.pause, { repeated: "same" }),
      resume: routed("instances.resume", instances.resume),
    },
    reports: {
      heartbeat: report("reports.heartbeat", reports.heartbeat, "same"),
      complete: report("reports.complete", reports.complete, "harmless"),
      fail: report("reports.fail", reports.fail, "harmless"),
      awaitResult: report("reports.awaitResult", reports.awaitResult, "harmless"),
    },
    attempts: {
      claim: routed("attempts.claim", attempts.claim, byToken),
      lose: routed("attempts.lose", attempts.lose, byToken),
      takeBack: routed("attempts.takeBack", attempts.takeBack, byToken),
    },
    dispatches: { create: routed("dispatches.create", dispatches.create) },
    destinations: {
      get: routed("destinations.get", destinations.get, looking),
      update: routed("destinations.update", destinations.update),
      reset: routed("destinations.reset", destinations.reset, looking),
      isolate: routed("destinations.isolate", destinations.isolate, looking),
      rotateSecret: routed("destinations.rotateSecret", destinations.rotateSecret),
    },
    platforms: {
      create: createPlatform,
      get: routed("platforms.get", platforms.get, looking),
      update: routed("platforms.update", platforms.update),
      enable: routed("platforms.enable", platforms.enable, looking),
      disable: routed("platforms.disable", platforms.disable, looking),
      remove: routed("platforms.remove", platforms.remove),
      reset: routed("platforms.reset", platforms.reset, looking),
      isolate: routed("platforms.isolate", platforms.isolate, looking),
      test: routed("platforms.test", platforms.test, { repeated: "harmless" }),
      refreshToken: routed("platforms.refreshToken", platforms.refreshToken, { repeated: "harmless" }),
      createTrigger: routed("platforms.createTrigger", platforms.createTrigger),
      deleteTrigger: routed("platforms.deleteTrigger", platforms.deleteTrigger),
    },
    approvals: {
      report: routed("approvals.report", approvals.report, { repeated: "harmless" }),
      push: routed("approvals.push", approvals.push),
      pushAll: routed("approvals.pushAll", approvals.pushAll),
    },
    batches: {
      start: routed("batches.start", batches.start, {
        shardOfId: (platformId) => shardOf(batchDefinitionId(platformId), shardCount),
      }),
    },
    sweeps: {
      register: routed("sweeps.register", sweeps.register, looking),
      sweep: routed("sweeps.sweep", sweeps.sweep),
    },
    configs: { change: routed("configs.change", configs.change) },
    locks: {
      acquire: routed("locks.acquire", locks.acquire),
      awaitTurn: routed("locks.awaitTurn", locks.awaitTurn, looking),
      leave: routed("locks.leave", locks.leave, looking),
      renew: routed("locks.renew", locks.renew, { repeated: "harmless" }),
      release: routed("locks.release", locks.release, { repeated: "harmless" }),
      get: routed("locks.get", locks.get, looking),
    },
    executions: {
      register: routed("executions.register", executions.register, { repeated: "harmless" }),
      update: routed("executions.update", executions.update, { repeated: "harmless" }),
      sync: routed("executions.sync", executions.sync, { repeated: "harmless" }),
    },
    maintenance: { align: routed("maintenance.align", maintenance.align, looking) },
    answers: {
      recall: routed("answers.recall", answers.recall, byRequestId),
      remember: routed("answers.remember", answers.remember, byRequestId),
    },
  };
}

function hasRequestId(command: unknown): boolean {
  const { requestId } = (command ?? {}) as { readonly requestId?: string };
  return requestId !== undefined && requestId !== "";
}

/** Carries out what other nodes send on. */
export function carryOut(local: LocalCommands, { name, arguments: given }: CommandCall): Promise<unknown> {
  const [group = "", method = ""] = name.split(".");
  if (name === "definitions.create") {
    return local.definitions.create(withAnchor(given[0] as Create));
  }
  if (name === "definitions.replace") {
    return replace(local, given as unknown as Parameters<typeof replace>[1]);
  }
  if (name === "definitions.batchTrigger") {
    const batch = given as unknown as Parameters<DefinitionCommands["batchTrigger"]>;
    return local.definitions.batchTrigger(...batch).then((items) => items.map(sendable));
  }
  const commands = (local as unknown as Record<string, Record<string, Command>>)[group];
  const command = commands !== undefined && Object.hasOwn(commands, method) ? commands[method] : undefined;
  if (command === undefined) {
    return Promise.reject(new BelfryError("INTERNAL", `This version of Belfry does not know the command "${name}".`));
  }
  return command(...given);
}

type Command = (...given: readonly unknown[]) => Promise<unknown>;

async function replace(
  local: LocalCommands,
  [id, { etag, asked, reason, requestId, spec, basedOn }]: readonly [
    id: string,
    replacement: Omit<Update, "change"> & { readonly spec: DefinitionSpec; readonly basedOn: number },
  ],
): Promise<Replaced> {
  try {
    return await local.definitions.update(id, {
      ...(etag === undefined ? {} : { etag }),
      ...(asked === undefined ? {} : { asked }),
      ...(reason === undefined ? {} : { reason }),
      ...(requestId === undefined ? {} : { requestId }),
      change: (current, revision) => {
        if (revision !== basedOn) {
          throw new Moved();
        }
        // The same schedule is left as it is: a new one counts from now.
        const wanted = anchored(spec);
        return isDeepStrictEqual(wanted.schedule, current.schedule)
          ? { ...wanted, schedule: current.schedule }
          : wanted;
      },
    });
  } catch (error) {
    if (error instanceof Moved) {
      return "moved";
    }
    throw error;
  }
}

function sendable(item: Triggered | BelfryError): Triggered | RefusedItem {
  if (!(item instanceof BelfryError)) {
    return item;
  }
  const { reason, message, metadata, violations, retryAfterMs } = item;
  return {
    refused: {
      reason,
      message,
      details: { metadata, violations, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    },
  };
}

function withAnchor(command: Create): Create {
  return { ...command, spec: anchored(command.spec) };
}

/** JSON has no NaN, which stands for the time of creation. */
function anchored(spec: DefinitionSpec): DefinitionSpec {
  const { schedule } = spec;
  const anchorAt: number | null = schedule.anchorAt;
  return { ...spec, schedule: { ...schedule, anchorAt: anchorAt ?? Number.NaN } };
}

/** JSON makes null of what is left out at the end. */
function withoutTail(given: readonly unknown[]): readonly unknown[] {
  return given.slice(0, given.findLastIndex((each) => each !== undefined) + 1);
}
