/** Asking a platform for a token, or whether it is there when it needs none: nothing is pushed. */
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import { Masking } from "../../domain/webhook/masking.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts } from "./account.ts";
import type { PlatformTest } from "./api.ts";
import { pushedEvents } from "./breaker-cause.ts";
import type { PlatformFailure, PushStep, SendToPlatform } from "./carry-out.ts";
import type { PlatformResident, Platforms } from "./platform-kind.ts";
import { stepExchange } from "./push-record.ts";
import type { Tokens } from "./tokens.ts";

interface ProbeDeps {
  readonly clock: Clock;
  readonly platforms: Platforms;
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  sendTo(record: PlatformRecord): SendToPlatform;
}

type Found = Omit<PlatformTest, "view">;

export class PlatformProbe {
  readonly #deps: ProbeDeps;

  constructor(deps: ProbeDeps) {
    this.#deps = deps;
  }

  async ask(resident: PlatformResident): Promise<Found> {
    const { accounts, tokens, platforms, clock } = this.#deps;
    const account = accounts.of(resident.record);
    if (account.connector.token !== null) {
      const { granted, step } = await tokens.fetch(resident, account);
      return granted.kind === "token"
        ? found(step, null, [...account.secrets, granted.token])
        : found(step, granted.failure, account.secrets);
    }
    const step = await this.#call(resident);
    platforms.hear(resident, pushedEvents([step], clock.now()));
    return found(step, step.verdict.class === "ok" ? null : step.verdict, account.secrets);
  }

  /** It is there when it answers, whatever it says to a request for nothing. */
  async #call({ record }: PlatformResident): Promise<PushStep> {
    const { accounts, sendTo, clock } = this.#deps;
    const { host } = accounts.of(record).settings;
    const request = { method: "GET", url: typeof host === "string" ? host : "", headers: {}, body: "" } as const;
    const sentAt = clock.now();
    const reply = await sendTo(record)(request, new AbortController().signal);
    const verdict =
      reply.kind === "answered"
        ? ({ class: "ok" } as const)
        : ({ class: "transient", code: "NO_ANSWER", message: reply.message } as const);
    return { operation: "call", thirdId: "", request, reply, verdict, sentAt, isRepeated: false };
  }
}

function found(step: PushStep, failure: PlatformFailure | null, secrets: readonly string[]): Found {
  return {
    ok: failure === null,
    code: failure?.code ?? "",
    message: failure === null ? `The platform answered as it should (${step.operation}).` : failure.message,
    exchanges: [stepExchange(step, new Masking(secrets))],
  };
}
