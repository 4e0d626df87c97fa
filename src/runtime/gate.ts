/** Before a command: whether this node decides now, and has room for one more decision. */
import type { Journal } from "./journal.ts";
import type { RuntimeOptions } from "./options.ts";
import { busy, draining, storeUnavailable } from "./refusals.ts";
import { StoreUnavailable } from "../ports/store/journal.ts";

export class Gate {
  readonly #journal: Journal;
  readonly #options: RuntimeOptions;
  #draining = false;
  /** Commands let in that have not been answered. */
  #underWay = 0;

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
    this.#admit();
    this.#underWay++;
    try {
      return await this.#answered(command);
    } finally {
      this.#underWay--;
    }
  }

  /** The same for one that waits for something else than a decision. */
  async passWaiting<Value>(command: () => Promise<Value>): Promise<Value> {
    this.#admit();
    return this.#answered(command);
  }

  #admit(): void {
    const { maxUncommitted } = this.#options;
    if (this.#draining) {
      throw draining();
    }
    if (this.#journal.away) {
      throw storeUnavailable();
    }
    // Many commands may come at once, before the first of them has decided.
    if (Math.max(this.#journal.uncommitted, this.#underWay) >= maxUncommitted) {
      throw busy("uncommitted decisions", maxUncommitted);
    }
  }

  async #answered<Value>(command: () => Promise<Value>): Promise<Value> {
    try {
      return await command();
    } catch (error) {
      throw error instanceof StoreUnavailable ? storeUnavailable(error) : error;
    }
  }
}
