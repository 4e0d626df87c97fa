/**
 * 统一待办: one path that creates or changes a task, answers with `code`, 0 for success, HTTP 401 for a token that it does not take.
 *
 * A post says all of the task: who has it now and how it stands (0 todo, 1 done, 2 cancelled). The platform recognises a request by `requestId` and takes the
 * same one again without a word; the same id with another body it takes too, and remembers it in `believes.reusedKeys`.
 */
import { Beliefs, type Standing } from "./beliefs.ts";
import { type Call, json, type Reply } from "./call.ts";
import { Ledger } from "./ledger.ts";
import { PlatformServer, type ServerOptions } from "./platform-server.ts";
import { dateTime, integer, link, listOf, oneOf, shape, text, word } from "./shape.ts";
import { TokenDesk, type TokenOptions } from "./token-desk.ts";

export interface TongyidaibanOptions extends ServerOptions, TokenOptions {
  readonly appKey?: string;
  readonly appSecret?: string;
  readonly tokenPath?: string;
  readonly createPath?: string;
  readonly authorizationPrefix?: string;
  /** The applications that may come here: a task of any other breaks the contract (白名单); default: all may. */
  readonly appIds?: readonly number[];
}

export const TONGYIDAIBAN = {
  appKey: "belfry",
  appSecret: "tongyi-secret",
  tokenPath: "/api/token",
  createPath: "/api/task/create",
  authorizationPrefix: "Bearer ",
} as const;

interface Task {
  readonly requestId: string;
  readonly appId: number;
  readonly instanceId: string;
  readonly taskId: string;
  readonly handlers: readonly string[];
  readonly status: 0 | 1 | 2;
}

const CREDENTIALS = shape({ app_key: word, app_secret: word });
const TASK = shape({
  requestId: word,
  appId: integer,
  instanceId: word,
  taskId: word,
  title: word,
  nodeName: text,
  initiator: word,
  handlers: listOf(word, { min: 1 }),
  status: oneOf(0, 1, 2),
  pcUrl: link,
  mobileUrl: link,
  createTime: dateTime,
});
const STANDINGS: readonly Standing[] = ["todo", "done", "gone"];

export function aTongyidaiban(options: TongyidaibanOptions = {}): Promise<PlatformServer> {
  const given = { ...TONGYIDAIBAN, ...options };
  const now = options.now ?? Date.now;
  const tokens = new TokenDesk(now, options);
  const ledger = new Ledger();
  // It is told of tasks only: an instance stands as the last of its tasks does.
  const believes = new Beliefs(now, () => false);
  const bodies = new Map<string, string>();

  const broken = (call: Call, findings: readonly string[]): Reply => {
    ledger.violate(call, findings);
    return refuse(400, findings.join("; "));
  };

  const token = (call: Call): Reply => {
    const findings = CREDENTIALS(call.json, "");
    if (findings.length > 0) return broken(call, findings);
    const { app_key, app_secret } = call.json as { app_key: string; app_secret: string };
    if (app_key !== given.appKey || app_secret !== given.appSecret) {
      ledger.refuse(call, "auth", 401, "app_key or app_secret is wrong");
      return json(401, { code: 401, message: "app_key or app_secret is wrong" });
    }
    return json(200, { code: 0, message: "ok", data: { token: tokens.issue(), expires_in: tokens.lifeSeconds } });
  };

  const create = (call: Call): Reply => {
    const authorization = call.headers.authorization ?? "";
    const isPrefixed = authorization.startsWith(given.authorizationPrefix);
    const state = isPrefixed ? tokens.take(authorization.slice(given.authorizationPrefix.length)) : "never-issued";
    if (!isPrefixed)
      ledger.violate(call, [`authorization must begin with ${JSON.stringify(given.authorizationPrefix)}`]);
    else if (state === "never-issued") ledger.violate(call, ["this token was never issued"]);
    if (state !== "good") {
      const message = state === "expired" ? "token expired" : "token invalid";
      ledger.refuse(call, "auth", 401, message);
      return json(401, { code: 401, message });
    }
    const findings = TASK(call.json, "");
    if (findings.length > 0) return broken(call, findings);
    const task = call.json as Task;
    if (given.appIds && !given.appIds.includes(task.appId))
      return broken(call, [`appId ${task.appId} may not come here`]);
    if (new Set(task.handlers).size < task.handlers.length) return broken(call, ["handlers names somebody twice"]);
    const before = bodies.get(task.requestId);
    if (before === call.body) believes.repeat(task.taskId);
    else if (before !== undefined) believes.reuse(task.requestId);
    bodies.set(task.requestId, call.body);
    put(task);
    return json(200, { code: 0, message: "ok", data: { taskId: task.taskId } });
  };

  const put = (task: Task): void => {
    const users = believes.standingsOf(task.taskId, task.handlers, STANDINGS[task.status]!);
    believes.putTask(task.taskId, { instanceId: task.instanceId, users, told: task });
    believes.putInstance(task.instanceId, task.status);
  };

  return PlatformServer.start(
    {
      endpoints: [
        { operation: "token", methods: ["POST"], path: given.tokenPath, perform: token },
        { operation: "create", methods: ["POST"], path: given.createPath, perform: create },
      ],
      believes,
      tokens,
      ledger,
      now,
      refuse,
    },
    options,
  );
}

function refuse(code: number, message: string): Reply {
  return json(200, { code, message });
}
