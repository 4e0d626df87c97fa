/** A rule that one field of a request or a setting breaks. */
export interface Violation {
  /** Path in the caller's own terms, e.g. `definition.schedule.cron.expressions[0]`. */
  readonly field: string;
  /** A sentence for a person: what is wrong, and what would be right. */
  readonly description: string;
}
