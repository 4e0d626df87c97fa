/** A result as Celery has it, or why it is not shown. */
import type { CeleryResult } from "../domain/execution/celery-result.ts";
import type { Json } from "../domain/json.ts";
import { RESULT_BYTES } from "./bounds.ts";
import { PickledObject } from "./pickle.ts";
import type { PickleValue } from "./pickle.ts";
import { plainData } from "./plain-data.ts";

export type ResultReading = Pick<CeleryResult, "result" | "leftOut">;

const EXCEPTIONAL: ReadonlySet<string> = new Set(["FAILURE", "RETRY", "REVOKED"]);
/** How Celery wraps an exception that cannot be pickled itself. */
const WRAPPER = "UnpickleableExceptionWrapper";

export function leftOut(why: string): ResultReading {
  return { result: null, leftOut: why };
}

/** @param value as JSON had it. */
export function readJsonResult(value: Json): ResultReading {
  let bytes: number;
  try {
    bytes = Buffer.byteLength(JSON.stringify(value));
  } catch (error) {
    // What can be read can be nested deeper than what can be written.
    if (error instanceof RangeError) return leftOut("it is nested too deeply");
    throw error;
  }
  return bytes > RESULT_BYTES ? leftOut(tooLarge(bytes)) : { result: value };
}

export function tooLarge(bytes: number): string {
  return `it has ${bytes} bytes, and at most ${RESULT_BYTES} are taken`;
}

/** @param status in which the result of a task is its exception. One that was pickled as it is reads as Celery's JSON has exceptions. */
export function readPickledResult(value: PickleValue, status: string): ResultReading {
  const isException = value instanceof PickledObject && EXCEPTIONAL.has(status);
  const reading = plainData(isException ? exceptionOf(value) : value);
  return reading.kind === "plain" ? readJsonResult(reading.value) : leftOut(reading.why);
}

function exceptionOf(given: PickledObject): PickleValue {
  const { module, name, args } = unwrapped(given);
  return new Map<PickleValue, PickleValue>([
    ["exc_type", name],
    ["exc_message", listOf(args).map(inWords)],
    ["exc_module", module],
  ]);
}

function unwrapped(given: PickledObject): PickledObject {
  const [module, name, args] = listOf(given.args);
  return given.name === WRAPPER && typeof module === "string" && typeof name === "string"
    ? new PickledObject(module, name, args ?? [])
    : given;
}

function listOf(args: PickleValue): readonly PickleValue[] {
  return Array.isArray(args) ? args : [args];
}

function inWords(value: PickleValue): PickleValue {
  return value instanceof PickledObject ? `<${value.module}.${value.name}>` : value;
}
