/** Executions of this node's shards: instances that run elsewhere, under ids that their callers chose. */
import { newsFrom } from "../../domain/execution/celery-result.ts";
import type { CeleryResult } from "../../domain/execution/celery-result.ts";
import { celeryStatusOf } from "../../domain/execution/celery-status.ts";
import {
  MODULE_LABEL,
  executionDefinition,
  executionDefinitionId,
} from "../../domain/execution/execution-definition.ts";
import type { ExecutionReport } from "../../domain/execution/report.ts";
import { BelfryError } from "../../domain/error.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { ResultBackend } from "../../ports/result-backend.ts";
import type { CommandDeps } from "../definition-commands.ts";
import { fingerprint } from "../fingerprint.ts";
import { hasRoom, requireRoom } from "../metadata-room.ts";
import { executionNotFound, resultBackendFailed, resultBackendMissing } from "../refusals.ts";
import type { Repeatable } from "../requests.ts";
import type { InstanceResident, SupervisorResident } from "../residents.ts";
import { loadOf } from "../rosters.ts";
import type { SystemDefinitions } from "../system-definitions.ts";
import type { ExecutionCommands, RegisterExecution } from "./api.ts";
import { fitResult } from "./fit-result.ts";

interface Deps extends Pick<
  CommandDeps,
  "clock" | "journal" | "residents" | "activation" | "decisions" | "requests" | "gate"
> {
  readonly systemDefinitions: SystemDefinitions;
  /** Undefined: none is configured. */
  readonly results: ResultBackend | undefined;
}

export function executionCommands(deps: Deps): ExecutionCommands {
  const { clock, journal, residents, activation, decisions, requests, gate, systemDefinitions, results } = deps;

  async function existing(taskId: string): Promise<InstanceResident> {
    const resident = await activation.instance(taskId);
    if (resident === null || !isExternal(resident)) {
      throw executionNotFound(taskId);
    }
    return resident;
  }

  function tell(resident: InstanceResident, report: ExecutionReport): boolean {
    decisions.requireCurrent(resident);
    requireRoom(resident.record.life.metadata, report.metadata);
    return decisions.instance(resident, { ...report, type: "REPORT", at: clock.now() });
  }

  function make(supervisor: SupervisorResident, taskId: string, asked: RegisterExecution): InstanceResident {
    const { name, module, createdBy: userId, payload, businessId, labels, report } = asked;
    const outcome = decisions.supervisor(supervisor, {
      type: "TRIGGER",
      at: clock.now(),
      instanceId: taskId,
      load: loadOf(supervisor),
      overrides: {
        name,
        userId,
        payload,
        businessId,
        labels: module === "" ? labels : { ...labels, [MODULE_LABEL]: module },
      },
      ignoreOverlap: true,
      uniqueHolder: null,
      superseded: [],
    });
    if (outcome.kind !== "done" || outcome.spawned === null) {
      throw new Error(`an execution could not be made: ${outcome.kind}`);
    }
    tell(outcome.spawned, report);
    return outcome.spawned;
  }

  async function register(taskId: string, asked: RegisterExecution, remember: (existing: boolean) => void) {
    const shard = activation.openShard(activation.shardOf(taskId));
    const [before, supervisor] = await Promise.all([
      activation.instance(taskId),
      systemDefinitions.ensure(executionDefinitionId(shard), executionDefinition),
    ]);
    // Another call may have made it while this one waited.
    const known = before ?? residents.instances.get(taskId);
    if (known !== undefined && !isExternal(known)) {
      throw new BelfryError(
        "ID_TAKEN",
        `The id "${taskId}" belongs to an instance that Belfry itself runs. Choose another one.`,
        { metadata: { task_id: taskId } },
      );
    }
    return decisions.run(() => {
      const resident = known ?? make(supervisor, taskId, asked);
      decisions.requireCurrent(resident);
      remember(known !== undefined);
      const { record: instance } = resident;
      return journal.committed(shard, () => ({ instance, existing: known !== undefined }));
    });
  }

  function repeatable(method: string, taskId: string, requestId: string | undefined, asked: unknown): Repeatable {
    return {
      method,
      requestId,
      shard: activation.shardOf(taskId),
      fingerprint: requestId === undefined || requestId === "" ? "" : fingerprint([taskId, asked]),
    };
  }

  /** How it stands now, when that is durable. */
  async function standing(taskId: string) {
    const { shard, record } = await existing(taskId);
    return journal.committed(shard, () => record);
  }

  async function askBackend(taskId: string): Promise<CeleryResult | null> {
    if (results === undefined) {
      throw resultBackendMissing();
    }
    try {
      const told = await results.read(taskId);
      return told === null ? null : fitResult(told);
    } catch (error) {
      throw resultBackendFailed(taskId, error);
    }
  }

  return {
    register: (taskId, asked) =>
      gate.pass(() =>
        requests.once(
          repeatable("RegisterExecution", taskId, asked.requestId, asked),
          (remember) => register(taskId, asked, (was) => remember({ existing: String(was) })),
          async ({ existing: was }) => ({ instance: await standing(taskId), existing: was === "true" }),
        ),
      ),
    update: (taskId, { report, onlyIn, requestId }) =>
      gate.pass(() =>
        requests.once(
          repeatable("UpdateExecution", taskId, requestId, onlyIn === undefined ? report : { report, onlyIn }),
          async (remember) => {
            const resident = await existing(taskId);
            return decisions.run(() => {
              decisions.requireCurrent(resident);
              const isMeant = onlyIn === undefined || resident.record.state === onlyIn;
              if (isMeant) {
                tell(resident, report);
              }
              const { record: instance } = resident;
              const heeded = isMeant && isHeeded(report, instance.state);
              remember({ heeded: String(heeded) });
              return journal.committed(resident.shard, () => ({ instance, heeded }));
            });
          },
          async ({ heeded }) => ({ instance: await standing(taskId), heeded: heeded === "true" }),
        ),
      ),
    sync: (taskId) =>
      gate.pass(async () => {
        await existing(taskId);
        const told = await askBackend(taskId);
        // It may have left the memory, or come further, meanwhile.
        const resident = await existing(taskId);
        return decisions.run(() => {
          const { state, life } = resident.record;
          const news = newsFrom(state, told, life.error);
          const changed = news !== null && tell(resident, fitting(news, life.metadata));
          const { record: instance } = resident;
          return journal.committed(resident.shard, () => ({ instance, changed }));
        });
      }),
  };
}

function isExternal({ record }: InstanceResident): boolean {
  return record.spec.action.kind === "external";
}

/** What Celery has for metadata, and there is no room for, is left out: nobody could make it smaller, and the state counts all the same. */
function fitting({ metadata, ...news }: ExecutionReport, known: JsonObject | null): ExecutionReport {
  return metadata === undefined || !hasRoom(known, metadata) ? news : { ...news, metadata };
}

/** One that was to fail, and ran out of time before, has failed. */
function isHeeded({ state }: ExecutionReport, now: InstanceResident["record"]["state"]): boolean {
  return state === undefined || celeryStatusOf(state) === celeryStatusOf(now);
}
