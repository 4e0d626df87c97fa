import { StoreUnavailable } from "../../../../src/ports/store/journal.ts";
import type { JournalBatch } from "../../../../src/ports/store/journal.ts";
import type { World } from "../../../support/node.ts";

/** From now on the store cannot be reached once a job has told so often how far it is: before that is written, or right after. */
export function breakOffAtTell(
  { store }: Pick<World, "store">,
  at: number,
  when: "before" | "after",
): { readonly isBroken: () => boolean; readonly mend: () => void } {
  const { journal } = store;
  const { commit } = journal;
  let tells = 0;
  let broken = false;
  const isTell = ({ changedInstances }: JournalBatch): boolean =>
    changedInstances.some(({ spec, life }) => spec.action.kind === "job" && life.metadata?.["run"] !== undefined);
  Object.assign(journal, {
    commit: async (batch: JournalBatch) => {
      if (isTell(batch)) tells++;
      if (tells === at && !broken) {
        broken = true;
        if (when === "after") await commit(batch);
      }
      if (broken) throw new StoreUnavailable("It broke off, as the test asked for");
      return commit(batch);
    },
  });
  return {
    isBroken: () => broken,
    mend: () => {
      Object.assign(journal, { commit });
    },
  };
}
