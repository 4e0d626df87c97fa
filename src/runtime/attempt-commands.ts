/** What the node that has an attempt's worker tells the owner of its instance. */
import type { InstanceEvent } from "../actors/instance/events.ts";
import type { DisconnectPolicy } from "../domain/action.ts";
import { instanceOfToken } from "./attempt-token.ts";
import type { Holder } from "./cluster/borrowing.ts";
import type { CommandDeps } from "./definition-commands.ts";
import type { InstanceResident } from "./residents.ts";
import { disconnectPolicyOf } from "./workers.ts";

/** An attempt that is still under way. */
export interface ClaimedAttempt {
  readonly policy: DisconnectPolicy;
  readonly cancelRequested: boolean;
  readonly pauseRequested: boolean;
  /** Its worker has connected elsewhere since. */
  readonly isElsewhere?: boolean;
}

export interface AttemptCommands {
  /** A worker has this attempt; null: it is over. */
  claim(token: string, holder: Holder): Promise<ClaimedAttempt | null>;
  /** Nobody runs it any more, unless it is known to be with somebody else than this holder by now; null: with whoever has it. */
  lose(token: string, holder: Omit<Holder, "workerId" | "queue"> | null): Promise<null>;
  /** Nobody ever heard of it. */
  takeBack(token: string): Promise<null>;
}

export function attemptCommands({
  clock,
  journal,
  activation,
  decisions,
  nodeId,
  adopt,
  runsElsewhere,
}: Pick<CommandDeps, "clock" | "journal" | "activation" | "decisions"> & {
  readonly nodeId: string;
  readonly adopt: (holder: Holder, token: string, resident: InstanceResident) => void;
  readonly runsElsewhere: (token: string, holder: Omit<Holder, "workerId" | "queue">) => boolean;
}): AttemptCommands {
  async function tell(token: string, event: () => InstanceEvent): Promise<null> {
    const resident = await activation.instance(instanceOfToken(token) ?? "");
    if (resident !== null && decisions.instance(resident, event())) {
      await journal.committed(resident.shard, () => {});
    }
    return null;
  }

  return {
    claim: async (token, holder) => {
      const resident = await activation.instance(instanceOfToken(token) ?? "");
      if (resident === null || resident.record.life.attempt?.token !== token) {
        return null;
      }
      const isElsewhere = holder.isReminder === true && runsElsewhere(token, holder);
      if (holder.node !== nodeId && !isElsewhere) {
        adopt(holder, token, resident);
      }
      const { record } = resident;
      return {
        policy: disconnectPolicyOf(record),
        cancelRequested: record.life.cancelRequestedAt !== null,
        pauseRequested: record.state === "PAUSED",
        isElsewhere,
      };
    },
    lose: async (token, holder) =>
      holder !== null && runsElsewhere(token, holder)
        ? null
        : tell(token, () => ({ type: "LOSE", at: clock.now(), token, chance: decisions.chance() })),
    takeBack: (token) => tell(token, () => ({ type: "RETURN", at: clock.now(), token })),
  };
}
