import { createActor } from "xstate";
import type {
  ActorScope,
  AnyMachineSnapshot,
  AnyStateMachine,
  EventFromLogic,
  ExecutableActionsFrom,
  SnapshotFrom,
} from "xstate";

/**
 * XState's `transition(machine, snapshot, event)` with the inert actor made once a machine instead of once a call, which halves what a decision
 * costs. Our machines spawn and invoke nothing, so there is nothing that one call could leave behind in it for the next.
 */
export function pureTransition<Machine extends AnyStateMachine>(
  machine: Machine,
): (
  snapshot: SnapshotFrom<Machine>,
  event: EventFromLogic<Machine>,
) => [SnapshotFrom<Machine>, ExecutableActionsFrom<Machine>[]] {
  const self = createActor(machine);
  let actions: ExecutableActionsFrom<Machine>[] = [];
  const scope = {
    self,
    defer: () => {},
    id: "",
    logger: () => {},
    sessionId: "",
    stopChild: () => {},
    system: self.system,
    emit: () => {},
    actionExecutor: (action: ExecutableActionsFrom<Machine>) => {
      actions.push(action);
    },
  } as unknown as ActorScope<AnyMachineSnapshot, EventFromLogic<Machine>>;
  return (snapshot, event) => {
    actions = [];
    const next = machine.transition(snapshot, event, scope) as SnapshotFrom<Machine>;
    return [next, actions];
  };
}
