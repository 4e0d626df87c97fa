/**
 * What both generations of 树维 (事务中心, TTC) share: OAuth2 token, the envelope whose code 0 may hide `errorIds`, and urging, deleting and changing a
 * transaction.
 *
 * Each item of a batch stands for itself. A task that one of its handlers has done is done for all of them. Todos of a transaction that has ended are not
 * shown; a transaction that goes on again shows those that are still open.
 */
import { Beliefs, isOpen } from "./beliefs.ts";
import { type Call, type Endpoint, json, type Reply } from "./call.ts";
import { envelope, type ErrorId, idOf, type Item, refuse } from "./ttc-answers.ts";
import { Ledger, type RefusalKind } from "./ledger.ts";
import type { Platform, ServerOptions } from "./platform-server.ts";
import { type Check, shape, text, word } from "./shape.ts";
import { TokenDesk, type TokenOptions } from "./token-desk.ts";

export interface TtcOptions extends ServerOptions, TokenOptions {
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** What the token is asked for; default: none is needed, any is taken. */
  readonly scope?: string;
  /** As registered in the platform: all items carry it. */
  readonly appId?: string;
  readonly tokenPath?: string;
  readonly prefix?: string;
  /** Stands before the token in `Authorization`. */
  readonly authorizationPrefix?: string;
  /** In errorIds for a task that is there already; null: it is taken, and stands there twice. */
  readonly duplicateCode?: number | null;
  /** Whether only a handler of a task may say that it is done. */
  readonly isForHandlersOnly?: boolean;
}

export const TTC = {
  clientId: "belfry",
  clientSecret: "ttc-secret",
  appId: "APP",
  tokenPath: "/oauth2/token",
  prefix: "/apis/ttc/v1/transaction/poa/",
  authorizationPrefix: "",
  duplicateCode: null,
} as const;

/** Does an item; null: it is done. */
type Act<T> = (item: T, call: Call) => ErrorId | null;

const URGE = shape({ appId: word, taskId: word, creator: word, instructions: text });
const DELETE = shape({ appId: word, taskId: word, creator: word });
const UPDATE = shape({ transactionId: word, status: word }, { editAccount: text });
const STATUSES: readonly string[] = ["IN_PROGRESS", "BREAK_UP", "HANG_UP", "FINISH"];

export class Ttc {
  readonly now: () => number;
  readonly tokens: TokenDesk;
  readonly ledger = new Ledger();
  readonly believes: Beliefs;
  readonly #options: TtcOptions & typeof TTC;
  /** Tasks that went away with their transaction. */
  readonly #wentAlong = new Set<string>();

  constructor(options: TtcOptions) {
    this.#options = { ...TTC, ...options } as TtcOptions & typeof TTC;
    this.now = options.now ?? Date.now;
    this.tokens = new TokenDesk(this.now, options);
    this.believes = new Beliefs(this.now, (status) => status === "BREAK_UP" || status === "FINISH");
  }

  /** @param own the endpoints of one generation. */
  platform(own: readonly Endpoint[]): Platform {
    const { tokenPath } = this.#options;
    const token = (call: Call): Reply => this.#token(call);
    const endpoints: Endpoint[] = [
      { operation: "token", methods: ["POST"], path: tokenPath, body: "form", perform: token },
      ...own,
      this.batch("delete", "todo/deleteTask", DELETE, (item: { taskId: string }, call) => this.#delete(item, call), [
        "POST",
        "PUT",
      ]),
      this.batch("update", "todo/updateTransaction", UPDATE, (item: Updating, call) => this.#update(item, call), [
        "POST",
        "PUT",
      ]),
      { ...this.#at("urge", "taskCuiBanNew", ["POST"]), perform: (call) => this.#urge(call) },
    ];
    return { endpoints, believes: this.believes, tokens: this.tokens, ledger: this.ledger, now: this.now, refuse };
  }

  /** An endpoint that takes a list of such items. */
  batch<T>(
    operation: string,
    path: string,
    check: Check,
    act: Act<T>,
    methods: readonly string[] = ["POST"],
  ): Endpoint {
    return {
      ...this.#at(operation, path, methods),
      perform: (call, items = call.json) => {
        const refused = this.#unauthorized(call);
        if (refused) return refused;
        if (!Array.isArray(items)) {
          this.ledger.violate(call, ["the body must be a list"]);
          return refuse(400, "参数校验不合法");
        }
        if (items.length === 0 && call.json === items) this.ledger.violate(call, ["the list is empty"]);
        const errorIds = items.flatMap((item: Item, index) => {
          const findings = this.#findings(check, item, `[${index}]`);
          this.ledger.violate(call, findings);
          const message = findings.join("; ");
          return (findings.length > 0 ? { code: 400, taskId: idOf(item), message } : act(item as T, call)) ?? [];
        });
        return envelope(errorIds);
      },
    };
  }

  /** In errorIds, and in the ledger. */
  no(call: Call, kind: RefusalKind, code: number, taskId: string, message: string): ErrorId {
    this.ledger.refuse(call, kind, code, message, taskId);
    return { code, taskId, message };
  }

  noSuchTask(call: Call, taskId: string): ErrorId {
    return this.no(call, "unknown", 2004, taskId, "this task is not exist");
  }

  /** A todo for each of its handlers. */
  add(call: Call, taskId: string, instanceId: string, handlers: readonly string[], told: object): ErrorId | null {
    const { believes } = this;
    const { duplicateCode } = this.#options as TtcOptions;
    if (believes.task(taskId)) {
      if (typeof duplicateCode === "number") {
        return this.no(call, "duplicate", duplicateCode, taskId, "this task already exists");
      }
      believes.duplicate(taskId);
    }
    this.#wentAlong.delete(taskId);
    if (!believes.instance(instanceId)) believes.putInstance(instanceId, "IN_PROGRESS", told);
    believes.putTask(taskId, { instanceId, users: handlers.map((user) => [user, "todo"]), told });
    return null;
  }

  /** Done by one, and so for all. */
  complete(call: Call, taskId: string, handler: string, told: object): ErrorId | null {
    const task = this.believes.task(taskId);
    if (!task) return this.noSuchTask(call, taskId);
    if (!isOpen(task)) {
      this.believes.repeat(taskId);
      return null;
    }
    if (this.#options.isForHandlersOnly && task.users.get(handler) !== "todo") {
      return this.no(call, "business", 500, taskId, "办理人不是该待办的办理人");
    }
    this.believes.putTask(taskId, { users: this.believes.standingsOf(taskId, [handler], "done"), told });
    return null;
  }

  #at(operation: string, path: string, methods: readonly string[]): Omit<Endpoint, "perform"> {
    return { operation, methods, path: this.#options.prefix + path };
  }

  #findings(check: Check, item: Item, at: string): readonly string[] {
    const findings = check(item, at);
    const isForeign = findings.length === 0 && "appId" in item && item["appId"] !== this.#options.appId;
    return isForeign ? [`${at}.appId is not registered`] : findings;
  }

  #token(call: Call): Reply {
    const form = new URLSearchParams(call.body);
    const { clientId, clientSecret, scope } = this.#options;
    const wanted = ["grant_type", "client_id", "client_secret"];
    const findings = [
      ...wanted.filter((name) => !form.get(name)).map((name) => `${name} is missing`),
      ...[...form.keys()]
        .filter((name) => ![...wanted, "scope"].includes(name))
        .map((name) => `${name} is not a field of it`),
    ];
    if (form.get("grant_type") !== "client_credentials") findings.push("grant_type must be client_credentials");
    if (scope !== undefined && form.get("scope") !== scope) findings.push(`scope must be ${scope}`);
    this.ledger.violate(call, findings);
    if (findings.length > 0) return json(400, { error: "invalid_request", error_description: findings.join("; ") });
    if (form.get("client_id") !== clientId || form.get("client_secret") !== clientSecret) {
      this.ledger.refuse(call, "auth", 401, "invalid_client");
      return json(401, { error: "invalid_client" });
    }
    return json(200, { access_token: this.tokens.issue(), token_type: "bearer", expires_in: this.tokens.lifeSeconds });
  }

  #unauthorized(call: Call): Reply | null {
    const prefix = this.#options.authorizationPrefix;
    const authorization = call.headers.authorization ?? "";
    const state = authorization.startsWith(prefix)
      ? this.tokens.take(authorization.slice(prefix.length))
      : "never-issued";
    if (state === "good") return null;
    const message = state === "expired" ? "token expired" : "token invalid";
    if (state === "never-issued")
      this.ledger.violate(call, [`authorization must be ${prefix}<a token that was issued>`]);
    this.ledger.refuse(call, "auth", 401, message);
    return json(401, { code: 401, message });
  }

  #urge(call: Call): Reply {
    const refused = this.#unauthorized(call);
    if (refused) return refused;
    const findings = this.#findings(URGE, call.json as Item, "");
    this.ledger.violate(call, findings);
    if (findings.length > 0) return refuse(400, findings.join("; "));
    const { taskId, creator, instructions } = call.json as Record<"taskId" | "creator" | "instructions", string>;
    const task = this.believes.task(taskId);
    if (!task || !isOpen(task)) {
      const message = task ? "催办失败:任务已办理" : "催办失败:taskId不存在";
      this.ledger.refuse(call, task ? "order" : "unknown", 500, message, taskId);
      return refuse(500, message);
    }
    this.believes.urge(taskId, creator, instructions);
    return envelope([]);
  }

  /** The linked transaction goes too, and what else is in it. */
  #delete({ taskId }: { taskId: string }, call: Call): ErrorId | null {
    const task = this.believes.task(taskId);
    if (!task && this.#wentAlong.has(taskId)) {
      return this.no(call, "unknown", 2008, taskId, "the transaction is not exists");
    }
    if (!task) return this.noSuchTask(call, taskId);
    for (const { id } of this.believes.tasksOf(task.instanceId)) if (id !== taskId) this.#wentAlong.add(id);
    this.believes.removeTask(taskId);
    this.believes.removeInstance(task.instanceId);
    return null;
  }

  #update({ transactionId, status, editAccount }: Updating, call: Call): ErrorId | null {
    if (!STATUSES.includes(status)) {
      this.ledger.violate(call, [`status must be one of ${STATUSES.join()}, is ${status}`]);
      return { code: 400, taskId: transactionId, message: "status is illegal" };
    }
    const instance = this.believes.instance(transactionId);
    if (!instance) return this.no(call, "unknown", 2009, transactionId, "the transaction is not exist");
    if (instance.status === status) this.believes.repeat(transactionId);
    this.believes.putInstance(transactionId, status, { editAccount });
    return null;
  }
}

interface Updating {
  readonly transactionId: string;
  readonly status: string;
  readonly editAccount?: string;
}
