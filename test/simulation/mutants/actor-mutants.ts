import type { Mutant } from "./mutant.ts";

/** Now and then a due time that was taken stays the next one. */
export const DOUBLE_TIMER: Mutant = {
  name: "a due time is taken twice",
  actors: (actors) => ({
    ...actors,
    decideSupervisor: (definition, supervision, event) => {
      const decision = actors.decideSupervisor(definition, supervision, event);
      const forgets = event.type === "TAKE" && decision.accepted && event.at % 11 === 0;
      return forgets
        ? { ...decision, supervision: { ...decision.supervision, nextDueAt: supervision.nextDueAt } }
        : decision;
    },
  }),
};

/** A report counts, whichever attempt of the instance it speaks for. */
export const STALE_TOKEN_ACCEPTED: Mutant = {
  name: "a stale token is accepted",
  actors: (actors) => ({
    ...actors,
    decideInstance: (record, event) => {
      const token = record.life.attempt?.token;
      const isReport = event.type === "COMPLETE" || event.type === "FAIL" || event.type === "HEARTBEAT";
      return actors.decideInstance(record, isReport && token !== undefined ? { ...event, token } : event);
    },
  }),
};

/** A failed attempt of an instance that is being cancelled is tried again. */
export const CANCEL_FORGOTTEN: Mutant = {
  name: "a cancel request is forgotten when the attempt fails",
  actors: (actors) => ({
    ...actors,
    decideInstance: (record, event) =>
      actors.decideInstance(
        event.type === "FAIL" ? { ...record, life: { ...record.life, cancelRequestedAt: null } } : record,
        event,
      ),
  }),
};

/** Occurrences do not see who is unfinished. */
export const OVERLAP_OVERLOOKED: Mutant = {
  name: "an occurrence overlooks who is unfinished",
  actors: (actors) => ({
    ...actors,
    decideSupervisor: (definition, supervision, event) =>
      actors.decideSupervisor(
        definition,
        supervision,
        event.type === "TAKE" ? { ...event, load: { active: 0, buffered: 0 } } : event,
      ),
  }),
};
