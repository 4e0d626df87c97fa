/** The task centres under test: the strict fake of each, the settings under which Belfry speaks with it, and its own way to show an approval. */
import type { JsonObject } from "@bufbuild/protobuf";
import { ABILITY_CENTER, anAbilityCenter } from "../../support/platforms/ability-center.ts";
import { aCppu, CPPU } from "../../support/platforms/cppu.ts";
import { aJinzhi, JINZHI } from "../../support/platforms/jinzhi.ts";
import type { PlatformServer } from "../../support/platforms/platform-server.ts";
import { aShuweiV2 } from "../../support/platforms/shuwei-v2.ts";
import { aShuwei } from "../../support/platforms/shuwei.ts";
import { aTongyidaiban, TONGYIDAIBAN } from "../../support/platforms/tongyidaiban.ts";
import { TTC } from "../../support/platforms/ttc.ts";
import type { Ending } from "./lives.ts";

export interface Centre {
  readonly name: string;
  readonly connector: string;
  start(appId: string): Promise<PlatformServer>;
  settings(origin: string, appId: string): JsonObject;
  /** Its words for instances. Undefined: it does not know such instances (any more). Null: it knows tasks only. */
  readonly instances: Readonly<Record<Ending, string | number | undefined>> | null;
  /** What somebody had that somebody else has now: shown as done by him, or not at all. */
  readonly handedOver: "done" | "gone";
  /** What somebody had and nobody has to do any more. */
  readonly takenAway: "done" | "gone";
  /** What was done in a session that is deleted. */
  readonly doneOfDeleted: "done" | "gone";
  /** Whether an instance is cut short through one of its tasks: one that was done, but is heard of only afterwards, is not shown as done then. */
  readonly endsThroughTasks?: true;
  /** Whether it is told of an instance that never had a work item. */
  readonly showsStartAndEnd: boolean;
  /** How an urge reaches its user. */
  readonly urges: "urge" | "message" | "never";
  /** Events of which it takes no notice, or that change nothing that it shows. */
  readonly skips: readonly string[];
  /** Whether it has tokens at all. */
  readonly hasTokens: boolean;
}

const UPSERTED = { RUNNING: 0, ABORTED: 1, COMPLETED: 2, REJECTED: 3, REVOKED: 4, SUSPENDED: 0, GONE: 4 } as const;
const upserting = {
  instances: UPSERTED,
  handedOver: "done",
  takenAway: "done",
  doneOfDeleted: "done",
  showsStartAndEnd: true,
  urges: "message",
  skips: ["task_resume"],
} as const;

export const ABILITY: Centre = {
  ...upserting,
  name: "能力中心 ability_center (R-011, R-012, R-013, R-014, R-019)",
  connector: "ability_center",
  start: () => anAbilityCenter(),
  settings: (host) => ({ host, appId: ABILITY_CENTER.appId, appSecret: ABILITY_CENTER.appSecret }),
  hasTokens: true,
};

const DELETE_PATH = "/third/task.delete-task";
const ABILITY_THAT_DELETES: Centre = {
  ...ABILITY,
  name: "能力中心 ability_center with a delete path (R-042)",
  start: () => anAbilityCenter({ deletePath: DELETE_PATH }),
  settings: (host, appId) => ({ ...ABILITY.settings(host, appId), deletePath: DELETE_PATH }),
  instances: { ...UPSERTED, GONE: undefined },
  doneOfDeleted: "gone",
};

export const OWN_CENTRE: Centre = {
  ...upserting,
  name: "cppu (R-064)",
  connector: "cppu",
  start: () => aCppu(),
  settings: (host) => ({
    host,
    appCode: CPPU.appCode,
    secret: CPPU.secret,
    pushPath: CPPU.pushPath,
    timestampUnit: "milliseconds",
  }),
  hasTokens: false,
};

export const JINZHI_CENTRE: Centre = {
  name: "金智 jinzhi (R-020, R-024, R-025, R-034, R-035)",
  connector: "jinzhi",
  start: () => aJinzhi(),
  settings: (host) => ({
    host,
    appId: JINZHI.appId,
    appSecret: JINZHI.appSecret,
    sceneCode: JINZHI.sceneCode,
    notFoundCodes: [String(JINZHI.notFoundErrcode)],
    duplicateCodes: [String(JINZHI.duplicateErrcode)],
  }),
  instances: {
    RUNNING: "RUNNING",
    SUSPENDED: "RUNNING",
    COMPLETED: "COMPLETE",
    ABORTED: "ABORT",
    REJECTED: "RUNNING",
    REVOKED: "COMPLETE",
    GONE: undefined,
  },
  handedOver: "gone",
  takenAway: "done",
  doneOfDeleted: "gone",
  showsStartAndEnd: true,
  urges: "never",
  skips: ["remind_task", "task_resume"],
  hasTokens: true,
};

/** Of a task that stands there already; what the vendor's own code is, is not published. */
const DUPLICATE = 2010;
const ttc = {
  settings: (host: string): JsonObject => ({
    host,
    clientId: TTC.clientId,
    clientSecret: TTC.clientSecret,
    appId: TTC.appId,
    duplicateCodes: [String(DUPLICATE)],
  }),
  instances: {
    RUNNING: "IN_PROGRESS",
    SUSPENDED: "HANG_UP",
    COMPLETED: "FINISH",
    ABORTED: "BREAK_UP",
    REJECTED: "IN_PROGRESS",
    REVOKED: "BREAK_UP",
    GONE: undefined,
  },
  takenAway: "gone",
  doneOfDeleted: "gone",
  showsStartAndEnd: false,
  urges: "urge",
  skips: [],
  hasTokens: true,
} as const;

export const SHUWEI: Centre = {
  ...ttc,
  name: "树维 shuwei (R-046, R-047, R-048)",
  connector: "shuwei",
  start: () => aShuwei({ duplicateCode: DUPLICATE }),
  endsThroughTasks: true,
  handedOver: "gone",
};

const SHUWEI_THAT_RECREATES: Centre = {
  ...SHUWEI,
  name: "树维 shuwei, transfers made anew (R-047)",
  settings: (host) => ({ ...ttc.settings(host), transferMode: "recreate" }),
  handedOver: "done",
};

export const SHUWEI_V2: Centre = {
  ...ttc,
  name: "树维 V2 shuwei_v2 (R-053)",
  connector: "shuwei_v2",
  start: () => aShuweiV2({ duplicateCode: DUPLICATE }),
  handedOver: "done",
};

export const TONGYI: Centre = {
  name: "统一待办 tongyidaiban (R-055, R-056, R-057)",
  connector: "tongyidaiban",
  start: (appId) => aTongyidaiban({ appIds: [Number(appId)] }),
  settings: (host, appId) => ({
    host,
    appKey: TONGYIDAIBAN.appKey,
    appSecret: TONGYIDAIBAN.appSecret,
    myappids: [appId],
    retrySleep: 0,
  }),
  instances: null,
  handedOver: "gone",
  takenAway: "gone",
  doneOfDeleted: "gone",
  showsStartAndEnd: false,
  urges: "never",
  skips: ["remind_task", "task_resume"],
  hasTokens: true,
};

export const CENTRES: readonly Centre[] = [
  ABILITY,
  ABILITY_THAT_DELETES,
  OWN_CENTRE,
  JINZHI_CENTRE,
  SHUWEI,
  SHUWEI_THAT_RECREATES,
  SHUWEI_V2,
  TONGYI,
];
