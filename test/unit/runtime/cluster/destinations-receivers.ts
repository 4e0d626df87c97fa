/** Receivers that do what their mood says, and remember what they got. */
import type { WebhookClient, WebhookReply, WebhookRequest } from "../../../../src/ports/webhook-client.ts";
import { answered, DOWN } from "../../../support/fake-webhooks.ts";
import type { DispatchingCluster } from "./destinations-given.ts";

/** What a receiver does with what it gets. */
export const MOODS = ["well", "slow", "down", "busy", "wrong", "silent", "hasty"] as const;
export type Mood = (typeof MOODS)[number];

/** Receivers with moods, and what they see. */
export class Receivers implements WebhookClient {
  readonly #world: DispatchingCluster;
  readonly #report: (token: string) => void;
  readonly moods = new Map<string, Mood>();
  readonly #underWay = new Map<string, number>();
  /** When requests came, by origin. Monotonic. */
  readonly came = new Map<string, number[]>();
  /** The most requests at a time since it was last cleared, by origin. */
  readonly most = new Map<string, number>();
  /** What was taken with a 2xx, by id. */
  readonly taken = new Map<string, number>();
  readonly got = new Map<string, number>();

  constructor(world: DispatchingCluster, report: (token: string) => void) {
    this.#world = world;
    this.#report = report;
  }

  async send({ url, headers, wholeMs }: WebhookRequest, signal: AbortSignal): Promise<WebhookReply> {
    const { clock } = this.#world;
    const { origin } = new URL(url);
    const id = headers["webhook-id"] ?? "";
    const underWay = (this.#underWay.get(origin) ?? 0) + 1;
    this.#underWay.set(origin, underWay);
    this.most.set(origin, Math.max(this.most.get(origin) ?? 0, underWay));
    this.came.set(origin, [...(this.came.get(origin) ?? []), clock.monotonic()]);
    this.got.set(id, (this.got.get(id) ?? 0) + 1);
    try {
      const reply = await this.#answer(
        this.moods.get(origin) ?? "well",
        headers["Belfry-Attempt-Token"],
        wholeMs,
        signal,
      );
      if (reply.kind === "answered" && reply.status < 300) this.taken.set(id, (this.taken.get(id) ?? 0) + 1);
      return reply;
    } finally {
      this.#underWay.set(origin, (this.#underWay.get(origin) ?? 0) - 1);
    }
  }

  async #answer(mood: Mood, token: string | undefined, wholeMs: number, signal: AbortSignal): Promise<WebhookReply> {
    const { clock } = this.#world;
    const wait = (ms: number): Promise<void> => clock.sleep(ms, signal).catch(() => {});
    const late: WebhookReply = { kind: "failed", cause: "TIMEOUT", message: "no answer in time", durationMs: wholeMs };
    switch (mood) {
      case "well":
        break;
      case "slow":
        await wait(1500);
        break;
      case "down":
        return DOWN;
      case "busy":
        return answered(429, { headers: { "retry-after": "5" } });
      case "wrong":
        return answered(422);
      case "silent":
        await wait(wholeMs);
        return late;
      case "hasty":
        if (token !== undefined) this.#report(token);
        await wait(500);
        return answered(200);
    }
    if (signal.aborted) return late;
    if (token !== undefined) clock.schedule(300, () => this.#report(token));
    return answered(200);
  }

  refusal(): string | null {
    return null;
  }

  async close(): Promise<void> {}
}
