import type { CeleryResult } from "../domain/execution/celery-result.ts";

/** Celery's result backend, read only: what Celery itself knows of its tasks. */
export interface ResultBackend {
  /**
   * What it has of a task; null: nothing, which is all that it says of a task that has not begun too.
   * @throws ResultBackendError
   */
  read(taskId: string): Promise<CeleryResult | null>;
}

/** What Celery knows of a task is not to be had. The message says why, for people outside too: it has no secret. */
export class ResultBackendError extends Error {
  override readonly name = "ResultBackendError";
  /** `unreachable`: it does not answer, or refuses to. `unreadable`: it has something that Celery does not write, or that cannot be read here. */
  readonly kind: "unreachable" | "unreadable";

  constructor(kind: ResultBackendError["kind"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
