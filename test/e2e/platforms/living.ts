/** A platform of one test, told of approvals of its own application, and what it is to believe of them. */
import { expect } from "vitest";
import type { TaskBelief } from "../../support/platforms/beliefs.ts";
import type { PlatformServer } from "../../support/platforms/platform-server.ts";
import type { ItemName } from "./approval.ts";
import { anApplication, Approval, EVERYBODY } from "./approval.ts";
import type { Centre } from "./centres.ts";
import type { Items, Life, Step } from "./lives.ts";
import type { PlatformCalls, PolicyInit } from "./site.ts";

export interface Told extends AsyncDisposable {
  readonly centre: Centre;
  readonly platform: PlatformServer;
  readonly platformId: string;
  /** Of its application. */
  begins(): Approval;
  /** Steps of a life, from the first or a later one, each as soon as the one before was taken down. */
  report(approval: Approval, life: Life, from?: number, to?: number): Promise<void>;
}

export async function aPlatform(site: PlatformCalls, centre: Centre, policy?: PolicyInit): Promise<Told> {
  const appId = anApplication();
  const platform = await centre.start(appId);
  const { connector } = centre;
  const settings = centre.settings(platform.origin, appId);
  const platformId = await site.enabled({ connector, settings, appIds: [appId], policy });
  return {
    centre,
    platform,
    platformId,
    begins: () => new Approval(appId),
    report: async (approval, { steps }, from = 0, to = steps.length) => {
      for (let index = from; index < to; index += 1) await site.report(eventOf(approval, steps, index));
    },
    [Symbol.asyncDispose]: async () => {
      // Nothing is left that would go on calling it.
      await site.platforms.disablePlatform({ platformId });
      await platform[Symbol.asyncDispose]();
    },
  };
}

export function eventOf(approval: Approval, steps: readonly Step[], index: number) {
  const step = steps[index];
  if (step === undefined) throw new Error(`There is no step ${index}`);
  return approval.event(step, index + 1);
}

/** How it stands after one of the steps. */
export function expectStanding(
  { centre, platform }: Told,
  approval: Approval,
  life: Life,
  { index, isWhole, order }: { readonly index: number; readonly isWhole: boolean; readonly order: string },
): void {
  const step = life.steps[index];
  if (step === undefined) throw new Error(`${life.name} has no step ${index}`);
  expect(todosOf(platform, approval), `todos after ${step.action}, ${order}`).toEqual(step.todos);
  if (centre.instances === null) return;
  const hasItems = life.steps.some(({ item }) => item !== undefined);
  const word = hasItems || centre.showsStartAndEnd ? centre.instances[step.instance] : undefined;
  const shown = platform.believes.instance(approval.id)?.status;
  // Of what was deleted before it was told of anything, it need not know that it is.
  if (isWhole || step.instance !== "GONE" || shown !== undefined) expect(shown, `instance, ${order}`).toEqual(word);
}

/**
 * How it stands in the end.
 *
 * @param isWhole it was told of everything. Else it may never have heard of what somebody had for a while.
 */
export function expectEnd(
  told: Told,
  approval: Approval,
  life: Life,
  { isWhole, order }: { readonly isWhole: boolean; readonly order: string },
): void {
  const { centre, platform } = told;
  expectStanding(told, approval, life, { index: life.steps.length - 1, isWhole, order });
  const ending = life.steps.at(-1)?.instance;
  const isDeleted = ending === "GONE";
  const done = isDeleted && centre.doneOfDeleted === "gone" ? {} : life.done;
  const possible = [
    ...(centre.handedOver === "done" ? [life.handedOver] : []),
    ...(centre.takenAway === "done" && !(isDeleted && centre.doneOfDeleted === "gone") ? [life.takenAway] : []),
  ];
  const all = merged([done, ...possible]);
  const shown = doneOf(platform, approval);
  if (isWhole) {
    expect(shown, `done, ${order}`).toEqual(all);
  } else {
    // Of what was deleted it need not have heard at all.
    const mayMiss = isDeleted || (centre.endsThroughTasks === true && ending === "ABORTED");
    if (!mayMiss) expect(merged([done, shown]), `done, ${order}`).toEqual(merged([shown]));
    expect(merged([all, shown]), `nothing else is shown as done, ${order}`).toEqual(all);
  }
}

/** Whatever happened, nobody has anything twice, and the platform has nothing to complain about. */
export function expectOrder({ platform }: Told): void {
  expect(platform.violations).toEqual([]);
  expect(platform.duplicates).toEqual([]);
  expect(platform.believes.reusedKeys).toEqual([]);
}

export function todosOf(platform: PlatformServer, approval: Approval): Items {
  return itemsOf(approval, (user) => platform.believes.todosOf(user), platform);
}

export function doneOf(platform: PlatformServer, approval: Approval): Items {
  return itemsOf(approval, (user) => platform.believes.doneOf(user), platform);
}

/** Items of this approval by person; twice what stands there twice. */
function itemsOf(approval: Approval, ids: (user: string) => readonly string[], platform: PlatformServer): Items {
  const entries = EVERYBODY.map(({ number }) => {
    const tasks = ids(number).flatMap((id) => platform.believes.task(id) ?? []);
    return [number, tasks.flatMap((task) => itemOf(task, approval) ?? []).toSorted()] as const;
  });
  return Object.fromEntries(entries.filter(([, items]) => items.length > 0));
}

/** Null: it belongs to another approval. Ids of tasks are the item's own, or third ids that begin with the session's. */
function itemOf({ id }: TaskBelief, approval: Approval): ItemName | null {
  const names: readonly ItemName[] = ["a", "b"];
  const isOf = (name: ItemName): boolean =>
    id === approval.itemId(name) || id === approval.thirdId(name) || id.startsWith(`${approval.thirdId(name)}_`);
  return names.find(isOf) ?? null;
}

function merged(all: readonly (Items | undefined)[]): Items {
  const sets = new Map<string, Set<ItemName>>();
  for (const items of all) {
    for (const [user, names] of Object.entries(items ?? {})) {
      sets.set(user, new Set([...(sets.get(user) ?? []), ...names]));
    }
  }
  return Object.fromEntries([...sets].map(([user, names]) => [user, [...names].toSorted()]));
}
