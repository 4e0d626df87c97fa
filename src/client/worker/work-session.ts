import { setImmediate as turnEnd } from "node:timers/promises";
import type { Client } from "@connectrpc/connect";
import type { WorkerService, WorkRequest, WorkResponse } from "../../gen/belfry/v1/worker_service_pb.ts";
import type { ClientTime, ClientTimer } from "../time.ts";
import type { Outbox } from "./outbox.ts";

/** A server that accepts the call and says nothing is no server: the first answer must come within this. */
const WELCOME_WITHIN_MS = 10_000;
/** After our last message the server ends the stream; if it does not, we do. */
const END_WITHIN_MS = 1_000;

/** What a session calls. */
type Workers = Pick<Client<typeof WorkerService>, "work">;

/** One Work stream, from its hello to its end, however it ends. */
export class WorkSession {
  readonly #workers: Workers;
  readonly #outbox: Outbox;
  readonly #time: ClientTime;
  readonly #call = new AbortController();
  #ending: ClientTimer | undefined;
  #over = false;
  #wake: (() => void) | undefined;

  constructor(workers: Workers, outbox: Outbox, time: ClientTime) {
    this.#workers = workers;
    this.#outbox = outbox;
    this.#time = time;
  }

  /** Says hello and hands every answer to `receive`. Resolves when the stream is over: with the error that ended it, if one did. */
  async run(hello: WorkRequest, receive: (response: WorkResponse) => void): Promise<unknown> {
    const welcome = this.#time.schedule(WELCOME_WITHIN_MS, () => {
      this.#call.abort(new Error(`The server did not answer within ${WELCOME_WITHIN_MS / 1_000} s`));
    });
    this.#outbox.listen(() => this.#wake?.());
    try {
      // A stream has no deadline.
      const responses = this.#workers.work(this.#requests(hello), { signal: this.#call.signal, timeoutMs: 0 });
      for await (const response of responses) {
        welcome.cancel();
        receive(response);
      }
      return undefined;
    } catch (error) {
      return error;
    } finally {
      welcome.cancel();
      this.#ending?.cancel();
      this.#over = true;
      this.#outbox.listen(undefined);
      this.#wake?.();
      // Also when `receive` threw: leaving the loop does not end the call.
      this.#call.abort();
    }
  }

  /** Sends what there is and then nothing more. */
  end(): void {
    if (this.#ending || this.#over) return;
    this.#ending = this.#time.schedule(END_WITHIN_MS, () => {
      this.#call.abort();
    });
    this.#wake?.();
  }

  /** Ends it at once. */
  cut(): void {
    this.#call.abort();
  }

  async *#requests(hello: WorkRequest): AsyncGenerator<WorkRequest, void, undefined> {
    yield hello;
    while (!this.#over) {
      if (this.#outbox.isFilled) {
        // What happens until the end of this turn goes in the same message.
        await turnEnd();
        // A stream that broke meanwhile must take nothing out of the outbox: the next one sends it.
        if (!this.#over) yield this.#outbox.take();
      } else if (this.#ending) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
