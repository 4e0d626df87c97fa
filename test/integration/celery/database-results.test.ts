/** Results in PostgreSQL, in tables as Celery (SQLAlchemy) and django-celery-results make them. What they write there test/e2e/celery shows. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openCeleryResults } from "../../../src/celery/index.ts";
import type { CeleryResults } from "../../../src/celery/index.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { startTestPostgres } from "../../support/postgres.ts";
import type { TestPostgres } from "../../support/postgres.ts";
import { run } from "../../support/postgres-server.ts";
import { pickled } from "../../unit/celery/pickled.ts";

const CELERY = `create table celery_taskmeta (id integer primary key, task_id varchar(155) unique, status varchar(50), result bytea,
  date_done timestamp without time zone, traceback text`;
const EXTENDED =
  "name varchar(155), args bytea, kwargs bytea, worker varchar(155), retries integer, queue varchar(155)";
const DJANGO = `create table django_celery_results_taskresult (id serial primary key, task_id varchar(255) not null unique,
  status varchar(50) not null, content_type varchar(128) not null, content_encoding varchar(64) not null, result text,
  date_done timestamp with time zone not null, traceback text, meta text, task_args text, task_kwargs text, task_name varchar(255),
  worker varchar(100), date_created timestamp with time zone not null, periodic_task_name varchar(255))`;
const DONE_AT = Date.UTC(2026, 10, 22, 10, 0, 0, 123);

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

function resultsIn(url: string): CeleryResults {
  const results = openCeleryResults({ kind: "postgres", url, shown: "postgresql://db/results" }, systemClock);
  onTestFinished(() => results.close());
  return results;
}

function hex(bytes: Buffer): string {
  return `'\\x${bytes.toString("hex")}'`;
}

describe("results in PostgreSQL", () => {
  it("R-125: are read from Celery's own table, which it makes with its first result", async () => {
    const url = await postgres.createDatabase();
    const results = resultsIn(url);
    expect(await results.read("t")).toBeNull();
    expect(await results.describe()).toMatchObject({ server: expect.stringMatching(/^PostgreSQL \d+/), tables: null });

    await run(url, `${CELERY})`);
    expect((await results.describe()).tables).toBe("celery_taskmeta");
    expect(await results.read("t")).toBeNull();
    await run(
      url,
      `insert into celery_taskmeta values
        (1, 't', 'SUCCESS', ${hex(pickled("keys"))}, '2026-11-22 10:00:00.123456', null),
        (2, 'begun', 'STARTED', null, null, null),
        (3, 'odd', 'SUCCESS', ${hex(pickled("a decimal"))}, null, null),
        (4, 'broken', 'SUCCESS', 'hello', null, null),
        (5, 'failed', 'FAILURE', ${hex(pickled("an error 5"))}, null, 'Traceback'),
        (6, 'large', 'SUCCESS', convert_to(repeat('x', 300000), 'UTF8'), null, null)`,
    );
    expect(await results.read("t")).toEqual({
      status: "SUCCESS",
      result: { 2: "a", null: "c" },
      traceback: "",
      doneAt: DONE_AT,
    });
    expect(await results.read("begun")).toEqual({ status: "STARTED", result: null, traceback: "", doneAt: null });
    expect(await results.read("odd")).toMatchObject({
      status: "SUCCESS",
      leftOut: "it holds an object of decimal.Decimal",
    });
    expect(await results.read("broken")).toMatchObject({
      status: "SUCCESS",
      leftOut: expect.stringMatching(/^it cannot be read: /),
    });
    expect(await results.read("failed")).toMatchObject({
      status: "FAILURE",
      result: { exc_type: "ValueError", exc_message: ["no luck", 7] },
      traceback: "Traceback",
    });
    expect(await results.read("large")).toMatchObject({ leftOut: "it has 300000 bytes, and at most 262144 are taken" });
    expect(await results.read("'; drop table celery_taskmeta; --")).toBeNull();
  });

  it("R-125: have their worker with result_extended, also when that comes later", async () => {
    const url = await postgres.createDatabase();
    await run(url, `${CELERY}, ${EXTENDED})`);
    await run(url, "insert into celery_taskmeta (id, task_id, status, worker) values (1, 't', 'SUCCESS', 'celery@a')");
    const results = resultsIn(url);
    expect(await results.read("t")).toMatchObject({ status: "SUCCESS", worker: "celery@a" });
    // Made anew without: the first question fails, and the next one looks.
    await run(url, "drop table celery_taskmeta");
    await run(url, `${CELERY})`);
    await expect(results.read("t")).rejects.toMatchObject({ kind: "unreachable" });
    expect(await results.read("t")).toBeNull();
  });

  it("R-125: are read from the table of django-celery-results, beside Celery's own or alone", async () => {
    const url = await postgres.createDatabase();
    await run(url, DJANGO);
    const insert = (id: string, type: string, encoding: string, result: string) =>
      run(
        url,
        `insert into django_celery_results_taskresult (task_id, status, content_type, content_encoding, result, date_done, date_created, worker)
          values ('${id}', 'SUCCESS', '${type}', '${encoding}', '${result}', '2026-11-22 18:00:00.123+08', now(), 'celery@a')`,
      );
    await insert("json", "application/json", "utf-8", '{"ratio": NaN}');
    await insert("pickle", "application/x-python-serialize", "binary", pickled("keys").toString("base64"));
    await insert("yaml", "application/x-yaml", "utf-8", "a: 1");
    const results = resultsIn(url);
    const rest = { status: "SUCCESS", traceback: "", doneAt: DONE_AT, worker: "celery@a" };
    expect(await results.read("json")).toEqual({ ...rest, result: { ratio: null } });
    expect(await results.read("pickle")).toEqual({ ...rest, result: { 2: "a", null: "c" } });
    expect(await results.read("yaml")).toEqual({
      ...rest,
      result: null,
      leftOut: "it is application/x-yaml, and neither JSON nor a pickle",
    });

    await run(url, `${CELERY})`);
    await run(url, "insert into celery_taskmeta (id, task_id, status) values (1, 't', 'REVOKED')");
    const both = resultsIn(url);
    expect((await both.describe()).tables).toBe("celery_taskmeta, django_celery_results_taskresult");
    expect(await both.read("t")).toMatchObject({ status: "REVOKED" });
    expect(await both.read("json")).toMatchObject({ status: "SUCCESS" });
  });

  it("are read again after the connection was lost", async () => {
    const url = await postgres.createDatabase();
    await run(url, `${CELERY})`);
    const results = resultsIn(url);
    expect(await results.read("t")).toBeNull();
    await run(
      url,
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'belfry, Celery''s results'",
    );
    // The pool may hear of it now or at the next question.
    await results.read("t").catch(() => {});
    expect(await results.read("t")).toBeNull();
  });

  it("are unreachable where nobody listens, where nobody answers, and where one is not let in", async () => {
    await expect(resultsIn("postgresql://ann:s3cret@127.0.0.1:1/results").read("t")).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringMatching(/^postgresql:\/\/db\/results: .*ECONNREFUSED/),
    });
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    await expect(resultsIn(`postgresql://ann:s3cret@127.0.0.1:${port}/results`).read("t")).rejects.toMatchObject({
      kind: "unreachable",
      message: "postgresql://db/results said nothing for 3 s",
    });
    const elsewhere = new URL(await postgres.createDatabase());
    elsewhere.pathname = "/nowhere";
    await expect(resultsIn(elsewhere.href).read("t")).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringContaining('database "nowhere" does not exist'),
    });
  });
});
