/** Before a command: whether this node decides now, and has room for one more decision. */
import type { Journal } from "./journal.ts";
import type { RuntimeOptions } from "./options.ts";
import { busy, draining, storeUnavailable } from "./refusals.ts";
import { StoreUnavailable } from "../ports/store/journal.ts";

export class Gate {
  readonly #journal: Journal;
  readonly #options: RuntimeOptions;
  #draining = false;

  constructor(deps: { journal: Journal; options: RuntimeOptions }) {
    this.#journal = deps.journal;
    this.#options = deps.options;
  }

  get draining(): boolean {
    return this.#draining;
  }

  close(): void {
    this.#draining = true;
  }

  /** Runs a command, or refuses it. */
  async pass<Value>(command: () => Promise<Value>): Promise<Value> {
    if (this.#draining) {
      throw draining();
    }
    if (this.#journal.away) {
      throw storeUnavailable();
    }
    if (this.#journal.uncommitted >= this.#options.maxUncommitted) {
      throw busy("uncommitted decisions", this.#options.maxUncommitted);
    }
    try {
      return await command();
    } catch (error) {
      throw error instanceof StoreUnavailable ? storeUnavailable(error) : error;
    }
  }
}
