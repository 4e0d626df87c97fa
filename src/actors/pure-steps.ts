import { enqueueActions } from "xstate";
import type { EventObject, MachineContext } from "xstate";

type EventOf<Event, Type> = Extract<Event, { readonly type: Type }>;

/**
 * How a statechart gets its actions from pure steps: each takes the context and the event, and gives what is next, with effects as data.
 *
 * @param changeOf what of the context a step makes another.
 */
export function pureSteps<
  Context extends MachineContext,
  Event extends EventObject,
  Effect extends object,
  Step extends { readonly effects: readonly Effect[] },
>(changeOf: (step: Step) => Partial<Context>) {
  return function step<Type extends Event["type"]>(take: (context: Context, event: EventOf<Event, Type>) => Step) {
    return enqueueActions<
      Context,
      Event,
      undefined,
      Event,
      never,
      { type: "effect"; params: Effect },
      never,
      never,
      never
    >(({ context, event, enqueue }) => {
      const taken = take(context, event as EventOf<Event, Type>);
      enqueue.assign(changeOf(taken));
      // The compiler cannot see through the types of `enqueue` while those of the effects are open.
      const tell = enqueue as unknown as (action: { type: "effect"; params: Effect }) => void;
      for (const effect of taken.effects) {
        tell({ type: "effect", params: effect });
      }
    });
  };
}
