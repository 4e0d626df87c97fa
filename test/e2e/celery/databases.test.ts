/**
 * Belfry beside a real Celery that keeps its results in PostgreSQL: in its own table, by SQLAlchemy, and in that of django-celery-results. There is no bridge.
 * What Belfry has on record is compared with what Celery's own AsyncResult says, each time.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { celeryNotShown } from "../../support/celery-not-shown.ts";
import { celeryPrograms } from "../../support/celery-programs.ts";
import type { CeleryPrograms } from "../../support/celery-programs.ts";
import { startPostgresServer } from "../../support/postgres-server.ts";
import { freePort, startRedisServer } from "../../support/redis-server.ts";
import { completedAt, expectedEnd, expectedOf, seen, startBelfry } from "./belfry.ts";
import type { Belfry } from "./belfry.ts";
import { openShop } from "./shop.ts";
import type { Shop } from "./shop.ts";

const TABLES = ["celery_taskmeta", "django_celery_results_taskresult"] as const;
type Table = (typeof TABLES)[number];

const programs = await celeryPrograms();
if (programs.kind === "there") shows(programs);
else celeryNotShown("whether Belfry reads Celery's results in a database as Celery does", programs);

function shows({ python, redis: redisBinary }: Extract<CeleryPrograms, { readonly kind: "there" }>): void {
  const stack = new AsyncDisposableStack();
  const sites = new Map<Table, { readonly belfry: Belfry; readonly shop: Shop }>();

  beforeAll(async () => {
    const tcp = { host: "127.0.0.1", port: await freePort(), clients: "127.0.0.1/32" };
    const [redis, postgres] = await Promise.all([startRedisServer(redisBinary), startPostgresServer({ tcp })]);
    stack.use(redis);
    stack.use(postgres);
    const open = async (table: Table, broker: string): Promise<void> => {
      const database = await postgres.createDatabase();
      const backend =
        table === "celery_taskmeta" ? database.replace(/^postgres:/, "db+postgresql+psycopg2:") : "django-db";
      const [belfry, shop] = await Promise.all([
        startBelfry(await postgres.createDatabase(), backend === "django-db" ? database : backend),
        openShop({ python, broker, backend, djangoDatabase: database, trackStarted: true }),
      ]);
      sites.set(table, { belfry: stack.use(belfry), shop: stack.use(shop) });
    };
    await Promise.all(TABLES.map((table, index) => open(table, redis.url(index))));
  });
  afterAll(() => stack.disposeAsync());

  describe.each(TABLES)("results in PostgreSQL, %s", (table) => {
    const site = () => sites.get(table)!;

    test("R-125, R-127: success and failure are read as Celery itself reads them", async () => {
      const { belfry: own, shop } = site();
      const sum = await shop.send("add", [20, 22]);
      const failed = await shop.send("fail", ["no luck"]);
      for (const [id, status] of [
        [sum, "SUCCESS"],
        [failed, "FAILURE"],
      ] as const) {
        await own.register(id, "shop.any");
        const told = await shop.untilCelerySays(id, status);
        const { execution } = await own.sync(id);
        expect(seen(execution)).toEqual(expectedOf(told));
        expect(completedAt(execution)).toBe(expectedEnd(told, execution));
      }
      expect(seen(await own.get(sum)).result).toEqual({ sum: 42 });
      expect(await own.get(failed)).toMatchObject({ errorType: "ValueError", error: "no luck" });
    });

    test("R-125, R-139: so are a retry, a state of the task's own, a revoked and a killed one, and one of a lost worker", async () => {
      const { belfry: own, shop } = site();
      const agrees = async (id: string, status: string): Promise<void> => {
        await shop.untilCelerySays(id, status);
        const { execution } = await own.sync(id);
        expect(seen(execution)).toEqual(expectedOf(await shop.ask(id)));
      };
      const later = await shop.send("again", [3600]);
      await own.register(later, "shop.again");
      await agrees(later, "RETRY");

      const crawl = await shop.send("crawl");
      await own.register(crawl, "shop.crawl");
      await agrees(crawl, "CRAWLING");
      expect(await own.get(crawl)).toMatchObject({ progress: { percent: 25, step: "CRAWLING" } });
      await shop.revoke(crawl, true);
      await agrees(crawl, "REVOKED");

      const killed = await shop.send("hold");
      await own.register(killed, "shop.hold");
      const { result } = await shop.untilCelerySays(killed, "STARTED");
      process.kill((result as { readonly pid: number }).pid, "SIGKILL");
      await agrees(killed, "FAILURE");
      expect((await own.get(killed)).errorType).toBe("WorkerLostError");

      const lost = await shop.send("hold");
      await own.register(lost, "shop.hold");
      await agrees(lost, "STARTED");
      await shop.loseWorker();
      expect(await own.sync(lost)).toMatchObject({ changed: false, execution: { status: "STARTED" } });
    });
  });
}
