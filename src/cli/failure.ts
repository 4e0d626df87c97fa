/** A value of the environment is wrong. */
export const EXIT_WRONG_CONFIG = 2;
const EXIT_FAILED = 1;

/** A command cannot do what it was asked to, for a reason that a person can understand: told in the message, without a stack. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: number;
  /** Further lines: what belongs to the message, say the single fields of a wrong request. */
  readonly details: readonly string[];

  constructor(
    message: string,
    options: ErrorOptions & { readonly exitCode?: number; readonly details?: readonly string[] } = {},
  ) {
    super(message, options);
    this.exitCode = options.exitCode ?? EXIT_FAILED;
    this.details = options.details ?? [];
  }
}

/** What an error says, on one line. */
export function sentenceOf(error: unknown): string {
  const message =
    error instanceof AggregateError && error.message === "" ? error.errors.map(sentenceOf).join("; ") : textOf(error);
  return message.replaceAll(/\s*\n\s*/g, " ").trim();
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === "" ? error.name : error.message;
}
