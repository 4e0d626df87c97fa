/**
 * A small task centre, and the connector that speaks with it: a token endpoint, and one that is told the state of an item or urges it. It keeps what it
 * believes, what it was asked, and with which token, so that tests assert what the platform saw.
 */
import type { Json, JsonObject } from "../../../../src/domain/json.ts";
import type { Belief, PushFacts } from "../../../../src/domain/approval/push-facts.ts";
import type { WorkItem } from "../../../../src/domain/approval/session.ts";
import type { Connector, Operation, PlatformVerdict, PushPlan } from "../../../../src/ports/platform/connector.ts";
import type { WebhookClient, WebhookReply, WebhookRequest } from "../../../../src/ports/webhook-client.ts";
import { answered } from "../../../support/fake-webhooks.ts";

/** Of the settings of every platform of these tests. */
export const SECRET = "s3cret/of the=pad";
/** What every token of it contains. */
export const TOKEN = "tkn_pad_";
const HOST = "https://pad.example.com";

function tellingOf(item: WorkItem, { action, note }: PushFacts): Operation {
  const belief: Belief = { status: item.state, assignees: item.assignees.map(({ number }) => number) };
  const thirdId = item.id;
  return {
    kind: action === "remind_task" ? "remind" : "tell",
    thirdId,
    body: { thirdId, action, note, ...belief },
    onFailure: "go-on",
    acknowledges: new Map([[thirdId, belief]]),
  };
}

function plan(facts: PushFacts): PushPlan {
  if (facts.session.appId === "unpushed") return { kind: "skip", reason: "Its app is not pushed." };
  const items = facts.item === null || facts.isDeleted ? facts.items : [facts.item];
  const operations = items.map((item): Operation => {
    const told = tellingOf(item, facts);
    return facts.isDeleted ? { ...told, kind: "delete", acknowledges: new Map([[told.thirdId, null]]) } : told;
  });
  const desired = new Map(
    operations.flatMap(({ acknowledges }) =>
      [...acknowledges].map(([id, belief]) => [id, belief?.status ?? null] as const),
    ),
  );
  return { kind: "push", desired, assignees: [], operations };
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** What the platform says of itself, as its own message would. */
function said(body: string): string {
  return body === "" ? "no word" : body;
}

function verdictOf(status: number, body: string): PlatformVerdict {
  if (status === 200) return { class: "ok" };
  const failure = { code: `PAD_${status}`, message: said(body) };
  if (status === 401) return { class: "auth", ...failure };
  if (status === 404) return { class: "not_found", ...failure };
  return { class: status === 422 ? "permanent" : "transient", ...failure };
}

/** @param name `pad` has tokens, `padless` has none. */
function connector(name: string, hasTokens: boolean): Connector {
  const spec = { title: "", form: "TEXT", required: false, default: null, help: "" } as const;
  return {
    name,
    title: name,
    capability: "任务中心",
    category: "任务中心",
    environments: [],
    settings: [
      { ...spec, name: "host", secret: false, default: HOST },
      { ...spec, name: "appSecret", secret: true },
      { ...spec, name: "colour", secret: false },
    ],
    read: (given) => ({
      settings: { ...given, host: given["host"] ?? HOST },
      violations:
        typeof given["appSecret"] === "string" ? [] : [{ field: "settings.appSecret", description: "is required" }],
    }),
    plan,
    token: hasTokens
      ? {
          requestOf: (settings) => ({
            method: "POST",
            url: `${textOf(settings["host"])}/token`,
            headers: {},
            body: JSON.stringify({ appSecret: settings["appSecret"] ?? "" }),
          }),
          tokenOf: (answer) => {
            if (answer.kind === "failed") return { class: "transient", code: "NO_ANSWER", message: answer.message };
            if (answer.status !== 200) {
              const isPermanent = answer.status === 403;
              const code = `PAD_${answer.status}`;
              return { class: isPermanent ? "permanent" : "transient", code, message: said(answer.body) };
            }
            const { token, expiresInMs } = JSON.parse(answer.body) as { token: string; expiresInMs: number };
            return { class: "ok", token, expiresInMs };
          },
        }
      : null,
    requestOf: ({ kind, body }, { settings, token, idempotencyKey }) => ({
      method: "POST",
      url: `${textOf(settings["host"])}/${kind}?access_token=${token}`,
      headers: { authorization: `Bearer ${token}`, "idempotency-key": idempotencyKey, "x-made-with": token },
      body: JSON.stringify({ ...body, signed: settings["appSecret"] ?? "" }),
    }),
    verdictOf: (_, answer) =>
      answer.kind === "failed"
        ? { class: "transient", code: "NO_ANSWER", message: answer.message }
        : verdictOf(answer.status, answer.body),
    repairOf: () => [],
  };
}

export const CONNECTORS: ReadonlyMap<string, Connector> = new Map([
  ["pad", connector("pad", true)],
  ["padless", connector("padless", false)],
]);

interface PadPush {
  readonly host: string;
  /** `tell`, `remind`, `delete`. */
  readonly kind: string;
  readonly thirdId: string;
  readonly token: string;
  readonly key: string;
  readonly body: JsonObject;
  readonly at: number;
  readonly aborted: boolean;
  isAnswered: boolean;
  answer(reply: WebhookReply): void;
}

type Fetch = Pick<PadPush, "host" | "at" | "answer" | "body">;

/** Says what is answered at once; null: nothing, until the test answers. Undefined: what it would answer by itself. */
type Script<Asked> = (asked: Asked) => WebhookReply | null | undefined;

export class Pad implements WebhookClient {
  readonly pushes: PadPush[] = [];
  readonly fetches: Fetch[] = [];
  /** How it sees the world, by host and third id: the last status that it took. */
  readonly beliefs = new Map<string, JsonObject | null>();
  /** It takes these tokens; null: any. */
  valid: Set<string> | null = null;
  expiresInMs = 7_200_000;
  /** The most pushes that were under way at a time; by third id, too. */
  most = 0;
  readonly mostById = new Map<string, number>();
  #onPush: Script<PadPush> = () => undefined;
  #onFetch: Script<Fetch> = () => undefined;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  pushesAre(script: Script<PadPush>): void {
    this.#onPush = script;
  }

  fetchesAre(script: Script<Fetch>): void {
    this.#onFetch = script;
  }

  /** The next token. */
  token(): WebhookReply {
    const token = `${TOKEN}${this.fetches.length}`;
    this.valid?.add(token);
    return answered(200, { body: JSON.stringify({ token, expiresInMs: this.expiresInMs }) });
  }

  /** Third ids of what was pushed, in order. */
  get ids(): readonly string[] {
    return this.pushes.map(({ thirdId }) => thirdId);
  }

  get underWay(): readonly PadPush[] {
    return this.pushes.filter(({ isAnswered, aborted }) => !isAnswered && !aborted);
  }

  send(request: WebhookRequest, signal: AbortSignal): Promise<WebhookReply> {
    const { promise, resolve } = Promise.withResolvers<WebhookReply>();
    const { host, pathname } = new URL(request.url);
    const body = request.body === "" ? {} : (JSON.parse(request.body) as JsonObject);
    if (pathname === "/token") {
      const fetch = { host, at: this.#now(), body, answer: resolve };
      this.fetches.push(fetch);
      const reply = this.#onFetch(fetch);
      if (reply !== null) resolve(reply ?? this.token());
      return promise;
    }
    const thirdId = textOf(body["thirdId"]);
    const push: PadPush = {
      host,
      kind: pathname.slice(1),
      thirdId,
      token: request.headers["x-made-with"] ?? "",
      key: request.headers["idempotency-key"] ?? "",
      body,
      at: this.#now(),
      get aborted() {
        return signal.aborted;
      },
      isAnswered: false,
      answer: (reply) => {
        if (reply.kind === "answered" && reply.status === 200 && !push.isAnswered) {
          this.beliefs.set(`${host}/${thirdId}`, push.kind === "delete" ? null : body);
        }
        push.isAnswered = true;
        resolve(reply);
      },
    };
    this.pushes.push(push);
    this.most = Math.max(this.most, this.underWay.length);
    const sameId = this.underWay.filter((each) => each.thirdId === thirdId && each.host === host).length;
    this.mostById.set(thirdId, Math.max(this.mostById.get(thirdId) ?? 0, sameId));
    const isTaken = this.valid === null || this.valid.has(push.token);
    const scripted = this.#onPush(push);
    const reply = scripted === undefined ? answered(isTaken ? 200 : 401) : scripted;
    if (reply !== null) push.answer(reply);
    return promise;
  }

  refusal(): string | null {
    return null;
  }

  async close(): Promise<void> {}
}
