/**
 * Belfry beside a real Celery that keeps its results in Redis, with the bridge and without. What Belfry has on record is compared with what Celery's own
 * AsyncResult says, each time.
 */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { celeryNotShown } from "../../support/celery-not-shown.ts";
import { celeryPrograms } from "../../support/celery-programs.ts";
import type { CeleryPrograms } from "../../support/celery-programs.ts";
import { startTestPostgres } from "../../support/postgres.ts";
import { REDIS_PASSWORD, startRedisServer } from "../../support/redis-server.ts";
import type { RedisServer } from "../../support/redis-server.ts";
import { until } from "../../support/until.ts";
import { bothSides, completedAt, expectedEnd, expectedOf, seen, startBelfry } from "./belfry.ts";
import type { Belfry } from "./belfry.ts";
import { openShop, PROCESSES } from "./shop.ts";
import type { Shop, ShopOptions } from "./shop.ts";

const programs = await celeryPrograms();
if (programs.kind === "there") shows(programs);
else celeryNotShown("whether Belfry agrees with a real Celery", programs);

function shows({ python, redis: redisBinary, versions }: Extract<CeleryPrograms, { readonly kind: "there" }>): void {
  const stack = new AsyncDisposableStack();
  let redis: RedisServer;
  let belfry: Belfry;
  /** With the bridge; without; with one to a Belfry that takes calls and answers none. */
  let bridged: Shop;
  let unbridged: Shop;
  let unheard: Shop;

  beforeAll(async () => {
    console.log(versions);
    const [redisServer, postgres] = await Promise.all([startRedisServer(redisBinary), startTestPostgres()]);
    redis = stack.use(redisServer);
    stack.defer(() => postgres.stop());
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    stack.defer(() => void silent.close());
    const { port } = silent.address() as AddressInfo;

    const backend = redis.url(0);
    const open = async (options: Omit<ShopOptions, "python" | "backend">): Promise<Shop> =>
      stack.use(await openShop({ python, backend, ...options }));
    belfry = stack.use(await startBelfry(await postgres.createDatabase(), backend));
    [bridged, unbridged, unheard] = await Promise.all([
      open({ broker: redis.url(1), belfry: belfry.url, trackStarted: true }),
      open({ broker: redis.url(2), extended: true }),
      open({ broker: redis.url(3), belfry: `http://127.0.0.1:${port}`, timeout: 1, pause: 3600 }),
    ]);
  });
  afterAll(() => stack.disposeAsync());

  describe("a Celery app with the bridge", () => {
    test("R-124: what it sends is on record with its arguments, its user and its business id, and goes as Celery says", async () => {
      const id = await bridged.send("hold", [], { belfry: { createdBy: "ann", metadata: { order_id: "42" } } });
      const sent = await belfry.get(id);
      expect(sent).toMatchObject({
        taskName: "shop.hold",
        module: "shop",
        createdBy: "ann",
        metadata: { order_id: "42" },
      });
      expect(["PENDING", "STARTED"]).toContain(sent.status);

      const told = await bridged.untilCelerySays(id, "STARTED");
      const running = await belfry.untilItSays(id, "STARTED");
      expect(running.worker).toBe((told.result as { readonly hostname: string }).hostname);

      await bridged.open(id);
      await bridged.untilCelerySays(id, "SUCCESS");
      await belfry.untilItSays(id, "SUCCESS");
      const { celery, belfry: known } = await bothSides(belfry, bridged, id);
      expect(known).toEqual(celery);
      expect(known.result).toBe("held");

      const sum = await bridged.send("add", [2, 3]);
      await belfry.untilItSays(sum, "SUCCESS");
      expect(await belfry.get(sum)).toMatchObject({
        args: { values: [{ kind: { value: 2 } }, { kind: { value: 3 } }] },
      });
      expect(await bothSides(belfry, bridged, sum)).toMatchObject({
        celery: { result: { sum: 5 } },
        belfry: { status: "SUCCESS", result: { sum: 5 } },
      });
    });

    test("R-124: a task that nobody could tell of when it was sent is registered when it begins", async () => {
      const id = await bridged.sendUntold("add", [1, 1], { belfry: { createdBy: "bob" } });
      await bridged.untilCelerySays(id, "SUCCESS");
      expect(await belfry.untilItSays(id, "SUCCESS")).toMatchObject({
        taskName: "shop.add",
        createdBy: "bob",
        attemptCount: 1,
      });
    });

    test("R-127: a failure has the exception and the traceback that Celery has", async () => {
      const id = await bridged.send("fail", ["no luck"]);
      await bridged.untilCelerySays(id, "FAILURE");
      const known = await belfry.untilItSays(id, "FAILURE");
      expect(known).toMatchObject({ errorType: "ValueError", error: "no luck" });
      const sides = await bothSides(belfry, bridged, id);
      expect(sides.belfry).toEqual(sides.celery);
      expect(sides.belfry.traceback).toMatch(/raise ValueError\(text\)/);
    });

    test("R-125, R-137: a retry of Celery is another attempt of the same record", async () => {
      const later = await bridged.send("again", [3600]);
      await bridged.untilCelerySays(later, "RETRY");
      await belfry.untilItSays(later, "RETRY");
      const waiting = await bothSides(belfry, bridged, later);
      expect(waiting.belfry).toEqual(waiting.celery);
      expect((await belfry.sync(later)).changed).toBe(false);

      const atOnce = await bridged.send("again", [0]);
      await until(async () => (await belfry.get(atOnce)).attemptCount === 2, "the second attempt runs");
      expect(await belfry.sync(atOnce)).toMatchObject({ execution: { status: "STARTED", attemptCount: 2 } });
      await bridged.open(atOnce);
      await belfry.untilItSays(atOnce, "SUCCESS");
      const ended = await bothSides(belfry, bridged, atOnce);
      expect(ended.belfry).toEqual(ended.celery);
    });

    test("R-137, R-138: a retry of the business is a record of its own, found by the same business id", async () => {
      const headers = { belfry: { metadata: { order_id: "7-of-this-test" } } };
      const first = await bridged.send("fail", ["out of stock"], headers);
      await belfry.untilItSays(first, "FAILURE");
      const second = await bridged.send("add", [1, 2], headers);
      await belfry.untilItSays(second, "SUCCESS");
      const { executions } = await belfry.executions.listExecutions({ metadata: { order_id: "7-of-this-test" } });
      expect(executions.map(({ taskId, status }) => [taskId, status])).toEqual([
        [second, "SUCCESS"],
        [first, "FAILURE"],
      ]);
      expect((await belfry.sync(first)).changed).toBe(false);
    });

    test("a task is revoked before it begins, or while it runs, and both sides say so", async () => {
      const busy = [await bridged.send("hold"), await bridged.send("hold")];
      for (const id of busy) await bridged.untilCelerySays(id, "STARTED");
      const waiting = await bridged.send("add", [1, 1]);
      await bridged.revoke(waiting, false);
      const [stopped = "", other = ""] = busy;
      await bridged.revoke(stopped, true);
      for (const id of [stopped, waiting]) {
        await bridged.untilCelerySays(id, "REVOKED");
        await belfry.untilItSays(id, "REVOKED");
        const sides = await bothSides(belfry, bridged, id);
        expect(sides.belfry).toEqual(sides.celery);
      }
      const neverBegun = await belfry.get(waiting);
      expect([neverBegun.attemptCount, neverBegun.startTime]).toEqual([0, undefined]);
      await bridged.open(other);
      await belfry.untilItSays(other, "SUCCESS");
    });

    test("R-127: a task whose process is killed has failed, as its worker says", async () => {
      const id = await bridged.send("hold");
      const { result } = await bridged.untilCelerySays(id, "STARTED");
      await belfry.untilItSays(id, "STARTED");
      process.kill((result as { readonly pid: number }).pid, "SIGKILL");
      await bridged.untilCelerySays(id, "FAILURE");
      await belfry.untilItSays(id, "FAILURE");
      const sides = await bothSides(belfry, bridged, id);
      // Celery itself keeps no traceback of it; the worker has told one.
      expect({ ...sides.belfry, traceback: "" }).toEqual(sides.celery);
      expect(sides.belfry.exception).toBe("WorkerLostError");
    });

    test("R-139: what a task tells Celery of itself is on record when it is synchronised, and only once", async () => {
      const id = await bridged.send("crawl");
      await bridged.untilCelerySays(id, "CRAWLING");
      await belfry.untilItSays(id, "STARTED");
      const { execution, changed } = await belfry.sync(id);
      expect(changed).toBe(true);
      expect(execution).toMatchObject({
        status: "STARTED",
        progress: { percent: 25, step: "CRAWLING" },
        metadata: { current: 30, total: 120, pages: ["a", "b"] },
      });
      expect((await belfry.sync(id)).changed).toBe(false);
      await bridged.open(id);
      await belfry.untilItSays(id, "SUCCESS");
      expect(await belfry.get(id)).toMatchObject({ progress: { percent: 100 } });
    });

    test("a task that ignores its end, of which Celery never hears, counts as called off", async () => {
      const id = await bridged.send("give_up");
      expect(await belfry.untilItSays(id, "REVOKED")).toMatchObject({ error: "ignored" });
      expect((await bridged.ask(id)).status).toBe("STARTED");
      expect((await belfry.sync(id)).changed).toBe(false);
    });

    test("a task that has itself replaced ends as what replaced it, under the same id", async () => {
      const id = await bridged.send("pass_on");
      await bridged.untilCelerySays(id, "SUCCESS");
      await belfry.untilItSays(id, "SUCCESS");
      const sides = await bothSides(belfry, bridged, id);
      expect(sides.belfry).toEqual(sides.celery);
      expect(sides.belfry.result).toEqual({ sum: 7 });
    });

    test("what is no JSON and what is too large costs no status", async () => {
      const odd = await bridged.send("odd");
      await belfry.untilItSays(odd, "SUCCESS");
      expect(seen(await belfry.get(odd)).result).toEqual({ ratio: null, text: "NaN" });
      const large = await bridged.send("large", [300_000]);
      await belfry.untilItSays(large, "SUCCESS");
      expect(seen(await belfry.get(large)).result).toBe(`"${"x".repeat(99_999)}`);
      const loaded = await bridged.send("add", [1, 1], { belfry: { metadata: { load: "x".repeat(300_000) } } });
      const { taskName, metadata } = await belfry.untilItSays(loaded, "SUCCESS");
      expect([taskName, metadata]).toEqual(["shop.add", undefined]);
    });

    test("what cannot be put into words costs no status either", async () => {
      const shy = await bridged.send("shy", [false]);
      await belfry.untilItSays(shy, "SUCCESS");
      expect(seen(await belfry.get(shy)).result).toMatchObject({ row: expect.stringMatching(/^<.*Shy object at /) });
      const failed = await bridged.send("shy", [true]);
      expect(await belfry.untilItSays(failed, "FAILURE")).toMatchObject({
        errorType: "ShyError",
        error: expect.stringMatching(/^<.*ShyError object at /),
      });
    });

    test("R-125, R-128: of a worker that is lost with its task both sides say STARTED, until the sweep of timeouts finds it", async () => {
      const id = await bridged.send("hold");
      await bridged.untilCelerySays(id, "STARTED");
      await belfry.untilItSays(id, "STARTED");
      await bridged.loseWorker();
      const { execution, changed } = await belfry.sync(id);
      expect([execution.status, changed]).toEqual(["STARTED", false]);
      const sides = await bothSides(belfry, bridged, id);
      expect(sides.belfry).toEqual(sides.celery);

      expect(await belfry.timeOut(id)).toMatchObject({ status: "FAILURE", errorType: "TIMEOUT" });
    }, 180_000);
  });

  describe("a Celery app without the bridge", () => {
    test("R-125: what was registered is brought in line with Celery when it is synchronised, with Celery's time of the end", async () => {
      const id = await unbridged.send("hold");
      await belfry.register(id, "shop.hold");
      // This worker does not tell when it begins.
      expect((await unbridged.ask(id)).status).toBe("PENDING");
      expect(await belfry.sync(id)).toMatchObject({ changed: false, execution: { status: "PENDING" } });
      await unbridged.open(id);
      const told = await unbridged.untilCelerySays(id, "SUCCESS");
      const { execution, changed } = await belfry.sync(id);
      expect(changed).toBe(true);
      expect(seen(execution)).toEqual(expectedOf(told));
      expect(completedAt(execution)).toBe(expectedEnd(told, execution));
      expect(execution.worker).toMatch(/^celery@/);
      expect((await belfry.sync(id)).changed).toBe(false);
    });

    test("R-125, R-127: so is what failed, and what was revoked", async () => {
      const failed = await unbridged.send("fail", ["no luck"]);
      const stopped = await unbridged.send("crawl");
      for (const id of [failed, stopped]) await belfry.register(id, "shop.any");
      await unbridged.untilCelerySays(failed, "FAILURE");
      await unbridged.untilCelerySays(stopped, "CRAWLING");
      expect((await belfry.sync(stopped)).execution).toMatchObject({ status: "STARTED", progress: { percent: 25 } });
      await unbridged.revoke(stopped, true);
      await unbridged.untilCelerySays(stopped, "REVOKED");
      for (const id of [failed, stopped]) {
        const { execution } = await belfry.sync(id);
        expect(seen(execution)).toEqual(expectedOf(await unbridged.ask(id)));
      }
      expect(await belfry.get(failed)).toMatchObject({ errorType: "ValueError", error: "no luck" });
    });

    test("R-125: the RETRY that Celery goes on saying does not take back that the next attempt runs", async () => {
      const id = await unbridged.send("again", [0]);
      await belfry.register(id, "shop.again");
      await unbridged.untilCelerySays(id, "RETRY");
      const { execution } = await belfry.sync(id);
      expect(seen(execution)).toEqual(expectedOf(await unbridged.ask(id)));
      await belfry.executions.updateExecution({ taskId: id, status: "STARTED" });
      expect(await belfry.sync(id)).toMatchObject({ changed: false, execution: { status: "STARTED" } });
      await unbridged.open(id);
      await unbridged.untilCelerySays(id, "SUCCESS");
      expect((await belfry.sync(id)).execution.status).toBe("SUCCESS");
    });

    test("numbers that JSON does not have are null, and a result that is too large is left out and says so", async () => {
      const odd = await unbridged.send("odd");
      const large = await unbridged.send("large", [300_000]);
      for (const id of [odd, large]) {
        await belfry.register(id, "shop.any");
        await unbridged.untilCelerySays(id, "SUCCESS");
      }
      expect(seen((await belfry.sync(odd)).execution)).toMatchObject({
        status: "SUCCESS",
        result: { ratio: null, text: "NaN" },
      });
      expect((await belfry.sync(large)).execution).toMatchObject({
        status: "SUCCESS",
        metadata: { celery_result_left_out: "it has 300002 bytes, and at most 262144 are taken" },
      });
    });

    test("of a worker that is lost with its task Celery knows nothing, and nothing is what Belfry hears", async () => {
      const id = await unbridged.send("hold");
      await belfry.register(id, "shop.hold");
      await belfry.executions.updateExecution({ taskId: id, status: "STARTED" });
      await unbridged.loseWorker();
      expect((await unbridged.ask(id)).status).toBe("PENDING");
      expect(await belfry.sync(id)).toMatchObject({ changed: false, execution: { status: "STARTED" } });
    });
  });

  describe("a Celery app whose bridge nobody answers", () => {
    test("R-125: runs its tasks as ever, held up once; what was not told is found afterwards", async () => {
      const ids: string[] = [];
      for (const number of [1, 2, 3, 4, 5, 6]) ids.push(await unheard.send("add", [number, number]));
      for (const id of ids) await unheard.untilCelerySays(id, "SUCCESS");
      // Of 12 calls of its processes each of these waited for one.
      const waited = unheard.log().match(/belfry: UpdateExecution of \S+ was not told: .*timed out/g) ?? [];
      expect(waited.length).toBeGreaterThan(0);
      expect(waited.length).toBeLessThanOrEqual(PROCESSES);

      for (const id of ids) {
        await belfry.register(id, "shop.add");
        expect(seen((await belfry.sync(id)).execution)).toEqual(expectedOf(await unheard.ask(id)));
      }
    });
  });

  describe("a result backend that goes away", () => {
    test("is said so in clear words, without its password, and Belfry goes on", async () => {
      await belfry.register("of-a-backend-that-goes", "shop.any");
      await belfry.sync("of-a-backend-that-goes");
      await redis.kill();
      const refusal = belfry.executions.syncExecution({ taskId: "of-a-backend-that-goes" });
      await expect(refusal).rejects.toThrow(
        new RegExp(
          `^\\[unavailable\\] Celery's result backend does not answer: redis://127\\.0\\.0\\.1:${redis.port}/0: `,
        ),
      );
      expect((await belfry.get("of-a-backend-that-goes")).status).toBe("PENDING");
      expect(belfry.output()).not.toContain(REDIS_PASSWORD);
    });
  });
}
