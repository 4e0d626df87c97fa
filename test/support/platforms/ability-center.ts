/**
 * 能力中心: a token in the query, one push that upserts an instance and a task, answers in the envelope `{e, m, d}` with HTTP 200.
 *
 * The user's todo is of the pair of task and user: a post says how it stands with the users whom it names. A reassignment is therefore two posts, the old
 * holder done, the new one not.
 */
import { type Call, type Endpoint, json, type Reply } from "./call.ts";
import { Ledger, type RefusalKind } from "./ledger.ts";
import { believe, instTaskBeliefs, instTaskFindings } from "./inst-task.ts";
import { PlatformServer, type ServerOptions } from "./platform-server.ts";
import { integer, shape } from "./shape.ts";
import { TokenDesk, type TokenOptions } from "./token-desk.ts";

export interface AbilityCenterOptions extends ServerOptions, TokenOptions {
  readonly appId?: string;
  readonly appSecret?: string;
  readonly tokenPath?: string;
  readonly pushPath?: string;
  /**
   * Takes `{"taskId":9001,"instId":77}` and deletes the task, or `{"instId":77}` and deletes the instance, which has to have no tasks any more;
   * default: there is no such path.
   */
  readonly deletePath?: string;
}

export const ABILITY_CENTER = {
  appId: "belfry",
  appSecret: "ability-secret",
  tokenPath: "/third/token.get-access-token",
  pushPath: "/third/task.push.push-task",
} as const;

const DELETION = shape({ instId: integer }, { taskId: integer });

export function anAbilityCenter(options: AbilityCenterOptions = {}): Promise<PlatformServer> {
  const { appId, appSecret, tokenPath, pushPath } = { ...ABILITY_CENTER, ...options };
  const now = options.now ?? Date.now;
  const tokens = new TokenDesk(now, options);
  const ledger = new Ledger();
  const believes = instTaskBeliefs(now);

  const token = (call: Call): Reply => {
    const findings = queryFindings(call, ["app_id", "app_secret"]);
    ledger.violate(call, findings);
    if (findings.length > 0) return refuse(400, findings.join("; "));
    if (call.query.get("app_id") !== appId || call.query.get("app_secret") !== appSecret) {
      ledger.refuse(call, "auth", 1, "app_id或app_secret错误");
      return refuse(1, "app_id或app_secret错误");
    }
    return done({ access_token: tokens.issue(), expires_in: tokens.lifeSeconds });
  };

  /** Does it when the token is good and nothing is wrong with the body. */
  const authorized = (call: Call, findingsOf: (body: unknown) => readonly string[], act: () => Reply): Reply => {
    const missing = queryFindings(call, ["access_token"]);
    ledger.violate(call, missing);
    if (missing.length > 0) return refuse(1, `access_token无效: ${missing.join("; ")}`);
    const state = tokens.take(call.query.get("access_token") ?? "");
    if (state !== "good") {
      const message = state === "expired" ? "access_token已过期" : "access_token无效";
      if (state === "never-issued") ledger.violate(call, ["this access_token was never issued"]);
      ledger.refuse(call, "auth", 1, message);
      return refuse(1, message);
    }
    const findings = findingsOf(call.json);
    ledger.violate(call, findings);
    return findings.length > 0 ? refuse(400, `参数错误: ${findings.join("; ")}`) : act();
  };

  const push = (call: Call): Reply =>
    authorized(call, instTaskFindings, () => {
      believe(believes, call.json);
      return done({});
    });

  const remove = (call: Call): Reply =>
    authorized(
      call,
      (body) => DELETION(body, ""),
      () => {
        const { instId, taskId } = call.json as { instId: number; taskId?: number };
        return taskId === undefined
          ? removeInstance(call, String(instId))
          : removeTask(call, String(taskId), String(instId));
      },
    );

  const removeTask = (call: Call, id: string, instId: string): Reply => {
    if (believes.task(id)?.instanceId !== instId) return no(call, "unknown", "任务不存在", id);
    believes.removeTask(id);
    return done({});
  };

  const removeInstance = (call: Call, id: string): Reply => {
    if (!believes.instance(id)) return no(call, "unknown", "实例不存在", id);
    if (believes.tasksOf(id).length > 0) return no(call, "order", "实例下还有任务", id);
    believes.removeInstance(id);
    return done({});
  };

  const no = (call: Call, kind: RefusalKind, message: string, id: string): Reply => {
    ledger.refuse(call, kind, 1, message, id);
    return refuse(1, message);
  };

  const endpoints: Endpoint[] = [
    { operation: "token", methods: ["GET"], path: tokenPath, body: "none", perform: token },
    { operation: "push", methods: ["POST"], path: pushPath, perform: push },
  ];
  if (options.deletePath !== undefined) {
    endpoints.push({ operation: "delete", methods: ["POST"], path: options.deletePath, perform: remove });
  }
  return PlatformServer.start({ endpoints, believes, tokens, ledger, now, refuse }, options);
}

function done(d: object): Reply {
  return json(200, { e: 0, m: "操作成功", d });
}

/** `e` is 1 for all errors, unless a fault wants it otherwise. */
function refuse(code: number, m: string): Reply {
  return json(200, { e: code === 400 ? 1 : code, m, d: {} });
}

/** The query has these, once and not empty, and nothing else. */
export function queryFindings({ query }: Call, names: readonly string[]): readonly string[] {
  const strange = [...query.keys()].filter((name) => !names.includes(name)).map((name) => `the query has ${name}`);
  const wrong = names.filter((name) => query.getAll(name).length !== 1 || query.get(name) === "");
  return [...strange, ...wrong.map((name) => `the query must have ${name} once`)];
}
