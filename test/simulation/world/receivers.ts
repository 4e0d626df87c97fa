/**
 * The receivers of webhooks, one an origin, each with moods that come and go: they are well, slow, broken, away for long, gone, full, or refuse
 * what they get. Now and then an answer is lost after the receiver took what was sent. One that is to report the result does so early, late,
 * twice or never.
 */
import type { FailureCause } from "../../../src/domain/breaker.ts";
import type { Timer } from "../../../src/ports/clock.ts";
import type { WebhookClient, WebhookReply, WebhookRequest } from "../../../src/ports/webhook-client.ts";
import { answered } from "../../support/fake-webhooks.ts";
import type { Deliveries, Sent } from "../audit/deliveries.ts";
import type { Report } from "../load/reports.ts";
import type { Dice } from "./dice.ts";
import type { Life } from "./life.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";

const MOODS = [
  "well",
  "well",
  "well",
  "slow",
  "broken",
  "flapping",
  "away",
  "full",
  "refusing",
  "unsatisfied",
  "gone",
] as const;
type Mood = (typeof MOODS)[number];

/** What a receiver makes of a request. */
interface Reaction {
  readonly delayMs: number;
  /** Null: it never answers. */
  readonly reply: WebhookReply | null;
}

interface ReceiversDeps {
  readonly time: Scheduler;
  readonly trace: Trace;
  readonly dice: Dice;
  readonly deliveries: Deliveries;
  readonly origins: readonly string[];
  readonly isPeaceful: () => boolean;
  /** Reports the result of an attempt. */
  readonly report: (token: string, how: Report) => void;
}

export class Receivers {
  readonly #deps: ReceiversDeps;
  readonly #moods = new Map<string, Mood>();

  constructor(deps: ReceiversDeps) {
    this.#deps = deps;
    for (const origin of deps.origins) {
      this.#change(origin);
    }
  }

  /** The receivers as one process reaches them. */
  endpoint(life: Life): WebhookClient {
    return {
      send: (request, signal) => this.#send(life, request, signal),
      refusal: () => null,
      close: () => Promise.resolve(),
    };
  }

  #change(origin: string): void {
    const { time, trace, dice } = this.#deps;
    const mood = dice.pick(MOODS);
    this.#moods.set(origin, mood);
    trace.add(origin, () => `is ${mood}`);
    time.after(dice.pick([dice.between(500, 3000), dice.between(3000, 20_000)]), () => this.#change(origin));
  }

  #send(life: Life, request: WebhookRequest, signal: AbortSignal): Promise<WebhookReply> {
    const { time, dice, deliveries } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<WebhookReply>();
    if (!life.crosses("web", () => `sends ${request.headers["webhook-id"] ?? ""}`)) {
      // It died in the middle of sending: the request is on its way, or not.
      if (dice.chance(0.5)) {
        const last = deliveries.begin(life, request);
        deliveries.end(last);
        this.#react(last, request);
      }
      return promise;
    }
    const sent = deliveries.begin(life, request);
    const toCome: Timer[] = [];
    const settle = (reply: WebhookReply): void => {
      toCome.forEach((timer) => timer.cancel());
      deliveries.end(sent);
      resolve(reply);
    };
    const after = (delayMs: number, reply: WebhookReply): void => {
      const hear = (): void =>
        life.enter(
          "web",
          () => `hears of request ${sent.number}: ${reply.kind === "answered" ? reply.status : reply.cause}`,
          () => settle(reply),
        );
      toCome.push(time.after(delayMs, hear));
    };
    const timedOut = (ms: number): WebhookReply => failed("TIMEOUT", `no answer within ${ms} ms`);
    const { delayMs, reply } = this.#react(sent, request);
    const patienceMs = Math.min(request.headersMs, request.wholeMs);
    after(patienceMs, timedOut(patienceMs));
    if (reply !== null) {
      after(delayMs, reply);
    }
    signal.addEventListener("abort", () => settle(failed("CONNECTION", "called off")), { once: true });
    return promise;
  }

  #react(sent: Sent, { body }: WebhookRequest): Reaction {
    const { dice, deliveries, isPeaceful } = this.#deps;
    const peaceful = isPeaceful();
    const reaction = reactionIn(peaceful ? "well" : (this.#moods.get(sent.origin) ?? "well"), dice, sent);
    const { reply } = reaction;
    if (reply?.kind !== "answered" || reply.status > 299) {
      return reaction;
    }
    deliveries.took(sent);
    const token = callbackOf(body);
    if (token !== null) {
      this.#callBack(token, peaceful);
    }
    const isLost = !peaceful && dice.chance(0.07);
    return isLost ? { ...reaction, reply: dice.pick([null, failed("CONNECTION", "the connection broke")]) } : reaction;
  }

  #callBack(token: string, peaceful: boolean): void {
    const { time, dice, report } = this.#deps;
    const soonMs = dice.wait(peaceful ? 20 : 300);
    const say = (delayMs: number, how: Report): void => {
      time.after(delayMs, () => report(token, how));
    };
    if (peaceful) {
      say(soonMs, "complete");
      return;
    }
    dice.pick<() => void>([
      () => say(soonMs, "complete"),
      () => say(soonMs, "complete"),
      () => say(soonMs, "fail"),
      () => say(soonMs, "give up"),
      // Before its answer, as a rule.
      () => say(0, "complete"),
      () => say(dice.between(1000, 8000), "complete"),
      () => {
        say(soonMs, "complete");
        say(dice.wait(500), dice.pick(["complete", "fail"]));
      },
      () => {},
    ])();
  }
}

function reactionIn(mood: Mood, dice: Dice, { number, origin }: Sent): Reaction {
  const soonMs = 0.2 + dice.wait(40);
  const says = (status: number, headers: Record<string, string> = {}, errcode = 0): Reaction => ({
    delayMs: soonMs,
    reply: answered(status, { headers, body: JSON.stringify({ request: number, errcode }) }),
  });
  const fails = (cause: FailureCause): Reaction => ({ delayMs: soonMs, reply: failed(cause, `${origin} is away`) });
  const inAWhile = (): Record<string, string> => ({ "retry-after": String(dice.whole(1, 3)) });
  switch (mood) {
    case "well":
      return says(200);
    case "slow":
      return { ...says(202), delayMs: dice.between(200, 6000) };
    case "broken":
      return says(dice.pick([500, 502, 503]));
    case "flapping":
      return dice.pick([says(200), says(200), says(500), fails("CONNECTION")]);
    case "away":
      return dice.pick([fails("CONNECTION"), fails("TLS"), { delayMs: 0, reply: null }]);
    case "full":
      return dice.pick([says(200), says(429, inAWhile()), says(503, inAWhile()), says(429)]);
    case "refusing":
      return says(dice.pick([302, 400, 401, 404, 422]));
    case "unsatisfied":
      return says(200, {}, 1);
    case "gone":
      return dice.pick([says(410), says(404)]);
  }
}

function failed(cause: FailureCause, message: string): WebhookReply {
  return { kind: "failed", cause, message, durationMs: 1 };
}

/** The token by which the receiver is to report the result; null: its answer is the result. */
function callbackOf(body: string): string | null {
  const { delivery_instructions: told } = JSON.parse(body) as {
    readonly delivery_instructions: { readonly callback?: { readonly attempt_token: string } };
  };
  return told.callback?.attempt_token ?? null;
}
