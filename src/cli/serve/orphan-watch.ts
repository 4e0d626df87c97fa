import type { Clock } from "../../ports/clock.ts";

/**
 * npm (`npm start`, `npx belfry`) starts a program through a shell and sends SIGTERM to that shell, which ends without passing it on: the
 * program would live on with nobody who knows of it. What it can see is that its parent is gone.
 */
export interface OrphanWatch {
  end(): void;
}

const LOOK_EVERY_MS = 250;

/** @param parentPid the parent's process id as it is now. @param orphaned is called once, when it is another than at the start. */
export function watchParent(parentPid: () => number, clock: Clock, orphaned: () => void): OrphanWatch {
  const first = parentPid();
  const look = (): void => {
    if (parentPid() === first) timer = clock.schedule(LOOK_EVERY_MS, look);
    else orphaned();
  };
  let timer = clock.schedule(LOOK_EVERY_MS, look);
  return { end: () => timer.cancel() };
}
