/** PlatformService over a store in memory, and task centres that keep platforms as their actors would. */
import { createClient, createRouterTransport, type Client } from "@connectrpc/connect";
import { BelfryError, invalid } from "../../../../src/domain/error.ts";
import type { Json, JsonObject } from "../../../../src/domain/json.ts";
import { stateOfChange, type PlatformChangeRecord } from "../../../../src/domain/platform/platform-change.ts";
import { DEFAULT_PUSH_POLICY, newPlatform, type PlatformRecord } from "../../../../src/domain/platform/platform.ts";
import { stateOfPlatform } from "../../../../src/domain/platform/platform.ts";
import { stateOfTrigger } from "../../../../src/domain/platform/trigger-state.ts";
import type { PlatformTrigger } from "../../../../src/domain/platform/trigger.ts";
import { PlatformService } from "../../../../src/gen/belfry/v1/platform_service_pb.ts";
import { cppu } from "../../../../src/platforms/cppu/connector.ts";
import { jinzhi } from "../../../../src/platforms/jinzhi/connector.ts";
import type { ActorKind } from "../../../../src/ports/store/actor-states.ts";
import type {
  ChangedPlatform,
  GivenPlatform,
  PlatformCommand,
  PlatformCommands,
  PlatformTest,
  TaskCenters,
} from "../../../../src/runtime/index.ts";
import { guardService } from "../../../../src/server/call/guard.ts";
import { addRoutes } from "../../../../src/server/connect/routes.ts";
import { platformHandlers } from "../../../../src/server/handlers/platform-handlers.ts";
import type { ServiceEnvironment } from "../../../../src/server/handlers/environment.ts";
import { DEFAULT_LIMITS } from "../../../../src/server/limits.ts";
import { rowsOf } from "../../../../src/store/memory/tables.ts";
import { FakeRuntime } from "../../../support/fake-runtime.ts";
import { recordingLog } from "../../../support/log.ts";
import { MANUAL_START_AT, ManualClock } from "../../../support/manual-clock.ts";

export const JINZHI = {
  host: "https://task.example.edu.cn",
  appId: "a",
  appSecret: "s3cret",
  sceneCode: "APPROVAL",
} as const;

/** As it is created, with what a test says beside. */
export function aPlatform(given: Partial<PlatformRecord> = {}): PlatformRecord {
  const { id = "p1" } = given;
  const made = newPlatform(
    { id, shard: 0, at: MANUAL_START_AT },
    { name: "jz", connector: "jinzhi", settings: JINZHI, standsFor: null, policy: DEFAULT_PUSH_POLICY },
  );
  return { ...made, ...given };
}

export function aTrigger(given: Partial<PlatformTrigger> = {}): PlatformTrigger {
  const condition = { nodeIds: [], creators: [], assignees: [] };
  return {
    id: "t1",
    platformId: "p1",
    actions: [],
    appIds: [],
    condition,
    createdAt: MANUAL_START_AT,
    ...given,
  };
}

interface Command {
  readonly method: string;
  readonly id: string;
  readonly command: PlatformCommand & {
    readonly platform?: GivenPlatform;
    readonly change?: ChangedPlatform;
    readonly trigger?: Omit<PlatformTrigger, "id" | "platformId" | "createdAt">;
  };
}

export interface PlatformsHere {
  readonly client: Client<typeof PlatformService>;
  readonly clock: ManualClock;
  /** What the runtime was told, in that order. */
  readonly commands: readonly Command[];
  put(...platforms: readonly PlatformRecord[]): void;
  putTriggers(...triggers: readonly PlatformTrigger[]): void;
  putChanges(...changes: readonly PlatformChangeRecord[]): void;
}

/** @param answers instead of what the task centres would do. */
export function platformsHere(answers: Partial<PlatformCommands> = {}): PlatformsHere {
  const runtime = new FakeRuntime();
  const clock = new ManualClock();
  const log = recordingLog();
  const commands: Command[] = [];
  const records = new Map<string, PlatformRecord>();

  const write = (kind: ActorKind, id: string, state: JsonObject): void =>
    void rowsOf(runtime.tables.actorStates, kind).set(id, { kind, id, shard: 0, state, updatedAt: clock.now() });
  const put = (record: PlatformRecord) => {
    records.set(record.id, record);
    write("platform", record.id, stateOfPlatform(record));
    return { record, underWay: 2, waiting: 5 };
  };
  const existing = (id: string): PlatformRecord => {
    const record = records.get(id);
    if (record !== undefined) return record;
    throw new BelfryError("PLATFORM_NOT_FOUND", `There is no platform "${id}".`, { metadata: { platform_id: id } });
  };
  const revised =
    (method: string, changeOf: (record: PlatformRecord, command: Command["command"]) => Partial<PlatformRecord>) =>
    async (id: string, command: Command["command"]) => {
      commands.push({ method, id, command });
      const record = existing(id);
      return put({ ...record, ...changeOf(record, command), revision: record.revision + 1 });
    };
  const tested = async (id: string): Promise<PlatformTest> => ({
    ok: true,
    code: "",
    message: "It gave a token.",
    exchanges: [],
    view: { record: existing(id), underWay: 0, waiting: 0 },
  });

  const platforms: PlatformCommands = {
    create: async (command) => {
      commands.push({ method: "create", id: "", command });
      const { violations } = jinzhi.read(command.platform.settings);
      if (violations.length > 0) throw invalid(...violations);
      return put({ ...aPlatform({ id: `p${records.size + 1}` }), ...command.platform });
    },
    get: async (id) => ({ record: existing(id), underWay: 2, waiting: 5 }),
    update: revised("update", ({ settings, policy }, { change }) => ({
      ...change,
      settings: { ...settings, ...change?.settings },
      policy: { ...policy, ...change?.policy },
    })),
    enable: revised("enable", () => ({ enabled: true })),
    disable: revised("disable", () => ({ enabled: false })),
    reset: revised("reset", ({ breaker }) => ({ breaker: { ...breaker, state: "CLOSED", reason: "" } })),
    isolate: revised("isolate", ({ breaker }, { reason = "" }) => ({
      breaker: { ...breaker, state: "ISOLATED", reason },
    })),
    remove: async (id, command) => {
      commands.push({ method: "remove", id, command });
      existing(id);
    },
    test: tested,
    refreshToken: async (id, command) => {
      commands.push({ method: "refreshToken", id, command });
      return tested(id);
    },
    createTrigger: async (platformId, command) => {
      commands.push({ method: "createTrigger", id: platformId, command });
      existing(platformId);
      return { ...command.trigger, id: "t1", platformId, createdAt: clock.now() };
    },
    deleteTrigger: async (id, command) => {
      commands.push({ method: "deleteTrigger", id, command });
    },
    ...answers,
  };
  const taskCenters: Pick<TaskCenters, "connectors" | "platforms" | "shownSettings"> = {
    connectors: new Map([jinzhi, cppu].map((connector) => [connector.name, connector])),
    platforms,
    shownSettings: ({ settings }) =>
      Object.fromEntries(Object.entries(settings).map(([name, value]): [string, Json] => [name, shown(name, value)])),
  };
  const environment = {
    runtime: Object.assign(runtime, { taskCenters }),
    actorStates: runtime.actorStates,
    clock,
    log,
    limits: DEFAULT_LIMITS,
  } as unknown as ServiceEnvironment;
  const methods = guardService(PlatformService, platformHandlers(environment), environment);
  const transport = createRouterTransport((router) => addRoutes(router, methods));
  return {
    client: createClient(PlatformService, transport),
    clock,
    commands,
    put: (...platformsGiven) => platformsGiven.forEach((record) => void put(record)),
    putTriggers: (...triggers) => triggers.forEach((trigger) => write("trigger", trigger.id, stateOfTrigger(trigger))),
    putChanges: (...changes) => changes.forEach((change) => write("platform_change", change.id, stateOfChange(change))),
  };
}

function shown(name: string, value: Json): Json {
  return name === "appSecret" && value !== null ? "***" : value;
}
