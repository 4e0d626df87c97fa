/** Results in a real Redis, as Celery writes them; that it does test/e2e/celery shows. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createClient } from "@redis/client";
import { describe, expect, onTestFinished, test } from "vitest";
import { openCeleryResults } from "../../../src/celery/index.ts";
import type { CeleryResults } from "../../../src/celery/index.ts";
import { checkCelery } from "../../../src/cli/doctor/celery-check.ts";
import { readConfig } from "../../../src/config/index.ts";
import type { CeleryConfig } from "../../../src/config/index.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { celeryNotShown } from "../../support/celery-not-shown.ts";
import { celeryPrograms } from "../../support/celery-programs.ts";
import { REDIS_PASSWORD, startRedisServer } from "../../support/redis-server.ts";
import type { RedisServer } from "../../support/redis-server.ts";
import { pickled } from "../../unit/celery/pickled.ts";

const programs = await celeryPrograms();
if (programs.kind === "there") shows(programs.redis);
else celeryNotShown("how results are read from Redis", programs);

function configOf(url: string, keyPrefix = ""): CeleryConfig {
  const environment = { BELFRY_CELERY_RESULT_BACKEND: url, BELFRY_CELERY_KEY_PREFIX: keyPrefix };
  const reading = readConfig(environment, { hostname: "tower", pid: 1, readFile: () => "" });
  if (reading.kind === "wrong" || reading.config.celery === undefined) throw new Error("it is no backend");
  return reading.config.celery;
}

function resultsAt(url: string, keyPrefix = ""): CeleryResults {
  const results = openCeleryResults(configOf(url, keyPrefix), systemClock);
  onTestFinished(() => results.close());
  return results;
}

async function put(
  redis: RedisServer,
  entries: Readonly<Record<string, string | Buffer>>,
  database = 0,
): Promise<void> {
  const client = createClient({ url: redis.url(database) });
  await client.connect();
  for (const [key, value] of Object.entries(entries)) await client.set(key, value);
  await client.lPush("celery-task-meta-list", "it is a list");
  await client.close();
}

function shows(binary: string): void {
  describe("results in Redis", () => {
    test("R-125: are read under Celery's keys, in the database that the URL names", async () => {
      await using redis = await startRedisServer(binary);
      const success = '{"status": "SUCCESS", "result": 42, "traceback": null, "date_done": null}';
      await put(redis, { "celery-task-meta-t": success, "celery-task-meta-p": pickled("success") }, 1);
      const results = resultsAt(redis.url(1));
      expect(await results.read("t")).toEqual({ status: "SUCCESS", result: 42, traceback: "", doneAt: null });
      expect(await results.read("p")).toMatchObject({ status: "SUCCESS", result: { a: 1 } });
      expect(await results.read("unknown")).toBeNull();
      expect(await resultsAt(redis.url(0)).read("t")).toBeNull();
      await expect(results.read("list")).rejects.toMatchObject({ kind: "unreadable" });

      await put(redis, { "shop_celery-task-meta-t": '{"status": "REVOKED", "result": null}' }, 1);
      expect(await resultsAt(redis.url(1), "shop_").read("t")).toMatchObject({ status: "REVOKED" });
    });

    test("are bounded: of what is too large the status is read", async () => {
      await using redis = await startRedisServer(binary);
      await put(redis, { "celery-task-meta-t": `{"status": "SUCCESS", "result": "${"x".repeat(3_000_000)}"}` });
      expect(await resultsAt(redis.url(0)).read("t")).toEqual({
        status: "SUCCESS",
        result: null,
        leftOut: "it has more than 1048576 bytes",
        traceback: "",
        doneAt: null,
      });
    });

    test("are read side by side, and again after Redis was away", async () => {
      await using first = await startRedisServer(binary);
      const results = resultsAt(first.url(0));
      const many = Array.from({ length: 200 }, (_, index) => `t${index}`);
      await put(
        first,
        Object.fromEntries(many.map((id) => [`celery-task-meta-${id}`, `{"status": "SUCCESS", "result": "${id}"}`])),
      );
      const read = await Promise.all(many.map((id) => results.read(id)));
      expect(read.map((told) => told?.result)).toEqual(many);

      await first.kill();
      const shown = `redis://127.0.0.1:${first.port}/0`;
      for (let tries = 0; tries < 3; tries++) {
        await expect(results.read("t1")).rejects.toMatchObject({
          kind: "unreachable",
          message: expect.stringMatching(new RegExp(`^${shown}: `)),
        });
      }
      await using second = await startRedisServer(binary, first.port);
      await put(second, { "celery-task-meta-t1": '{"status": "FAILURE", "result": null}' });
      expect(await results.read("t1")).toMatchObject({ status: "FAILURE" });
    });

    test("are unreachable with a wrong password, and where nobody answers, within 3 s", async () => {
      await using redis = await startRedisServer(binary);
      const wrong = redis.url(0).replace(REDIS_PASSWORD, "another-s3cret");
      for (const url of [wrong, redis.url(0).replace(`:${REDIS_PASSWORD}@`, "")]) {
        const refusal: unknown = await resultsAt(url)
          .read("t")
          .catch((error: unknown) => error);
        expect(refusal).toMatchObject({ kind: "unreachable", message: expect.stringMatching(/: (WRONGPASS|NOAUTH)/) });
        expect((refusal as Error).message).not.toContain("s3cret");
      }
      const silent = createServer();
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void silent.close());
      const { port } = silent.address() as AddressInfo;
      const results = resultsAt(`redis://:s3cret@127.0.0.1:${port}/0`);
      await expect(results.read("t")).rejects.toMatchObject({
        kind: "unreachable",
        message: `redis://127.0.0.1:${port}/0 said nothing for 3 s`,
      });
    });

    test("are looked at by the doctor, who finds that they answer or why they do not", async () => {
      await using redis = await startRedisServer(binary);
      expect(await checkCelery(configOf(redis.url(0)), systemClock)).toMatchObject({
        check: "Celery",
        status: "ok",
        message: expect.stringMatching(new RegExp(`^redis://127\\.0\\.0\\.1:${redis.port}/0 answers: Redis \\d`)),
      });
      await redis.kill();
      expect(await checkCelery(configOf(redis.url(0)), systemClock)).toMatchObject({
        check: "Celery",
        status: "warn",
        message: expect.stringMatching(/^the result backend does not answer: redis:\/\/127\.0\.0\.1:\d+\/0: /),
      });
    });
  });
}
