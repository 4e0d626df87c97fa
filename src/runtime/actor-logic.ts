import { decideDestination } from "../actors/destination/decide.ts";
import { decideInstance } from "../actors/instance/decide.ts";
import { decideLock } from "../actors/lock/decide.ts";
import { decidePlatform } from "../actors/platform/decide.ts";
import { decideSession } from "../actors/session/decide.ts";
import { decideSupervisor } from "../actors/supervisor/decide.ts";

/** The actors' own decisions: pure functions of what they are and what happens. */
export interface ActorLogic {
  readonly decideInstance: typeof decideInstance;
  readonly decideSupervisor: typeof decideSupervisor;
  readonly decideDestination: typeof decideDestination;
  readonly decideLock: typeof decideLock;
  readonly decidePlatform: typeof decidePlatform;
  readonly decideSession: typeof decideSession;
}

export const ACTORS: ActorLogic = {
  decideInstance,
  decideSupervisor,
  decideDestination,
  decideLock,
  decidePlatform,
  decideSession,
};
