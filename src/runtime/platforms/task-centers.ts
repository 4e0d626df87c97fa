/**
 * Task centres as callers of any node see them. What is given is checked here against what its connector takes, and its secrets are sealed, before it
 * goes on to the owner of what it concerns: no secret travels between nodes.
 */
import { RECONCILE_DEFINITION_ID } from "../../domain/approval/push-definition.ts";
import { invalid } from "../../domain/error.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import { platformOfState } from "../../domain/platform/platform.ts";
import type { Violation } from "../../domain/violation.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Connector } from "../../ports/platform/connector.ts";
import type { Random } from "../../ports/random.ts";
import type { SecretBox } from "../../ports/secret-box.ts";
import type { Store } from "../../ports/store/store.ts";
import type { BatchPayload } from "../jobs/batch-job.ts";
import { platformNotFound } from "../refusals.ts";
import type { SessionPushes } from "../approvals/approval-commands.ts";
import { changedSettings, sealSecrets, shownSettings } from "./account.ts";
import type { Accounts } from "./account.ts";
import type { ApprovalCommands, ChangedPlatform, DriftEntry, DriftPage, GivenPlatform, TaskCenters } from "./api.ts";
import type { BatchCommands, SweepCommands } from "./batch-commands.ts";
import type { Directory, PlatformList } from "./directory.ts";
import { driftsOf } from "./drift.ts";
import type { LocalPlatformCommands } from "./platform-commands.ts";
import { routingOfNew } from "./platform-commands.ts";
import type { SweptSessions } from "./swept-sessions.ts";

interface TaskCenterDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly box: SecretBox;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly swept: SweptSessions;
  /** Routed to the owners. */
  readonly commands: {
    readonly platforms: LocalPlatformCommands;
    readonly approvals: ApprovalCommands & SessionPushes;
    readonly batches: BatchCommands;
    readonly sweeps: SweepCommands;
  };
}

const ROUTING_HASHES = 65_536;
/** Of sessions, while the drift is looked for. */
const DRIFT_PAGE = 200;
/** Pages that one call reads at most. */
const MOST_PAGES = 20;

export function taskCenters(deps: TaskCenterDeps): TaskCenters {
  const { random, store, box, connectors, accounts, directory, swept, commands } = deps;
  const { platforms, approvals, batches, sweeps } = commands;

  function connectorOf(name: string): Connector {
    const connector = connectors.get(name);
    if (connector === undefined) {
      const known = [...connectors.keys()].join(", ");
      throw invalid({ field: "connector", description: `is none that there is; there are ${known}` });
    }
    return connector;
  }

  async function checked(given: GivenPlatform, id: string | null, settings: JsonObject): Promise<JsonObject> {
    const connector = connectorOf(given.connector);
    const violations: Violation[] = [...accounts.check(connector, settings)];
    if (given.standsFor !== null) {
      violations.push(...standsForViolations(given.standsFor, id, await directory.current()));
    }
    if (violations.length > 0) {
      throw invalid(...violations);
    }
    return sealSecrets(connector, settings, box);
  }

  /** A change by which a repetition is known: of a secret counts only that one was given. */
  function comparable(connector: string, change: ChangedPlatform): string {
    const settings = change.settings === undefined ? null : shownSettings(connectors.get(connector), change.settings);
    return JSON.stringify({ ...change, settings });
  }

  async function stored(id: string): Promise<PlatformRecord> {
    const [row] = await store.actorStates.load("platform", [id]);
    if (row === undefined) {
      throw platformNotFound(id);
    }
    return platformOfState(row.id, row.shard, row.state);
  }

  return {
    connectors,
    platforms: {
      ...platforms,
      create: async (command) => {
        const { platform, requestId } = command;
        const settings = await checked(platform, null, changedSettings({}, platform.settings));
        await sweeps.register(RECONCILE_DEFINITION_ID);
        const routing = routingOfNew(requestId, random.integer(ROUTING_HASHES));
        return platforms.create({ ...command, platform: { ...platform, settings }, routing });
      },
      update: async (id, command) => {
        const { change } = command;
        const before = await stored(id);
        const given = { ...before, ...change, policy: { ...before.policy, ...change.policy } };
        const isOther = change.connector !== undefined && change.connector !== before.connector;
        const asked = changedSettings(isOther ? {} : before.settings, change.settings ?? {});
        const settings = await checked(given, id, asked);
        const touches = change.settings !== undefined || isOther;
        // What it was made of must not have changed meanwhile.
        const etag = command.etag ?? (touches ? String(before.revision) : undefined);
        return platforms.update(id, {
          ...command,
          asked: comparable(given.connector, change),
          ...(etag === undefined ? {} : { etag }),
          change: { ...change, ...(touches ? { settings } : {}) },
        });
      },
    },
    approvals: { report: (sessionId, command) => approvals.report(sessionId, command) },
    pushes: {
      push: (sessionId, asked) => approvals.push(sessionId, asked),
      batch: async (platformId, { filter, pageSize, force, requestId }) => {
        const platform = (await directory.current()).resolve(platformId);
        if (platform === undefined) {
          throw platformNotFound(platformId);
        }
        const payload: BatchPayload = {
          platformId: platform.id,
          filter: { ...filter },
          pageSize,
          force,
        };
        return batches.start(platform.id, { payload, ...(requestId === undefined ? {} : { requestId }) });
      },
      reconcile: async ({ platformId, requestId }) => {
        if (platformId !== null) {
          await stored(platformId);
        }
        return sweeps.sweep(RECONCILE_DEFINITION_ID, {
          platformId,
          ...(requestId === undefined ? {} : { requestId }),
        });
      },
      drift: async ({ platformId, updatedAfter, startedAt, cursor, limit }): Promise<DriftPage> => {
        await stored(platformId);
        const [view] = await swept.views(platformId, (_, error) => {
          throw error;
        });
        if (view === undefined) {
          return { entries: [], next: null };
        }
        const entries: DriftEntry[] = [];
        let place = cursor;
        for (let pages = 0; pages < MOST_PAGES && entries.length < limit; pages++) {
          const page = await swept.page(view.platform.id, {
            since: updatedAfter,
            startedAt,
            cursor: place,
            limit: Math.min(limit, DRIFT_PAGE),
          });
          entries.push(...page.sessions.flatMap((known) => driftsOf(known, view).flatMap((drift) => drift.entries)));
          place = page.next;
          if (place === null) {
            break;
          }
        }
        return { entries, next: place };
      },
    },
    shownSettings: ({ connector, settings }) => shownSettings(connectors.get(connector), settings),
  };
}

function standsForViolations(standsFor: string, id: string | null, list: PlatformList): readonly Violation[] {
  const field = "standsFor";
  if (list.get(standsFor) === undefined) {
    return [{ field, description: "names no platform that there is" }];
  }
  for (let at: string | null = standsFor; at !== null; at = list.get(at)?.standsFor ?? null) {
    if (at === id) {
      return [{ field, description: "goes round in a circle: in the end the platform stands for itself" }];
    }
  }
  return [];
}
