import type { Mutant } from "./mutant.ts";

/** What was not carried out is counted all the same. */
export const GIVEN_BACK_COUNTS: Mutant = {
  name: "what is given back counts as an attempt",
  actors: (actors) => ({
    ...actors,
    decideInstance: (record, event) => {
      const decision = actors.decideInstance(record, event);
      return event.type === "RETURN" && decision.accepted
        ? {
            ...decision,
            record: {
              ...decision.record,
              life: { ...decision.record.life, attemptCount: record.life.attemptCount },
            },
          }
        : decision;
    },
  }),
};

/** That the receiver took it is taken for the result that it still owes. */
export const HANDED_ON_IS_DONE: Mutant = {
  name: "a delivery that awaits its result is completed",
  actors: (actors) => ({
    ...actors,
    decideInstance: (record, event) =>
      actors.decideInstance(
        record,
        event.type === "HAND_ON" ? { type: "COMPLETE", at: event.at, token: event.token, result: null } : event,
      ),
  }),
};

/** Who is newer does not see who waits with its key. */
export const SUPERSEDED_OVERLOOKED: Mutant = {
  name: "who is newer overlooks who waits",
  actors: (actors) => ({
    ...actors,
    decideSupervisor: (definition, supervision, event) =>
      actors.decideSupervisor(definition, supervision, event.type === "TRIGGER" ? { ...event, superseded: [] } : event),
  }),
};

/** What was sent before the breaker came into its state says something about it. */
export const LATE_RESULT_COUNTS: Mutant = {
  name: "a result from before the breaker turned counts",
  actors: (actors) => ({
    ...actors,
    decideDestination: (record, event) =>
      actors.decideDestination(record, event.type === "DELIVERED" ? { ...event, sentAt: event.at } : event),
  }),
};

/** When its time has come, all that waits goes at once. */
export const PROBE_LEFT_OUT: Mutant = {
  name: "a breaker closes without a probe",
  actors: (actors) => ({
    ...actors,
    decideDestination: (record, event) => {
      const decision = actors.decideDestination(record, event);
      const isHalfOpen = event.type === "WAKE" && decision.record.breaker.state === "HALF_OPEN";
      return isHalfOpen
        ? { ...decision, record: { ...decision.record, breaker: { ...decision.record.breaker, state: "CLOSED" } } }
        : decision;
    },
  }),
};

/** A request that broke off is sent once more, under the same attempt. */
export const SENT_AGAIN: Mutant = {
  name: "a request is sent again on its way",
  webhooks: (client) => ({
    ...client,
    send: async (request, signal) => {
      const reply = await client.send(request, signal);
      return reply.kind === "failed" && reply.cause === "CONNECTION" ? client.send(request, signal) : reply;
    },
  }),
};
