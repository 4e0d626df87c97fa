/** Takes instances of one queue and runs them until it is stopped. */
export interface Worker {
  readonly workerId: string;
  /** Attempts that it has now. */
  readonly running: number;
  /**
   * Begins. Resolves when a server has welcomed it (it goes on trying until one does) or it was stopped; rejects as `done` does.
   *
   * @throws Error when it was started before.
   */
  start(): Promise<void>;
  /**
   * Takes no more instances, waits for the running handlers, reports their results and closes; never rejects. Handlers that
   * still run after `graceMs` (default 30 s) are aborted with reason STOPPING; those that do not heed it within a second are
   * given up and reported with code WORKER_STOPPED, to be tried again elsewhere. A second call may shorten the grace.
   */
  stop(options?: StopOptions): Promise<void>;
  /**
   * Resolves when it has stopped. Rejects when it cannot work at all: the very first server refused it for good (wrong options,
   * no permission), or its client was closed.
   */
  readonly done: Promise<void>;
}

export interface StopOptions {
  /** How long running handlers may go on, in milliseconds; Infinity waits for all of them. Default 30 s. */
  readonly graceMs?: number;
}
