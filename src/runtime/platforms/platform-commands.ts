/** Commands on platforms of this node's shards. Settings come checked and sealed (`task-centers.ts`). */
import type { PlatformEvent } from "../../actors/platform/events.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { PlatformChangeKind, PlatformChangeRecord } from "../../domain/platform/platform-change.ts";
import { platformChangeId, stateOfChange } from "../../domain/platform/platform-change.ts";
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import { newPlatform } from "../../domain/platform/platform.ts";
import { stateOfTrigger, triggerOfState } from "../../domain/platform/trigger-state.ts";
import type { PlatformTrigger } from "../../domain/platform/trigger.ts";
import { hashText, routingHash } from "../../domain/routing.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Ids } from "../../ports/ids.ts";
import type { Connector } from "../../ports/platform/connector.ts";
import type { ActorStateRecord, ActorStateStore } from "../../ports/store/actor-states.ts";
import type { Activation } from "../activation.ts";
import type { StatefulResident } from "../batch.ts";
import type { Decisions } from "../decisions.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Gate } from "../gate.ts";
import type { Journal } from "../journal.ts";
import { etagMismatch, platformNotFound, stateForbids, triggerNotFound } from "../refusals.ts";
import type { Requests } from "../requests.ts";
import { shownSettings } from "./account.ts";
import type { Accounts } from "./account.ts";
import type {
  ChangedPlatform,
  GivenPlatform,
  PlatformCommand,
  PlatformCommands,
  PlatformTest,
  PlatformView,
} from "./api.ts";
import type { SendToPlatform } from "./carry-out.ts";
import type { PlatformResident, Platforms } from "./platform-kind.ts";
import { PlatformProbe } from "./platform-probe.ts";
import { shownUpdate } from "./shown-update.ts";
import type { Tokens } from "./tokens.ts";

interface CommandDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly journal: Journal;
  readonly decisions: Decisions;
  readonly requests: Requests;
  readonly gate: Gate;
  readonly activation: Activation;
  readonly store: ActorStateStore;
  readonly platforms: Platforms;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  sendTo(record: PlatformRecord): SendToPlatform;
}

/** A platform that is to be made: its id says which shard it lives in. */
export type CreatePlatform = PlatformCommand & { readonly platform: GivenPlatform; readonly routing?: number };

export interface LocalPlatformCommands extends Omit<PlatformCommands, "create" | "update"> {
  create(command: CreatePlatform): Promise<PlatformView>;
  /**
   * @param command.change its settings are all of them, checked and sealed.
   * @param command.asked the change as the caller gave it: what is sealed is different each time.
   */
  update(
    id: string,
    command: PlatformCommand & { readonly change: ChangedPlatform; readonly asked: string },
  ): Promise<PlatformView>;
}

const ROUTING_HASHES = 65_536;

export function platformCommands(deps: CommandDeps): LocalPlatformCommands {
  const probe = new PlatformProbe(deps);
  const { clock, ids, journal, decisions, requests, gate, activation, store, platforms, connectors } = deps;

  async function existing(id: string): Promise<PlatformResident> {
    activation.openShard(activation.shardOf(id));
    const resident = await platforms.bring(id);
    if (resident.record.connector === "") {
      throw platformNotFound(id);
    }
    return resident;
  }

  /** How it stands now, when that is durable. */
  function durableView(resident: PlatformResident): Promise<PlatformView> {
    const view = platforms.viewOf(resident);
    return journal.committed(resident.shard, () => view);
  }

  function requireEtag({ revision }: PlatformRecord, etag: string | undefined): void {
    if (etag !== undefined && etag !== String(revision)) {
      throw etagMismatch(String(revision));
    }
  }

  /** Stages a change record, in the commit with the change. */
  function note(
    { id, shard }: Pick<PlatformResident, "id" | "shard">,
    kind: PlatformChangeKind,
    { changedBy, reason = "" }: PlatformCommand,
    { before, after }: { readonly before: JsonObject | null; readonly after: JsonObject | null },
  ): void {
    const at = clock.now();
    lastChangeAt = Math.max(lastChangeAt + 1, at);
    const changeId = platformChangeId(id, lastChangeAt);
    const change: PlatformChangeRecord = {
      id: changeId,
      shard,
      platformId: id,
      kind,
      changedBy,
      reason,
      before,
      after,
      at,
    };
    stageRow({ kind: "platform_change", id: changeId, shard, state: stateOfChange(change), updatedAt: at });
  }
  let lastChangeAt = 0;

  function stageRow(row: ActorStateRecord): void {
    journal.open.decisions++;
    journal.open.actorState(rowOf(row));
  }

  /** A command once: one turn in which it is decided and staged. */
  function once(
    method: string,
    id: string,
    command: PlatformCommand,
    decide: (resident: PlatformResident) => void,
    asked: unknown = command,
  ): Promise<PlatformView> {
    return gate.pass(async () => {
      const shard = activation.openShard(activation.shardOf(id));
      const { requestId } = command;
      return requests.once(
        { method, requestId, shard, fingerprint: fingerprintOf([id, asked], requestId) },
        async (remember) => {
          const resident = await existing(id);
          decisions.run(() => {
            requireEtag(resident.record, command.etag);
            decide(resident);
            remember({});
          });
          return durableView(resident);
        },
        async () => durableView(await existing(id)),
      );
    });
  }

  function event(
    method: string,
    kind: PlatformChangeKind,
    eventOf: (command: PlatformCommand) => PlatformEvent,
  ): (id: string, command: PlatformCommand) => Promise<PlatformView> {
    return (id, command) =>
      once(method, id, command, (resident) => {
        const before = standing(resident.record);
        platforms.decide(resident, eventOf(command));
        note(resident, kind, command, { before, after: standing(resident.record) });
      });
  }

  async function tested(resident: PlatformResident): Promise<PlatformTest> {
    const found = await probe.ask(resident);
    return { ...found, view: await durableView(resident) };
  }

  return {
    create: (command) =>
      gate.pass(async () => {
        const { platform, routing = 0, requestId } = command;
        const shard = activation.openShard(routing % ROUTING_HASHES);
        return requests.once(
          {
            method: "CreatePlatform",
            requestId,
            shard,
            fingerprint: fingerprintOf([{ ...platform, settings: Object.keys(platform.settings) }], requestId),
          },
          async (remember) => {
            const id = ids.uuid(routing);
            const resident = decisions.run(() => {
              const made = platforms.add(id, newPlatform({ id, shard, at: clock.now() }, platform));
              platforms.save(made);
              note(made, "CREATED", command, { before: null, after: given(made.record) });
              journal.open.announce(shard, {
                resource: "platform",
                resourceId: id,
                name: "created",
                at: clock.now(),
                data: { name: platform.name, connector: platform.connector },
              });
              remember({ platformId: id });
              return made;
            });
            return durableView(resident);
          },
          async ({ platformId }) => durableView(await existing(platformId ?? "")),
        );
      }),
    get: (id) => gate.pass(async () => durableView(await existing(id))),
    update: (id, command) =>
      once(
        "UpdatePlatform",
        id,
        command,
        (resident) => {
          const { policy, ...others } = command.change;
          const before = resident.record;
          const change = policy === undefined ? others : { ...others, policy: { ...before.policy, ...policy } };
          platforms.decide(resident, { type: "UPDATE", at: clock.now(), change });
          note(resident, "UPDATED", command, shownUpdate(before, resident.record, connectors));
        },
        command.asked,
      ),
    enable: event("EnablePlatform", "ENABLED", () => ({ type: "ENABLE", at: clock.now() })),
    disable: event("DisablePlatform", "DISABLED", () => ({ type: "DISABLE", at: clock.now() })),
    reset: event("ResetBreaker", "RESET", () => ({ type: "RESET", at: clock.now() })),
    isolate: event("IsolatePlatform", "ISOLATED", ({ reason = "" }) => ({ type: "ISOLATE", at: clock.now(), reason })),
    remove: (id, command) =>
      gate.pass(async () => {
        const { requestId, etag } = command;
        const shard = activation.openShard(activation.shardOf(id));
        await requests.once(
          { method: "DeletePlatform", requestId, shard, fingerprint: fingerprintOf([id], requestId) },
          async (remember) => {
            const resident = await existing(id);
            const triggers = await triggersOf(id);
            decisions.run(() => {
              requireEtag(resident.record, etag);
              if (resident.record.enabled) {
                throw stateForbids("The platform cannot be deleted", "enabled", "Disable it first.");
              }
              note(resident, "DELETED", command, { before: given(resident.record), after: null });
              for (const trigger of triggers) {
                journal.open.removeActorState(rowOf(trigger));
              }
              journal.open.announce(shard, {
                resource: "platform",
                resourceId: id,
                name: "deleted",
                at: clock.now(),
                data: { name: resident.record.name },
              });
              platforms.remove(resident);
              remember({});
            });
            await journal.committed(shard, () => {});
          },
          async () => {},
        );
      }),
    test: (id) => gate.pass(async () => tested(await existing(id))),
    refreshToken: (id, command) =>
      gate.pass(async () => {
        const shard = activation.openShard(activation.shardOf(id));
        const { requestId } = command;
        return requests.once<PlatformTest>(
          { method: "RefreshToken", requestId, shard, fingerprint: fingerprintOf([id], requestId) },
          async (remember) => {
            const resident = await existing(id);
            const test = await tested(resident);
            decisions.run(() => {
              const after = { ok: test.ok, code: test.code, message: test.message };
              note(resident, "TOKEN_REFRESHED", command, { before: null, after });
              remember({ test: JSON.stringify({ ...after, exchanges: test.exchanges }) });
            });
            return { ...test, view: await durableView(resident) };
          },
          async ({ test = "" }) => ({
            ...(JSON.parse(test) as Omit<PlatformTest, "view">),
            view: await durableView(await existing(id)),
          }),
        );
      }),
    createTrigger: (platformId, command) =>
      gate.pass(async () => {
        const { trigger, requestId } = command;
        const shard = activation.openShard(activation.shardOf(platformId));
        return requests.once(
          {
            method: "CreateTrigger",
            requestId,
            shard,
            fingerprint: fingerprintOf([platformId, trigger], requestId),
          },
          async (remember) => {
            const resident = await existing(platformId);
            const at = clock.now();
            // In the shard of its platform, so that both change in one commit.
            const id = ids.uuid(routingHash(platformId));
            const made: PlatformTrigger = { ...trigger, id, platformId, createdAt: at };
            decisions.run(() => {
              stageRow({ kind: "trigger", id, shard, state: stateOfTrigger(made), updatedAt: at });
              note(resident, "TRIGGER_CREATED", command, { before: null, after: made as unknown as JsonObject });
              remember({ triggerId: id });
            });
            return journal.committed(shard, () => made);
          },
          async ({ triggerId }) => triggerRow(triggerId ?? "").then(({ id, state }) => triggerOfState(id, state)),
        );
      }),
    deleteTrigger: (triggerId, command) =>
      gate.pass(async () => {
        const { requestId } = command;
        const shard = activation.openShard(activation.shardOf(triggerId));
        await requests.once(
          { method: "DeleteTrigger", requestId, shard, fingerprint: fingerprintOf([triggerId], requestId) },
          async (remember) => {
            const row = await triggerRow(triggerId);
            const { platformId } = triggerOfState(row.id, row.state);
            activation.openShard(shard);
            decisions.run(() => {
              journal.open.decisions++;
              journal.open.removeActorState(rowOf(row));
              note({ id: platformId, shard }, "TRIGGER_DELETED", command, { before: row.state, after: null });
              remember({});
            });
            await journal.committed(shard, () => {});
          },
          async () => {},
        );
      }),
  };

  async function triggerRow(id: string): Promise<ActorStateRecord> {
    await journal.barrier();
    const [row] = await store.load("trigger", [id]);
    if (row === undefined) {
      throw triggerNotFound(id);
    }
    return row;
  }

  async function triggersOf(platformId: string): Promise<readonly ActorStateRecord[]> {
    await journal.barrier();
    const found: ActorStateRecord[] = [];
    for (let after = ""; ;) {
      const page = await store.list("trigger", { prefix: "" }, after, TRIGGER_PAGE);
      found.push(...page.filter(({ id, state }) => triggerOfState(id, state).platformId === platformId));
      const last = page.at(-1);
      if (last === undefined || page.length < TRIGGER_PAGE) {
        return found;
      }
      after = last.id;
    }
  }

  function given(record: PlatformRecord): JsonObject {
    const { name, connector, standsFor } = record;
    const policy = record.policy as unknown as JsonObject;
    return { name, connector, standsFor, settings: shownSettings(connectors.get(connector), record.settings), policy };
  }
}

const TRIGGER_PAGE = 500;

/** The routing hash of a platform that is to be made: the same for a repetition. */
export function routingOfNew(requestId: string | undefined, chance: number): number {
  return requestId === undefined || requestId === "" ? chance : hashText(requestId);
}

/** What commands other than an update change. */
function standing({ enabled, breaker }: PlatformRecord): JsonObject {
  return { enabled, breaker: breaker.state };
}

function fingerprintOf(asked: readonly unknown[], requestId: string | undefined): string {
  return requestId === undefined || requestId === "" ? "" : fingerprint(asked);
}

/** A row that no actor has. */
function rowOf(row: ActorStateRecord): StatefulResident {
  return { shard: row.shard, pins: 0, stateRecord: () => row };
}
