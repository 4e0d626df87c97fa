/**
 * Commands for all that a selector matches: the single command for each, many at a time. What a resource's state forbids, or what has gone in
 * the meantime, is left as it is and not counted as changed; any other refusal ends the call, which can be repeated with its request_id.
 */
import { BelfryError, invalid } from "../../domain/error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ListCursor } from "../../ports/store/queries.ts";

export interface Selected {
  readonly id: string;
  readonly createdAt: number;
  readonly revision: number;
}

export interface BulkCommand {
  /** The next resources that match, newest first, after the cursor. */
  list(after: ListCursor | null, limit: number): Promise<readonly Selected[]>;
  /** The single command. @returns the revision after it. */
  run(id: string): Promise<number>;
  /** Only count, and show a sample. */
  readonly validateOnly: boolean;
  readonly concurrency: number;
  readonly clock: Pick<Clock, "sleep">;
  readonly signal: AbortSignal;
}

const PAGE = 500;
const SAMPLE = 10;
/** How often a command is tried again that was refused because something was full. */
const BUSY_TRIES = 5;
const BUSY_DELAY_MS = 100;

/** What a bulk command did: plain data, so that it can be kept under the request id. */
export type BulkOutcome = { readonly matched: number; readonly changed: number; readonly sampleIds: readonly string[] };

export async function runBulk(command: BulkCommand): Promise<BulkOutcome> {
  let matched = 0;
  let changed = 0;
  const sampleIds: string[] = [];
  for await (const page of pages(command)) {
    matched += page.length;
    for (const { id } of page.slice(0, SAMPLE - sampleIds.length)) sampleIds.push(id);
    if (!command.validateOnly) changed += await runEach(page, command);
  }
  return { matched, changed, sampleIds };
}

/** @throws BelfryError INVALID_FIELD unless exactly one of the two is set. */
export function requireOneTarget(id: string, idField: string, selector: object | undefined): void {
  if (id === "" && selector === undefined) {
    throw invalid({ field: idField, description: "is required, or a selector in its place" });
  }
  if (id !== "" && selector !== undefined) {
    throw invalid({ field: "selector", description: `must not be set together with ${idField}` });
  }
}

/** A selector without any filter would mean everything, which nobody asks for by leaving fields out. */
export function requireFilter<F extends object>(filter: F): F {
  if (Object.keys(filter).length > 0) return filter;
  throw invalid({ field: "selector", description: "must have at least one filter set" });
}

async function* pages(command: BulkCommand): AsyncGenerator<readonly Selected[]> {
  let after: ListCursor | null = null;
  for (;;) {
    command.signal.throwIfAborted();
    const page: readonly Selected[] = await command.list(after, PAGE);
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = { at: last.createdAt, id: last.id };
  }
}

/** @returns how many changed. */
async function runEach(page: readonly Selected[], command: BulkCommand): Promise<number> {
  const waiting = page.values();
  let changed = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const selected of waiting) {
      if (failed) return;
      command.signal.throwIfAborted();
      if (await changes(selected, command)) changed += 1;
    }
  };
  const lanes = Array.from({ length: Math.min(command.concurrency, page.length) }, () =>
    lane().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const outcomes = await Promise.allSettled(lanes);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return changed;
}

async function changes(selected: Selected, command: BulkCommand): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return (await command.run(selected.id)) !== selected.revision;
    } catch (error) {
      if (!(error instanceof BelfryError)) throw error;
      if (error.code === "NOT_FOUND" || error.reason === "STATE_FORBIDS") return false;
      if (error.reason !== "BUSY" || tries === BUSY_TRIES) throw error;
      await command.clock.sleep(error.retryAfterMs ?? BUSY_DELAY_MS, command.signal);
    }
  }
}
