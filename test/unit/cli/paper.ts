import type { Screen } from "../../../src/cli/format/screen.ts";

/** A screen that remembers what was written on it. A number of columns makes it a terminal. */
export function screenOf({ columns, colours = false }: { columns?: number; colours?: boolean } = {}): {
  screen: Screen;
  lines: () => readonly string[];
} {
  let written = "";
  return {
    screen: {
      write: (text) => {
        written += text;
      },
      isTerminal: columns !== undefined,
      hasColours: colours,
      columns,
    },
    lines: () => written.split("\n").slice(0, -1),
  };
}
