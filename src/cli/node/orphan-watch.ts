import type { Clock } from "../../ports/clock.ts";
import type { Surroundings } from "../surroundings.ts";

/**
 * npm (`npm start`, `npx belfry`) starts a program through a shell and sends SIGTERM to that shell, which ends without passing it on: the
 * program would live on with nobody who knows of it. What it can see is that its parent is gone.
 */
export interface OrphanWatch {
  end(): void;
}

const LOOK_EVERY_MS = 250;

/** Where a program was started by npm. By a terminal or a service manager the signal comes to it, and a parent that ends need not mean anything. */
export function watchNpm({ env, parentPid, clock }: Surroundings, orphaned: () => void): OrphanWatch {
  const isStartedByNpm = env["npm_command"] !== undefined || env["npm_lifecycle_event"] !== undefined;
  return isStartedByNpm ? watchParent(parentPid, clock, orphaned) : { end: () => {} };
}

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
