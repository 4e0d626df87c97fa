import { VARIABLES } from "./variables.ts";
import type { VariableName } from "./variables.ts";

/** A variable has a value that it cannot have. The message is one line that names the variable and says what it must be. */
export class WrongVariable extends Error {
  override readonly name = "WrongVariable";
  readonly variable: string;

  constructor(variable: string, message: string) {
    super(message);
    this.variable = variable;
  }
}

const LONGEST_SHOWN = 60;

/** @param value the wrong value, shown in the message; left out where it may hold a secret. */
export function wrongValue(name: VariableName, value: string | undefined, why = ""): WrongVariable {
  return wrongVariable(name, VARIABLES[name].allowed, value, why);
}

/** The same of a variable that is not in the table. @param allowed continues "X must be …". */
export function wrongVariable(name: string, allowed: string, value: string | undefined, why = ""): WrongVariable {
  const got = value === undefined ? "" : `, got ${JSON.stringify(shortened(value))}`;
  return new WrongVariable(name, `${name} must be ${allowed}${got}${why === "" ? "" : `: ${why}`}.`);
}

function shortened(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
