/** Celery's result backends, read only. Celery writes them; nothing here ever does. */
import type { Clock } from "../ports/clock.ts";
import type { CeleryResults } from "./celery-results.ts";
import { databaseResults } from "./database-results.ts";
import type { DatabaseBackend } from "./database-results.ts";
import { redisResults } from "./redis-results.ts";
import type { RedisBackend } from "./redis-results.ts";

export type { CeleryResults } from "./celery-results.ts";

export function openCeleryResults(backend: RedisBackend | DatabaseBackend, clock: Clock): CeleryResults {
  return backend.kind === "redis" ? redisResults(backend, clock) : databaseResults(backend, clock);
}
