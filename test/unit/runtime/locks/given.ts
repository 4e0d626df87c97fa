/** What the tests of locks have in common. */
import type { BelfryError } from "../../../../src/domain/error.ts";
import type { LockView, StartedRuntime } from "../../../../src/runtime/index.ts";
import type { ManualClock } from "../../../support/manual-clock.ts";

export const NAME = "import_42";

export interface Asked {
  readonly ttlMs?: number;
  readonly waitMs?: number;
  readonly requestId?: string;
}

export function acquire(
  node: StartedRuntime,
  holder: string,
  { ttlMs = 60_000, waitMs = 0, requestId }: Asked = {},
  signal?: AbortSignal,
): Promise<LockView> {
  const command = { holder, ttlMs, waitMs, ...(requestId === undefined ? {} : { requestId }) };
  return node.locks.acquire(NAME, command, signal);
}

/** What becomes of a question while time goes on: the token, why it was refused, or that it waits. */
export class Answer {
  said = "waits";
  token = 0;
  error: BelfryError | undefined;

  constructor(asked: Promise<LockView>) {
    void this.#hear(asked);
  }

  async #hear(asked: Promise<LockView>): Promise<void> {
    try {
      this.token = (await asked).record.token;
      this.said = `token ${this.token}`;
    } catch (error) {
      this.error = error as BelfryError;
      this.said = this.error.reason ?? this.error.name;
    }
  }
}

export function asking(node: StartedRuntime, holder: string, asked: Asked = {}, signal?: AbortSignal): Answer {
  return new Answer(acquire(node, holder, asked, signal));
}

/** What comes of a command while the clock is turned. */
export async function within<Value>(clock: ManualClock, ms: number, asked: Promise<Value>): Promise<Value> {
  asked.catch(() => {});
  await clock.advance(ms);
  return asked;
}
