/** What Celery writes of a task under one key: its metadata as JSON or, with the serializer `pickle`, as a pickle. */
import type { CeleryResult } from "../domain/execution/celery-result.ts";
import { isJsonObject } from "../domain/json.ts";
import type { Json } from "../domain/json.ts";
import { ResultBackendError } from "../ports/result-backend.ts";
import { ENTRY_BYTES, boundedName, boundedTraceback } from "./bounds.ts";
import { instantOf } from "./instant.ts";
import { readPickle } from "./pickle.ts";
import type { PickleValue } from "./pickle.ts";
import { leftOut, readJsonResult, readPickledResult } from "./result-reading.ts";
import type { ResultReading } from "./result-reading.ts";

/** The first byte of every pickle since protocol 2. */
const PICKLE = 0x80;
/** Celery's first field is the status, so it is known of what is too large to be read as a whole. */
const STATUS_FIRST = /^\{"status": ?"(?<status>[A-Za-z_]{1,100})"/;
/** The same in a pickle of protocol 2 to 5, by the codes before and after the two texts. */
const STATUS_FIRST_PICKLED = /^.{1,20}status(?:q.X.{4}|\x94\x8c.)(?<status>[A-Za-z_]{1,100})[q\x94]/s;

/** @param entry at most one byte more than `ENTRY_BYTES`, which says that there is more. @throws ResultBackendError when it is not Celery's. */
export function readTaskMeta(entry: Buffer): CeleryResult {
  if (entry.length > ENTRY_BYTES) return cutOff(entry);
  return entry[0] === PICKLE ? pickledMeta(entry) : jsonMeta(entry.toString("utf8"));
}

function cutOff(entry: Buffer): CeleryResult {
  const isPickle = entry[0] === PICKLE;
  const found = isPickle
    ? STATUS_FIRST_PICKLED.exec(entry.toString("latin1", 0, 200))
    : STATUS_FIRST.exec(entry.toString("utf8", 0, 200));
  const status = found?.groups?.["status"];
  const why = `it has more than ${ENTRY_BYTES} bytes`;
  if (status === undefined) throw unreadable(why);
  return { status, ...leftOut(why), traceback: "", doneAt: null };
}

function jsonMeta(text: string): CeleryResult {
  const meta = parsedJson(text);
  if (!isJsonObject(meta)) throw unreadable("it is no object");
  return resultOf((name) => meta[name] ?? null, readJsonResult(meta["result"] ?? null));
}

/** Celery's other serializers, and results that it compressed, are none of these. */
export function parsedJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    try {
      return JSON.parse(withoutPythonsNumbers(text)) as Json;
    } catch {
      throw unreadable("it is no JSON, as Celery writes it with result_serializer json and without compression");
    }
  }
}

/**
 * Python's JSON has numbers that JSON has not; they become null. What stands in quotes is passed over, up to the end where the last one is missing: else it would
 * be looked for anew from each quote in between.
 */
function withoutPythonsNumbers(text: string): string {
  return text.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*"?|-?Infinity|NaN/gs, (found) =>
    found.startsWith('"') ? found : "null",
  );
}

function pickledMeta(entry: Buffer): CeleryResult {
  const meta = pickled(entry);
  if (!(meta instanceof Map)) throw unreadable("it is no dict");
  const status = meta.get("status");
  const reading = readPickledResult(meta.get("result") ?? null, typeof status === "string" ? status : "");
  return resultOf((name) => meta.get(name) ?? null, reading);
}

function pickled(entry: Buffer): PickleValue {
  try {
    return readPickle(entry);
  } catch (error) {
    throw unreadable(`its pickle: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function resultOf(field: (name: string) => unknown, reading: ResultReading): CeleryResult {
  const [status, traceback, doneAt] = [field("status"), field("traceback"), field("date_done")];
  if (typeof status !== "string" || status === "") throw unreadable("it has no status");
  return {
    status: boundedName(status),
    ...reading,
    traceback: typeof traceback === "string" ? boundedTraceback(traceback) : "",
    doneAt: instantOf(doneAt),
    ...workerIn(status, field("worker"), reading.result),
  };
}

/** Celery says it with `result_extended`; and while a task runs in any case, in what it has in place of a result. */
export function workerIn(status: string, worker: unknown, result: Json): Pick<CeleryResult, "worker"> {
  if (typeof worker === "string" && worker !== "") return { worker: boundedName(worker) };
  if (status !== "STARTED" || !isJsonObject(result)) return {};
  const { hostname } = result;
  return typeof hostname === "string" && hostname !== "" ? { worker: boundedName(hostname) } : {};
}

function unreadable(why: string): ResultBackendError {
  return new ResultBackendError("unreadable", why);
}
