import { invalid } from "../../domain/error.ts";
import type { Violation } from "../../domain/violation.ts";

/** What is wrong with a request, gathered so that the caller hears of all of it at once. */
export class Findings {
  readonly #violations: Violation[] = [];

  add(field: string, description: string): void {
    this.#violations.push({ field, description });
  }

  get isEmpty(): boolean {
    return this.#violations.length === 0;
  }

  moveTo(others: Findings): void {
    others.#violations.push(...this.#violations.splice(0));
  }

  /** @throws BelfryError INVALID_FIELD when there are any. */
  throwIfAny(): void {
    if (!this.isEmpty) throw invalid(...this.#violations);
  }
}
