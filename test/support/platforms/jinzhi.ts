/**
 * 金智: tasks are inserted, updated and deleted one by one; an instance is deleted after its todos, or recorded as one that ended as it began. All answers
 * are HTTP 200 with `errcode`, 0 for success.
 *
 * A todo is one whose `taskStatus` is RUNNING, whatever its instance; an update gives a task's processors anew.
 */
import type { InsertModel, StartAndEnd } from "./jinzhi-shapes.ts";
import { DELETE_INSTANCE, DELETE_TASK, modelFindings, modelsOf, START_AND_END } from "./jinzhi-shapes.ts";
import { Beliefs, isOpen } from "./beliefs.ts";
import { type Call, type Endpoint, json, type Reply } from "./call.ts";
import { queryFindings } from "./ability-center.ts";
import { Ledger, type RefusalKind } from "./ledger.ts";
import { PlatformServer, type ServerOptions } from "./platform-server.ts";
import type { Check } from "./shape.ts";
import { TokenDesk, type TokenOptions } from "./token-desk.ts";

export interface JinzhiOptions extends ServerOptions, TokenOptions {
  readonly appId?: string;
  readonly appSecret?: string;
  readonly sceneCode?: string;
  readonly tokenPath?: string;
  readonly taskPath?: string;
  readonly deleteTaskPath?: string;
  readonly deleteInstancePath?: string;
  readonly startAndEndPath?: string;
  /** Where calls carry `appId` and `accessToken`. */
  readonly credentialsIn?: "header" | "query";
  readonly appIdName?: string;
  readonly accessTokenName?: string;
  /** Of what it does not know. */
  readonly notFoundErrcode?: number;
  /** Of a task or instance that is there already; null: it is taken, and stands there twice. */
  readonly duplicateErrcode?: number | null;
  /** Of an instance that still has todos. */
  readonly hasTodosErrcode?: number;
}

export const JINZHI = {
  appId: "belfry",
  appSecret: "jinzhi-secret",
  sceneCode: "APPROVAL",
  tokenPath: "/taskCenter/accessToken",
  taskPath: "/taskCenter/task",
  deleteTaskPath: "/taskCenter/task/delete",
  deleteInstancePath: "/taskCenter/instance/delete",
  startAndEndPath: "/taskCenter/instance/startAndEnd",
  credentialsIn: "header",
  appIdName: "appId",
  accessTokenName: "accessToken",
  notFoundErrcode: 46004,
  duplicateErrcode: 46001,
  hasTodosErrcode: 46009,
} as const;

export function aJinzhi(options: JinzhiOptions = {}): Promise<PlatformServer> {
  const given: Required<Omit<JinzhiOptions, keyof ServerOptions | keyof TokenOptions>> = { ...JINZHI, ...options };
  const now = options.now ?? Date.now;
  const tokens = new TokenDesk(now, options);
  const ledger = new Ledger();
  const believes = new Beliefs(
    now,
    (status) => status !== "RUNNING",
    () => false,
  );

  const no = (call: Call, kind: RefusalKind, code: number, message: string, id = ""): Reply => {
    ledger.refuse(call, kind, code, message, id);
    return refuse(code, message);
  };

  const token = (call: Call): Reply => {
    const findings = queryFindings(call, ["appId", "appSecret"]);
    ledger.violate(call, findings);
    if (findings.length > 0) return refuse(40035, findings.join("; "));
    if (call.query.get("appId") !== given.appId || call.query.get("appSecret") !== given.appSecret) {
      return no(call, "auth", 40001, "invalid credential");
    }
    return json(200, { errcode: 0, errmsg: "ok", accessToken: tokens.issue(), expiresIn: tokens.lifeSeconds });
  };

  /** An endpoint that wants a token and a body of that shape. */
  const endpoint = (
    operation: string,
    path: string,
    check: Check,
    act: (call: Call, body: never) => Reply,
    more: (body: never) => readonly string[] = () => [],
  ): Endpoint => ({
    operation,
    path,
    methods: ["POST"],
    perform: (call) => {
      const refused = unauthorized(call);
      if (refused) return refused;
      const shaped = check(call.json, "");
      const findings = shaped.length > 0 ? shaped : more(call.json as never);
      ledger.violate(call, findings);
      return findings.length > 0 ? refuse(40035, findings.join("; ")) : act(call, call.json as never);
    },
  });

  const unauthorized = (call: Call): Reply | null => {
    const names = [given.appIdName, given.accessTokenName];
    const inQuery = given.credentialsIn === "query";
    const [appId, accessToken] = names.map((name) =>
      inQuery ? call.query.get(name) : call.headers[name.toLowerCase()],
    );
    const findings = queryFindings(call, inQuery ? names : []);
    const missing = appId && accessToken ? [] : [`${names.join(" and ")} must be in the ${given.credentialsIn}`];
    ledger.violate(call, [...findings, ...missing]);
    if (appId !== given.appId) return no(call, "auth", 40001, "invalid appId");
    const state = tokens.take(String(accessToken));
    if (state === "good") return null;
    if (state === "expired") return no(call, "auth", 42001, "access_token expired");
    ledger.violate(call, ["this accessToken was never issued"]);
    return no(call, "auth", 40014, "invalid access_token");
  };

  const put = (model: InsertModel): void => {
    const { processInstanceId, processInstanceStatus } = model.applicationModel;
    const numbers = model.processors.map(({ id }) => id);
    const users = believes.standingsOf(model.taskId, numbers, model.taskStatus === "RUNNING" ? "todo" : "done");
    believes.putTask(model.taskId, { instanceId: processInstanceId, users, told: model });
    believes.putInstance(processInstanceId, processInstanceStatus, model.applicationModel);
  };

  const task = (call: Call, { insertModel, updateModel }: { insertModel?: InsertModel; updateModel?: InsertModel }) => {
    const model = (insertModel ?? updateModel)!;
    const known = believes.task(model.taskId);
    if (updateModel && !known) return no(call, "unknown", given.notFoundErrcode, "task not exist", model.taskId);
    if (insertModel && known) {
      if (given.duplicateErrcode !== null) {
        return no(call, "duplicate", given.duplicateErrcode, "task already exists", model.taskId);
      }
      believes.duplicate(model.taskId);
    }
    put(model);
    return done();
  };

  const deleteTask = (call: Call, { taskId }: { taskId: string }): Reply => {
    if (!believes.task(taskId)) return no(call, "unknown", given.notFoundErrcode, "task not exist", taskId);
    believes.removeTask(taskId);
    return done();
  };

  const deleteInstance = (call: Call, { processInstanceId: id }: { processInstanceId: string }): Reply => {
    if (!believes.instance(id)) return no(call, "unknown", given.notFoundErrcode, "instance not exist", id);
    if (believes.tasksOf(id).some((each) => isOpen(each))) {
      return no(call, "order", given.hasTodosErrcode, "instance still has todos", id);
    }
    believes.removeInstance(id);
    return done();
  };

  const startAndEnd = (call: Call, body: StartAndEnd): Reply => {
    const id = body.processInstanceId;
    if (believes.instance(id)) {
      if (given.duplicateErrcode !== null) {
        return no(call, "duplicate", given.duplicateErrcode, "instance already exists", id);
      }
      believes.repeat(id);
    }
    believes.putInstance(id, body.processInstanceStatus, body);
    return done();
  };

  const models = modelsOf(given.sceneCode);
  const endpoints: Endpoint[] = [
    { operation: "token", methods: ["GET"], path: given.tokenPath, body: "none", perform: token },
    endpoint("task", given.taskPath, models, task, modelFindings),
    endpoint("deleteTask", given.deleteTaskPath, DELETE_TASK, deleteTask),
    endpoint("deleteInstance", given.deleteInstancePath, DELETE_INSTANCE, deleteInstance),
    endpoint("startAndEnd", given.startAndEndPath, START_AND_END, startAndEnd),
  ];
  return PlatformServer.start({ endpoints, believes, tokens, ledger, now, refuse }, options);
}

function done(): Reply {
  return json(200, { errcode: 0, errmsg: "ok" });
}

function refuse(errcode: number, errmsg: string): Reply {
  return json(200, { errcode, errmsg });
}
