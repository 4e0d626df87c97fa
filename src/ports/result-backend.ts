import type { CeleryResult } from "../domain/execution/celery-result.ts";

/** Celery's result backend, read only: what Celery itself knows of its tasks. */
export interface ResultBackend {
  /**
   * What it has of a task; null: nothing, which is all that it says of a task that has not begun too.
   * @throws when it cannot be reached, or its answer cannot be read.
   */
  read(taskId: string): Promise<CeleryResult | null>;
}
