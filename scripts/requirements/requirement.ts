/** A requirement in a line, and what there is to say of how it is met. */
export interface Requirement {
  readonly text: string;
  /** Where Belfry does it otherwise than asked, or only in part. */
  readonly note?: string;
  /** Nothing shows it yet: no test may name it. */
  readonly open?: true;
}

export interface RequirementSection {
  readonly title: string;
  /** By id, in ascending order. A text alone is one that is met as it was asked. */
  readonly texts: Readonly<Record<string, string | Requirement>>;
}
