import { CommanderError } from "commander";
import { Failure, sentenceOf } from "./failure.ts";
import { printable } from "./format/printable.ts";
import { paint, writeLine } from "./format/screen.ts";
import { buildProgram } from "./program.ts";
import type { Surroundings } from "./surroundings.ts";

const EXIT_DEFECT = 1;

/**
 * Runs one command line.
 *
 * @param words what stands after `belfry`.
 * @returns the exit code: 0 when it was done, 1 when not, 2 when a variable of the environment is wrong.
 */
export async function runBelfry(words: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    await buildProgram(surroundings).parseAsync(words, { from: "user" });
    return 0;
  } catch (error) {
    return exitCodeOf(error, surroundings);
  }
}

function exitCodeOf(error: unknown, { err, env }: Surroundings): number {
  // It has said already what is wrong, or shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode;
  const red = (word: string): string => paint(err, "red", word);
  if (error instanceof Failure) {
    writeLine(err, `${red("belfry:")} ${printable(error.message)}`);
    for (const detail of error.details) writeLine(err, detail);
    return error.exitCode;
  }
  const stack = error instanceof Error && env["BELFRY_LOG_LEVEL"] === "debug" ? error.stack : undefined;
  writeLine(
    err,
    `${red("belfry:")} this is a defect: ${printable(sentenceOf(error))} (BELFRY_LOG_LEVEL=debug shows where)`,
  );
  if (stack !== undefined) writeLine(err, stack);
  return EXIT_DEFECT;
}
