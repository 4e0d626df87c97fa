/** The tables in which results are kept, as their makers have them. They are found by the search path of the connection. */
import type { CeleryResult } from "../domain/execution/celery-result.ts";
import { TRACEBACK_LENGTH, boundedName, boundedTraceback } from "./bounds.ts";
import { readPickle } from "./pickle.ts";
import { leftOut, readJsonResult, readPickledResult, tooLarge } from "./result-reading.ts";
import type { ResultReading } from "./result-reading.ts";
import { parsedJson, workerIn } from "./task-meta.ts";

export interface ResultTable {
  readonly name: string;
  /** The one parameter is the task's id. A result of more bytes than `most` is left where it is. */
  query(columns: readonly string[], most: number): string;
  resultOf(row: ResultRow): CeleryResult;
}

export interface ResultRow {
  readonly status: string;
  readonly result: Buffer | string | null;
  readonly result_bytes: number | null;
  /** How the result was written; Celery's own table has nothing but pickles. */
  readonly content_type: string | null;
  readonly content_encoding: string | null;
  readonly traceback: string | null;
  readonly done_at: number | null;
  readonly worker: string | null;
}

export interface FoundTable {
  readonly name: string;
  readonly columns: readonly string[];
}

/** Which of the tables are there, with their columns. */
export function tablesQuery(): string {
  const names = TABLES.map(({ name }) => `('${name}')`).join(", ");
  return `select wanted.name, array_agg(attribute.attname::text) as columns
    from (values ${names}) as wanted(name)
    join pg_attribute attribute on attribute.attrelid = to_regclass(wanted.name) and attribute.attnum > 0 and not attribute.attisdropped
    group by wanted.name`;
}

/** Of SQLAlchemy, by Celery itself (`db+postgresql://`). `date_done` has no zone and is UTC; `worker` is there with `result_extended`. */
const CELERY: ResultTable = {
  name: "celery_taskmeta",
  query: (columns, most) => `select status,
      case when octet_length(result) <= ${most} then result end as result, octet_length(result) as result_bytes,
      null as content_type, null as content_encoding, right(traceback, ${TRACEBACK_LENGTH}) as traceback,
      (extract(epoch from date_done at time zone 'UTC') * 1000)::float8 as done_at,
      ${columns.includes("worker") ? "worker" : "null as worker"}
    from celery_taskmeta where task_id = $1`,
  resultOf: (row) =>
    rowResult(
      row,
      readWith(row, (bytes) => readPickledResult(readPickle(bytes), row.status)),
    ),
};

/** Of Django, by django-celery-results (`django-db`). Its `date_done` is that of the last change. */
const DJANGO: ResultTable = {
  name: "django_celery_results_taskresult",
  query: (columns, most) => `select status,
      case when octet_length(result) <= ${most} then result end as result, octet_length(result) as result_bytes,
      content_type, content_encoding, right(traceback, ${TRACEBACK_LENGTH}) as traceback,
      (extract(epoch from date_done) * 1000)::float8 as done_at,
      ${columns.includes("worker") ? "worker" : "null as worker"}
    from django_celery_results_taskresult where task_id = $1`,
  resultOf: (row) => rowResult(row, readWith(row, encodedResult(row))),
};

export const TABLES: readonly ResultTable[] = [CELERY, DJANGO];

function rowResult(row: ResultRow, reading: ResultReading): CeleryResult {
  return {
    status: boundedName(row.status),
    ...reading,
    traceback: boundedTraceback(row.traceback ?? ""),
    doneAt: row.done_at === null ? null : Math.floor(row.done_at),
    ...workerIn(row.status, row.worker, reading.result),
  };
}

function readWith({ result, result_bytes: bytes }: ResultRow, read: (result: Buffer) => ResultReading): ResultReading {
  if (bytes === null) return { result: null };
  if (result === null) return leftOut(tooLarge(bytes));
  try {
    return read(Buffer.from(result));
  } catch (error) {
    return leftOut(`it cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function encodedResult({ status, content_type: type, content_encoding: encoding }: ResultRow) {
  return (text: Buffer): ResultReading => {
    const bytes = encoding === "binary" ? Buffer.from(text.toString("latin1"), "base64") : text;
    switch (type) {
      case "application/json":
        return readJsonResult(parsedJson(bytes.toString("utf8")));
      case "application/x-python-serialize":
        return readPickledResult(readPickle(bytes), status);
      default:
        return leftOut(`it is ${type ?? "of no kind"}, and neither JSON nor a pickle`);
    }
  };
}
