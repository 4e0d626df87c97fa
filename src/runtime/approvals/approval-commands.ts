/** Facts of the process system, and pushes that somebody asks for, of sessions of this node's shards. */
import type { PushIntent } from "../../actors/session/pushes.ts";
import type { SessionDecided, SessionInMemory } from "../../actors/session/decide.ts";
import type { PlatformPush } from "../../domain/approval/platform-push.ts";
import type { ReportedEvent } from "../../domain/approval/reported-event.ts";
import { BelfryError } from "../../domain/error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ActorLogic } from "../actor-logic.ts";
import type { Activation } from "../activation.ts";
import type { Decisions } from "../decisions.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Gate } from "../gate.ts";
import type { Journal } from "../journal.ts";
import { requireEnabled } from "../platforms/require-enabled.ts";
import type { Directory, PlatformList } from "../platforms/directory.ts";
import type { ApprovalCommands, PushAsked, PushCommands, ReportEvent, Reported } from "../platforms/api.ts";
import { instanceNotFound, platformNotFound, sessionNotFound, workItemNotFound } from "../refusals.ts";
import type { Requests } from "../requests.ts";
import type { SupervisorResident } from "../residents.ts";
import type { NewPush, PushInstances } from "./push-instances.ts";
import type { SessionResident, Sessions } from "./sessions.ts";

interface ApprovalDeps {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly activation: Activation;
  readonly decisions: Decisions;
  readonly requests: Requests;
  readonly gate: Gate;
  readonly sessions: Sessions;
  readonly pushInstances: PushInstances;
  readonly directory: Directory;
  readonly actors: Pick<ActorLogic, "decideSession">;
}

/** Pushes of one session to one platform that go together. */
export interface PushesAsked {
  readonly pushes: readonly PushAsked["push"][];
  /** Empty: of none. */
  readonly batchId: string;
  /** Not when something of the session is on its way to the platform already. */
  readonly onlyIdle: boolean;
  readonly requestId?: string;
}

export interface SessionPushes extends Pick<PushCommands, "push"> {
  /** @returns their ids; null: none was made, because of `onlyIdle`. */
  pushAll(sessionId: string, asked: PushesAsked): Promise<readonly string[] | null>;
}

export function approvalCommands(deps: ApprovalDeps): ApprovalCommands & SessionPushes {
  const { clock, journal, activation, decisions, requests, gate, sessions, pushInstances, directory, actors } = deps;

  async function parts(sessionId: string): Promise<readonly [SessionResident, SupervisorResident, PlatformList]> {
    const shard = activation.openShard(activation.shardOf(sessionId));
    return Promise.all([sessions.bring(sessionId), pushInstances.supervisor(shard), directory.current()]);
  }

  function decide(resident: SessionInMemory, event: ReportedEvent, platforms: PlatformList): SessionDecided {
    const decision = actors.decideSession(resident, event, platforms.subscribers());
    if (decision.kind === "refused") {
      throw new BelfryError("BUSY", decision.message, {
        metadata: { session_id: event.sessionId, bound: decision.reason.toLowerCase() },
      });
    }
    return decision;
  }

  /** In one turn: the facts, and the pushes that they bring about. */
  function carryOut(
    resident: SessionResident,
    supervisor: SupervisorResident,
    event: ReportedEvent,
    platforms: PlatformList,
  ): Reported {
    return decisions.run(() => {
      sessions.requireCurrent(resident);
      const decision = decide(resident, event, platforms);
      const pushes = decision.pushes.flatMap((intent) => newPush(event.sessionId, intent, platforms));
      pushInstances.requireReady(supervisor, pushes);
      sessions.claim(
        resident,
        decision.changedItems.map(({ item }) => item.id),
      );
      stage(resident, decision, event.at);
      return {
        pushes: pushes.map((push) => ({
          id: pushInstances.make(supervisor, push).id,
          platformId: push.push.platformId,
        })),
      };
    });
  }

  function stage(resident: SessionResident, { session, changedItems, effects }: SessionDecided, at: number): void {
    if (session === resident.record && changedItems.length === 0) {
      return;
    }
    const { open } = journal;
    resident.record = session;
    for (const item of changedItems) {
      resident.items.set(item.item.id, item);
    }
    open.decisions++;
    open.session(
      resident,
      changedItems.map(({ item }) => item.id),
    );
    for (const { name, data } of effects) {
      open.announce(resident.shard, { resource: "session", resourceId: resident.id, name, at, data });
    }
  }

  async function report(sessionId: string, given: ReportEvent, remember: (reported: Reported) => void) {
    const [resident, supervisor, platforms] = await parts(sessionId);
    const event: ReportedEvent = { ...given, sessionId, shard: resident.shard, at: clock.now() };
    if (given.workItem !== undefined) {
      await sessions.requireOwn(resident, given.workItem.id);
    }
    // What it will bring about, as far as is known by now: those whose place it takes must be in memory.
    const expected = decide(resident, event, platforms).pushes;
    await pushInstances.bring(
      supervisor,
      expected.flatMap((intent) => newPush(sessionId, intent, platforms)),
    );
    const reported = carryOut(resident, supervisor, event, platforms);
    remember(reported);
    return journal.committed(resident.shard, () => reported);
  }

  /** @returns null: none was made, because of `onlyIdle`. */
  async function make(sessionId: string, asked: PushesAsked, remember: (ids: readonly string[] | null) => void) {
    const [resident, supervisor, platforms] = await parts(sessionId);
    const made = asked.pushes.map((push) => askedPush(sessionId, push, asked.batchId, platforms));
    await pushInstances.bring(supervisor, made);
    const instances = decisions.run(() => {
      sessions.requireCurrent(resident);
      if (resident.record === null) {
        throw sessionNotFound(sessionId);
      }
      for (const { workItemId } of asked.pushes) {
        if (workItemId !== null && !resident.items.has(workItemId)) {
          throw workItemNotFound(workItemId);
        }
      }
      pushInstances.requireReady(supervisor, made);
      const isBusy = made.some(({ push }) => pushInstances.isUnderWay(supervisor, push.platformId, sessionId));
      const done = asked.onlyIdle && isBusy ? null : made.map((push) => pushInstances.make(supervisor, push).record);
      remember(done?.map(({ id }) => id) ?? null);
      return done;
    });
    return journal.committed(resident.shard, () => instances);
  }

  function repeatable(method: string, sessionId: string, requestId: string | undefined, asked: unknown) {
    return {
      method,
      requestId,
      shard: activation.shardOf(sessionId),
      fingerprint: requestId === undefined || requestId === "" ? "" : fingerprint([sessionId, asked]),
    };
  }

  return {
    report: (sessionId, { event, requestId, asked }) =>
      gate.pass(() =>
        requests.once<Reported>(
          repeatable("ReportEvent", sessionId, requestId, asked ?? event),
          (remember) => report(sessionId, event, (reported) => remember({ reported: JSON.stringify(reported) })),
          async ({ reported }) => JSON.parse(reported ?? "{}") as Reported,
        ),
      ),
    push: (sessionId, { push, requestId }) =>
      gate.pass(() =>
        requests.once(
          repeatable("PushWorkItem", sessionId, requestId, push),
          async (remember) => {
            const asked = { pushes: [push], batchId: "", onlyIdle: false };
            const made = await make(sessionId, asked, (ids) => remember({ instanceId: ids?.[0] ?? "" }));
            const [instance] = made ?? [];
            if (instance === undefined) {
              throw new Error("a push that was asked for was not made");
            }
            return { instance };
          },
          async ({ instanceId = "" }) => {
            const resident = await activation.instance(instanceId);
            if (resident === null) {
              throw instanceNotFound(instanceId);
            }
            return journal.committed(resident.shard, () => ({ instance: resident.record }));
          },
        ),
      ),
    pushAll: (sessionId, asked) =>
      gate.pass(() =>
        requests.once<readonly string[] | null>(
          repeatable("PushAll", sessionId, asked.requestId, asked.pushes),
          async (remember) => {
            const made = await make(sessionId, asked, (ids) => remember({ ids: JSON.stringify(ids) }));
            return made?.map(({ id }) => id) ?? null;
          },
          async ({ ids }) => JSON.parse(ids ?? "null") as readonly string[] | null,
        ),
      ),
  };
}

/** @throws BelfryError PLATFORM_NOT_FOUND, STATE_FORBIDS */
function askedPush(sessionId: string, push: PushAsked["push"], batchId: string, platforms: PlatformList): NewPush {
  const platform = platforms.resolve(push.platformId);
  if (platform === undefined) {
    throw platformNotFound(push.platformId);
  }
  requireEnabled(platform);
  const resolved: PlatformPush = { ...push, kind: "push", platformId: platform.id, sessionId };
  return { push: resolved, supersedeKey: null, batchId, platform };
}

function newPush(sessionId: string, intent: PushIntent, platforms: PlatformList): readonly NewPush[] {
  const platform = platforms.get(intent.platformId);
  const { supersedeKey, ...rest } = intent;
  const push: PlatformPush = { ...rest, kind: "push", sessionId, origin: "EVENT", force: false };
  return platform === undefined ? [] : [{ push, supersedeKey, batchId: "", platform }];
}
