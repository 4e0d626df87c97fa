import type { Mutant } from "./mutant.ts";

/** The stream says that it has everything, and has all but the last. */
export const EVENT_LOST: Mutant = {
  name: "an event is lost on its way to the stream",
  stream: (stream) => ({
    open: () => stream.open(),
    publish: (events, options) => stream.publish(events.length > 1 ? events.slice(0, -1) : events, options),
  }),
};
