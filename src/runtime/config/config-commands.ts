/**
 * Changes of configuration whose shard is this node's.
 *
 * C1 Changes of one place are made one after the other, each when the one before is durable: what is read is what the next change begins with. Other
 *    places do not wait.
 * C2 What was read counts only while the shard is this node's by the same claim: meanwhile another node may have changed it.
 * C3 A value, its change record, its event and the answer under the request id are in one commit.
 */
import type { ConfigValue } from "../../domain/config/config-key.ts";
import { configId } from "../../domain/config/config-place.ts";
import type { ConfigPlace } from "../../domain/config/config-place.ts";
import {
  CHANGES_KEPT,
  changesPrefix,
  configChangeId,
  configChangeOfState,
  configOfState,
  stateOfConfig,
  stateOfConfigChange,
} from "../../domain/config/config-record.ts";
import type { ConfigRecord } from "../../domain/config/config-record.ts";
import { decideConfig } from "../../domain/config/decide.ts";
import type { KnownConfig } from "../../domain/config/decide.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { ActorKind, ActorStateRecord, ActorStateStore } from "../../ports/store/actor-states.ts";
import type { StatefulResident } from "../batch.ts";
import type { CommandDeps } from "../definition-commands.ts";
import { fingerprint } from "../fingerprint.ts";
import { etagMismatch, shardUnavailable } from "../refusals.ts";
import type { ConfigCommand } from "./api.ts";

/** A change whose place and value are checked. */
export interface ChangeConfig extends ConfigCommand {
  readonly place: ConfigPlace;
  /** Null: nothing shall be set there any more. */
  readonly value: ConfigValue | null;
}

export interface ConfigCommands {
  /**
   * What is set there after it.
   * @param id that of its place.
   */
  change(id: string, command: ChangeConfig): Promise<ConfigRecord | null>;
}

interface Deps extends Pick<
  CommandDeps,
  "clock" | "journal" | "ownership" | "activation" | "decisions" | "requests" | "gate"
> {
  readonly store: ActorStateStore;
  /** Told of each change that is durable. */
  readonly changed: (place: ConfigPlace) => void;
}

export function configCommands(deps: Deps): ConfigCommands {
  const { clock, journal, ownership, activation, decisions, requests, gate, store, changed } = deps;
  const turns = new Map<string, Promise<unknown>>();

  /** C1. */
  async function inTurn<Value>(id: string, run: () => Promise<Value>): Promise<Value> {
    const turn = (turns.get(id) ?? Promise.resolve()).then(run, run);
    turns.set(id, turn);
    try {
      return await turn;
    } finally {
      if (turns.get(id) === turn) {
        turns.delete(id);
      }
    }
  }

  /** Reads a place and decides in the same turn. C2. */
  async function known(shard: number, place: ConfigPlace): Promise<KnownConfig> {
    const claim = ownership.claim(shard);
    const [[row], [last]] = await Promise.all([
      store.load("config", [configId(place)]),
      store.list("config_change", { prefix: changesPrefix(place) }, "", 1),
    ]);
    activation.openShard(shard);
    if (claim === undefined || ownership.claim(shard) !== claim) {
      throw shardUnavailable(shard);
    }
    return {
      record: row === undefined ? null : configOfState(row.state),
      lastChange: last === undefined ? null : configChangeOfState(last.state),
    };
  }

  async function change(
    shard: number,
    { place, value, etag, changedBy, reason = "" }: ChangeConfig,
    remember: (record: ConfigRecord | null) => void,
  ): Promise<ConfigRecord | null> {
    const before = await known(shard, place);
    const at = clock.now();
    return decisions.run(() => {
      const asked = { place, value, changedBy, reason, at, ...(etag === undefined ? {} : { etag }) };
      const decision = decideConfig(before, asked);
      if (decision.kind === "stale") {
        throw etagMismatch(decision.etag);
      }
      const after = decision.kind === "changed" ? decision.record : before.record;
      if (decision.kind === "changed") {
        const { revision } = decision.change;
        const row = (kind: ActorKind, id: string, state: JsonObject = {}): StatefulResident =>
          rowOf({ kind, id, shard, state, updatedAt: decision.change.at });
        const batch = journal.open;
        batch.decisions++;
        if (after === null) {
          batch.removeActorState(row("config", configId(place)));
        } else {
          batch.actorState(row("config", configId(place), stateOfConfig(after)));
        }
        batch.actorState(row("config_change", configChangeId(place, revision), stateOfConfigChange(decision.change)));
        if (revision > CHANGES_KEPT) {
          batch.removeActorState(row("config_change", configChangeId(place, revision - CHANGES_KEPT)));
        }
        batch.announce(shard, decision.announcement);
      }
      remember(after);
      return journal.committed(shard, () => {
        if (decision.kind === "changed") {
          changed(place);
        }
        return after;
      });
    });
  }

  return {
    change: (id, command) =>
      gate.pass(async () => {
        const shard = activation.openShard(activation.shardOf(id));
        const { requestId, value } = command;
        const isNamed = requestId !== undefined && requestId !== "";
        return requests.once(
          {
            method: value === null ? "DeleteConfig" : "SetConfig",
            requestId,
            shard,
            fingerprint: isNamed ? fingerprint(command) : "",
          },
          (remember) =>
            inTurn(id, () => change(shard, command, (record) => remember({ record: JSON.stringify(record) }))),
          async ({ record }) => JSON.parse(record ?? "null") as ConfigRecord | null,
        );
      }),
  };
}

/** A row that no actor has. */
function rowOf(row: ActorStateRecord): StatefulResident {
  return { shard: row.shard, pins: 0, stateRecord: () => row };
}
