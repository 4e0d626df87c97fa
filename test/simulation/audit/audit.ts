/** Something that must not be. */
export interface Finding {
  /** The rule that was broken. */
  readonly rule: string;
  readonly text: string;
  /** When it was seen, in milliseconds of the world. */
  readonly at: number;
}

/** Collects what breaks a rule. The first finding is what counts: those after it may follow from it. */
export class Audit {
  readonly #now: () => number;
  readonly findings: Finding[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  found(rule: string, text: string): void {
    this.findings.push({ rule, text, at: this.#now() });
  }

  require(holds: boolean, rule: string, text: () => string): void {
    if (!holds) {
      this.found(rule, text());
    }
  }

  get clean(): boolean {
    return this.findings.length === 0;
  }
}
