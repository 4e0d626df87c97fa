/** The parts of a node that task centres are made of, wired together. */
import { BATCH_JOB } from "../../domain/approval/platform-push.ts";
import { RECONCILE_JOB } from "../../domain/approval/push-definition.ts";
import { BelfryError } from "../../domain/error.ts";
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import type { SecretBox } from "../../ports/secret-box.ts";
import { approvalCommands } from "../approvals/approval-commands.ts";
import { PushInstances } from "../approvals/push-instances.ts";
import { Sessions } from "../approvals/sessions.ts";
import type { ActorLogic } from "../actor-logic.ts";
import type { ExecutorCommands } from "../api.ts";
import type { LocalCommands } from "../cluster/routed-commands.ts";
import type { CommandDeps } from "../definition-commands.ts";
import { batchJob } from "../jobs/batch-job.ts";
import type { Job } from "../jobs/job-executor.ts";
import { reconcileJob } from "../jobs/reconcile-job.ts";
import type { RuntimeDeps } from "../runtime-deps.ts";
import { ServedActors } from "../served/served-actors.ts";
import type { SystemDefinitions } from "../system-definitions.ts";
import { Accounts } from "./account.ts";
import type { TaskCenters } from "./api.ts";
import { batchCommands, sweepCommands } from "./batch-commands.ts";
import type { SendToPlatform } from "./carry-out.ts";
import { Directory } from "./directory.ts";
import { KnownSessions } from "./known-sessions.ts";
import { platformCommands } from "./platform-commands.ts";
import { platformKind } from "./platform-kind.ts";
import type { Platforms } from "./platform-kind.ts";
import { PushPerformance, sender } from "./push-performance.ts";
import { SweptSessions } from "./swept-sessions.ts";
import { taskCenters } from "./task-centers.ts";
import { Tokens } from "./tokens.ts";

type TaskCenterCommands = Pick<LocalCommands, "platforms" | "approvals" | "batches" | "sweeps">;

interface PartsDeps {
  readonly node: RuntimeDeps;
  readonly commands: CommandDeps;
  readonly systemDefinitions: SystemDefinitions;
  readonly actors: ActorLogic;
  readonly workers: () => ExecutorCommands;
  /** Commands as callers of any node give them. */
  readonly routed: () => TaskCenterCommands;
  readonly waitingFor: (queue: string) => number;
}

export interface TaskCenterParts {
  readonly platforms: Platforms;
  readonly sessions: Sessions;
  readonly local: TaskCenterCommands;
  /** What callers use. Made when commands are routed. */
  facade(): TaskCenters;
  /** Belfry's own work, by name. Made when commands are routed. Without connectors there is none. */
  jobs(): ReadonlyMap<string, Job>;
}

/** Without a box nothing can be sealed or opened, nor sent. */
const NO_BOX: SecretBox = {
  ready: false,
  seal: () => {
    throw new BelfryError("SECRET_KEY_MISSING", "This node keeps no secrets.");
  },
  open: () => {
    throw new BelfryError("SECRET_UNREADABLE", "This node keeps no secrets.");
  },
};

export function taskCenterParts(deps: PartsDeps): TaskCenterParts {
  const { node, commands, systemDefinitions, actors, workers, routed, waitingFor } = deps;
  const { store, clock, ids, log, options, webhooks, connectors = new Map() } = node;
  const { journal, ownership, decisions, activation, residents } = commands;
  const box = webhooks?.box ?? NO_BOX;
  const accounts = new Accounts(connectors, box);
  const directory = new Directory(store.actorStates, connectors);
  const known = new KnownSessions(store.approvals);
  const swept = new SweptSessions({ store: store.approvals, known, directory, accounts });
  const sendTo = (record: PlatformRecord): SendToPlatform => {
    if (webhooks === undefined) {
      throw new Error("a node that sends nothing was asked to send to a platform");
    }
    return sender(webhooks.client, record);
  };
  const tokens = new Tokens({ clock, box, sendTo, platforms: () => platforms });
  const performance =
    webhooks === undefined
      ? null
      : new PushPerformance({
          clock,
          store: store.approvals,
          known,
          accounts,
          tokens,
          sendTo,
          handOver: (sessionId, asked) => routed().approvals.push(sessionId, asked),
        });
  const platforms: Platforms = new ServedActors({
    kind: platformKind(actors),
    clock,
    log,
    store: store.actorStates,
    ownership,
    journal,
    workers,
    call: performance === null ? null : (...call) => performance.perform(...call),
    waitingFor,
    run: (decide) => decisions.run(decide),
    nodeId: options.nodeId,
    shardCount: options.shardCount,
  });
  const sessions = new Sessions({
    store: store.approvals,
    clock,
    ownership,
    shardOf: (id) => activation.shardOf(id),
  });
  const pushInstances = new PushInstances({ clock, ids, residents, activation, decisions, systemDefinitions });
  const local: TaskCenterCommands = {
    platforms: platformCommands({
      ...commands,
      store: store.actorStates,
      platforms,
      connectors,
      accounts,
      tokens,
      sendTo,
    }),
    approvals: approvalCommands({ ...commands, sessions, pushInstances, directory, actors }),
    batches: batchCommands({ ...commands, platforms, systemDefinitions }),
    sweeps: sweepCommands({ ...commands, systemDefinitions }),
  };
  return {
    platforms,
    sessions,
    local,
    facade: () =>
      taskCenters({
        clock,
        random: node.random,
        store,
        box,
        connectors,
        accounts,
        directory,
        swept,
        commands: routed(),
      }),
    jobs: () => {
      if (connectors.size === 0) {
        return new Map();
      }
      const pushing = { clock, store, pushes: routed().approvals };
      return new Map([
        [BATCH_JOB, batchJob(pushing)],
        [RECONCILE_JOB, reconcileJob({ ...pushing, log, swept })],
      ]);
    },
  };
}
