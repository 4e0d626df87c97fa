import type { ClientTime } from "../time.ts";
import { Alarm } from "./alarm.ts";
import type { Outbox } from "./outbox.ts";
import type { RunningAttempt } from "./running-attempt.ts";

/** When a welcome does not say: a third of the default heartbeat timeout. */
const DEFAULT_HEARTBEAT_MS = 20_000;

/**
 * Signs of life of all attempts while a stream is open. Those that are due go together, and take along those that soon would
 * be, so that attempts which began one by one come to beat as one.
 */
export class Heartbeats {
  readonly #time: ClientTime;
  readonly #outbox: Outbox;
  readonly #runs: () => Iterable<RunningAttempt>;
  readonly #progressMs: number;
  readonly #alarm: Alarm;
  #heartbeatMs = DEFAULT_HEARTBEAT_MS;
  #beating = false;

  /** @param runs gives the attempts that have not ended for the server. */
  constructor(time: ClientTime, outbox: Outbox, progressMs: number, runs: () => Iterable<RunningAttempt>) {
    this.#time = time;
    this.#outbox = outbox;
    this.#runs = runs;
    this.#progressMs = progressMs;
    this.#alarm = new Alarm(time, () => {
      this.#beat();
    });
  }

  /** A stream is open; its server asked for a sign every `heartbeatMs`, or left it to us (0). */
  begin(heartbeatMs: number): void {
    this.#heartbeatMs = heartbeatMs || DEFAULT_HEARTBEAT_MS;
    this.#beating = true;
    for (const run of this.#runs()) this.expect(run);
  }

  /** The stream is over. What attempts tell from now on waits for the next hello, which brings all of it. */
  end(): void {
    this.#beating = false;
    this.#alarm.cancel();
  }

  /** Sees to the next sign of an attempt. */
  expect(run: RunningAttempt): void {
    if (this.#beating && run.wantsSigns) this.#alarm.ringBy(run.nextSignAt(this.#rates));
  }

  /** An attempt has told something: it goes at once, or when enough time has passed since the last. */
  told(run: RunningAttempt): void {
    if (!this.#beating || run.over || !run.wantsSigns) return;
    const now = this.#time.monotonic();
    if (run.nextSignAt(this.#rates) <= now) this.#outbox.sign(run.sign(now));
    else this.expect(run);
  }

  #beat(): void {
    const now = this.#time.monotonic();
    const rates = this.#rates;
    for (const run of this.#runs()) {
      if (run.wantsSigns && (run.nextSignAt(rates) <= now || run.mayJoin(rates, now))) this.#outbox.sign(run.sign(now));
      this.expect(run);
    }
  }

  get #rates(): { readonly heartbeatMs: number; readonly progressMs: number } {
    return { heartbeatMs: this.#heartbeatMs, progressMs: this.#progressMs };
  }
}
