/**
 * What is on its way to a worker. Everything that becomes ready in one turn of the event loop leaves as one message: a group commit answers
 * hundreds of results at once, and hundreds of messages would cost more than the work.
 */
import type {
  WorkAssignmentSchema,
  WorkReceiptSchema,
  WorkResponseSchema,
  WorkSignalSchema,
} from "../../gen/belfry/v1/worker_service_pb.ts";
import type { Init } from "../mapping/init.ts";

interface Pending {
  welcome: Init<typeof WorkResponseSchema>["welcome"];
  assignments: Init<typeof WorkAssignmentSchema>[];
  signals: Init<typeof WorkSignalSchema>[];
  receipts: Init<typeof WorkReceiptSchema>[];
  draining: boolean;
}

/** Assignments in one message: their payloads may be large, and a message has a bound. */
const MAX_BYTES = 1024 * 1024;
/** How many microtasks later the last of what belongs together may come: the longest chain of promises from a commit to here, twice. */
const TURN_STEPS = 32;
/** What an assignment weighs beside its payload, roughly. */
const ASSIGNMENT_BYTES = 512;

export class WorkOutbox {
  #pending = emptyMessage();
  #wake: (() => void) | undefined;
  #ended = false;
  #onTaken: (() => void)[] = [];
  #failure: { readonly error: unknown } | undefined;

  add(change: (pending: Pending) => void): void {
    change(this.#pending);
    this.#wake?.();
  }

  /** Receipts that the worker has not taken yet. */
  get unsentReceipts(): number {
    return this.#pending.receipts.length;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Resolves when the worker has taken a message, or no more comes. */
  taken(): Promise<void> {
    return this.#ended ? Promise.resolve() : new Promise((resolve) => this.#onTaken.push(resolve));
  }

  /** No more comes: what is pending is still sent. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
    this.#tellTaken();
  }

  /** The stream ends with this error, after what is pending. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.end();
  }

  /** The messages to send, each made when the one before has been taken. */
  async *messages(): AsyncGenerator<Init<typeof WorkResponseSchema>> {
    for (;;) {
      if (this.#isEmpty()) {
        if (this.#failure !== undefined) throw this.#failure.error;
        if (this.#ended) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      }
      if (!this.#ended) await restOfTurn();
      if (!this.#isEmpty()) yield this.#next();
      this.#tellTaken();
    }
  }

  #tellTaken(): void {
    for (const tell of this.#onTaken.splice(0)) tell();
  }

  #isEmpty(): boolean {
    const { welcome, assignments, signals, receipts, draining } = this.#pending;
    return welcome === undefined && assignments.length + signals.length + receipts.length === 0 && !draining;
  }

  #next(): Init<typeof WorkResponseSchema> {
    const message = this.#pending;
    this.#pending = emptyMessage();
    const fitting = countFitting(message.assignments);
    if (fitting < message.assignments.length) this.#pending.assignments = message.assignments.splice(fitting);
    return message;
  }
}

function emptyMessage(): Pending {
  return { welcome: undefined, assignments: [], signals: [], receipts: [], draining: false };
}

/** How many of them make one message; at least one. */
function countFitting(assignments: Pending["assignments"]): number {
  let bytes = 0;
  for (let index = 0; index < assignments.length; index++) {
    const { payload, content = "" } = assignments[index]?.instance ?? {};
    bytes += ASSIGNMENT_BYTES + content.length + (payload === undefined ? 0 : JSON.stringify(payload).length);
    if (bytes > MAX_BYTES && index > 0) return index;
  }
  return assignments.length;
}

/** What one commit resolves arrives in the same run of microtasks, some of it a few steps later than the rest. No clock is waited for. */
async function restOfTurn(): Promise<void> {
  for (let step = 0; step < TURN_STEPS; step++) await Promise.resolve();
}
