/**
 * 100,000 work items in 25,000 approvals, and a platform that fails one call in ten, forgets its tokens twice, is down for a minute and never hears of
 * what the server had in its hands when that was killed.
 *
 * `BELFRY_PLATFORMS_STORM_ITEMS` (default 100,000) and `BELFRY_PLATFORMS_STORM_DOWN_MS` (default 60,000) make it smaller or
 * longer. No time is judged: machines differ.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { BreakerState } from "../../../src/client/index.ts";
import {
  answersHttp,
  garblesAnswer,
  losesAnswer,
  refusesWith,
  resets,
  type Faults,
} from "../../support/platforms/faults.ts";
import type { PlatformServer } from "../../support/platforms/platform-server.ts";
import { until } from "../../support/until.ts";
import type { EventInit, Expected } from "./process-system.ts";
import { ProcessSystem } from "./process-system.ts";
import type { StormSite } from "./site.ts";
import { openStormSite, TOKEN_LIFE_MS } from "./site.ts";

const ITEMS = Number(process.env["BELFRY_PLATFORMS_STORM_ITEMS"] ?? 100_000);
const DOWN_MS = Number(process.env["BELFRY_PLATFORMS_STORM_DOWN_MS"] ?? 60_000);
const STREAMS = 4;
const EVENTS_OF_A_STREAM = 500;
const LOOK_MS = 250;
const PATIENCE_MS = 900_000;
/** More would not help. */
const RECONCILIATIONS = 20;
/** After so long Belfry fetches the next of tokens that are used for a minute. */
const TOKEN_USED_MS = 48_000;
/** A token that was given when a connection broke may not have come. */
const LOST_WITHIN_MS = 5000;

test(
  "100,000 work items come to a platform that fails a tenth of its calls and goes down, through the end of a server, each once and as it stands in the end",
  { timeout: 1_800_000 },
  async () => {
    await using site = await openStormSite();
    const { platform } = site;
    const system = new ProcessSystem(ITEMS, Date.now() - 3_600_000);
    const from = performance.now();
    failsOneInTen(platform.faults);

    const [disturbed] = await Promise.all([disturb(site), report(site, system)]);
    await site.settled();
    const settledInMs = performance.now() - from;
    const calls = platform.countOf();
    expect(platform.faults.struck).toBeGreaterThan(0.09 * calls);

    // What no attempt could tell is left to the reconciliation, which the platform fails as it does all others.
    const made: number[] = [];
    while ((await site.isAdrift()) && made.length < RECONCILIATIONS) {
      await sleep(1000); // The interval of the platform's sweep.
      made.push(await site.reconcile());
      await site.settled();
    }
    console.log(
      `${ITEMS} work items: ${calls} calls, ${platform.faults.struck} of them failed, settled in ${Math.round(settledInMs)} ms, ` +
        `pushes of the reconciliations: ${made.join(", ")}; ${platform.tokensIssued} tokens; ` +
        `${disturbed.timesOpened} times the breaker opened; server memory at its most ${site.peaks().join(" and ")} MB; ` +
        `all in ${Math.round(performance.now() - from)} ms`,
    );
    expect(made.length).toBeLessThan(RECONCILIATIONS);
    expect(await site.waiting()).toEqual([]);

    // The platform believes what the process system says, of every item; nobody has anything to do twice.
    const expected = [...system.expected()];
    expect(expected).toHaveLength(ITEMS);
    expect(expected.filter((each) => !isBelieved(each, platform)).slice(0, 5)).toEqual([]);
    expect(platform.believes.tasks).toHaveLength(ITEMS);
    expect(doubtfulUsers(expected, platform)).toEqual([]);
    expect(platform.duplicates).toEqual([]);
    expect(platform.believes.reopened).toEqual([]);
    expect(platform.violations).toEqual([]);

    // One token for each time that one is used, and for each time that the platform forgot what it had given.
    expect(fetchedForNothing(platform, disturbed.brokenAt)).toEqual([]);
    const usedUp = Math.floor((Date.now() - disturbed.beganAt) / TOKEN_USED_MS);
    expect(platform.tokensIssued).toBeLessThanOrEqual(1 + usedUp + disturbed.forgotten + disturbed.brokenAt.length);
  },
);

/** A tenth of all calls but those for tokens: nothing is done, or all is done and nobody hears of it. */
function failsOneInTen(faults: Faults): void {
  faults.share(0.04, answersHttp(503), { seed: 1 });
  faults.share(0.02, resets(), { seed: 2 });
  faults.share(0.02, losesAnswer(), { seed: 3 });
  faults.share(0.01, garblesAnswer(), { seed: 4 });
  faults.share(0.011, refusesWith(50_000, "system busy"), { seed: 5 });
}

async function report(site: StormSite, system: ProcessSystem): Promise<void> {
  const events = system.events();
  const next = (): EventInit[] => {
    const some: EventInit[] = [];
    for (let each = events.next(); each.done !== true; each = events.next()) {
      some.push(each.value);
      if (some.length === EVENTS_OF_A_STREAM) break;
    }
    return some;
  };
  const stream = async (): Promise<void> => {
    for (let some = next(); some.length > 0; some = next()) await site.report(some);
  };
  await Promise.all(Array.from({ length: STREAMS }, stream));
}

interface Disturbed {
  readonly beganAt: number;
  /** When connections broke, one end or the other of which was gone. */
  readonly brokenAt: readonly number[];
  /** How often the platform forgot its tokens. */
  readonly forgotten: number;
  readonly timesOpened: number;
}

/** One trouble after the other, as the platform gets its calls. */
async function disturb(site: StormSite): Promise<Disturbed> {
  const { platform } = site;
  const beganAt = Date.now();
  const brokenAt: number[] = [];
  const called = (share: number): Promise<void> =>
    held(() => platform.countOf() >= share * ITEMS, `the platform has had ${share * 100} % of its calls`);

  await called(0.1);
  platform.expireTokens();

  await called(0.25);
  brokenAt.push(Date.now());
  await platform.goDown();
  const timesOpened = await parked(site);
  await platform.comeBack();

  await called(0.5);
  brokenAt.push(Date.now());
  await site.killAndStart();

  await called(0.75);
  platform.faults.next(1, answersHttp(503), { on: "token" });
  platform.expireTokens();
  return { beganAt, brokenAt, forgotten: 2, timesOpened };
}

/** The platform is down: pushes wait, and no attempt is made but to see whether it is back. @returns how often the breaker opened. */
async function parked(site: StormSite): Promise<number> {
  await held(async () => (await site.status()).breaker?.state === BreakerState.OPEN, "the breaker has opened");
  const openings = async (): Promise<number> => (await site.status()).breaker?.timesOpened ?? 0;
  const before = await openings();
  const seenAt = new Date();
  await held(async () => (await site.status()).waitingCount > 0, "pushes wait for the platform");
  const first = await site.waiting(seenAt);
  await sleep(DOWN_MS);
  const then = new Map((await site.waiting(seenAt)).map(({ id, retryCount }) => [id, retryCount]));
  const spent = first.reduce((sum, { id, retryCount }) => sum + (then.get(id) ?? retryCount) - retryCount, 0);
  const after = await openings();
  // The last try may be under way.
  expect(spent).toBeLessThanOrEqual(after - before + 1);
  return after;
}

function held(holds: () => boolean | Promise<boolean>, claim: string): Promise<void> {
  const look = async (): Promise<boolean> => {
    const isSo = await holds();
    if (!isSo) await sleep(LOOK_MS);
    return isSo;
  };
  return until(look, claim, PATIENCE_MS);
}

function isBelieved({ taskId, taskStatus, user, sessionId, instanceStatus }: Expected, platform: PlatformServer) {
  const task = platform.believes.task(taskId);
  return (
    task?.told["taskStatus"] === taskStatus &&
    task.copies === 1 &&
    [...task.users].every(
      ([each, standing]) => standing === (each !== user ? "gone" : taskStatus === "RUNNING" ? "todo" : "done"),
    ) &&
    task.users.has(user) &&
    platform.believes.instance(sessionId)?.status === instanceStatus
  );
}

/** Users whose list is not what they have to do, each once. */
function doubtfulUsers(expected: readonly Expected[], { believes }: PlatformServer): readonly string[] {
  const byUser = Map.groupBy(expected, ({ user }) => user);
  return [...byUser].flatMap(([user, its]) => {
    const todos = its.filter(({ taskStatus }) => taskStatus === "RUNNING").map(({ taskId }) => taskId);
    const seen = believes.todosOf(user).toSorted();
    return seen.join() === todos.toSorted().join() ? [] : [user];
  });
}

/** When tokens were fetched while the one before would have been used for longer, and had not been lost with its connection. */
function fetchedForNothing({ tokens }: PlatformServer, brokenAt: readonly number[]): readonly number[] {
  const { issued } = tokens;
  return tokens
    .fetchedForNothing(TOKEN_LIFE_MS - TOKEN_USED_MS)
    .map(({ at }) => at)
    .filter((at) => {
      const before = issued.findLast((token) => token.at < at)?.at ?? at;
      return !brokenAt.some((broken) => broken >= before && broken <= before + LOST_WITHIN_MS);
    });
}
