import { styleText } from "node:util";

/** Where a command writes: standard output, standard error, or the array of a test. */
export interface Screen {
  write(text: string): void;
  /** Whether a person looks at it. */
  readonly isTerminal: boolean;
  /** Whether colours are welcome (a terminal, and no NO_COLOR). */
  readonly hasColours: boolean;
  /** How wide it is; undefined when it has no end. */
  readonly columns: number | undefined;
}

export type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";

export function paint(screen: Screen, style: Style | undefined, text: string): string {
  return style === undefined || !screen.hasColours ? text : styleText(style, text, { validateStream: false });
}

export function writeLine(screen: Screen, line = ""): void {
  screen.write(`${line}\n`);
}
