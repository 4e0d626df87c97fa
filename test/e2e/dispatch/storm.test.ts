/**
 * Ten thousand dispatches to fifty destinations, five of which are dead, and a server that is killed half-way.
 *
 * The dead must cost the living nothing but the attempts that find out. No time is judged here, but who had everything while others had nothing;
 * how much of their throughput the living keep is measured by `npm run bench:dispatch`.
 */
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { BreakerState } from "../../../src/gen/belfry/v1/dispatch_pb.ts";
import { InstanceState, WaitingReason } from "../../../src/gen/belfry/v1/instance_pb.ts";
import { untilAnswered } from "../../support/load.ts";
import { until } from "../../support/until.ts";
import { completions, openStorm } from "./storm.ts";

const COUNT = 10_000;
const CALLERS = 64;
const HOUR = durationFromMs(3_600_000);
const SECOND = durationFromMs(1000);

test(
  "Of 10,000 dispatches to 50 destinations, 5 of them dead, none is lost though the server is killed half-way, and the living wait for no dead one",
  { timeout: 300_000 },
  async () => {
    await using storm = await openStorm();
    const { calls, living, dead } = storm;
    // So that no probe comes before it is wanted, however long this machine takes.
    for (const { origin } of dead) {
      await calls.set(origin, { headersTimeout: durationFromMs(300), breaker: { openDuration: HOUR } });
    }

    // Everybody in turn; the server dies while thousands are on their way.
    const toAll = [...living, ...dead];
    const accepted = { living: new Set<string>(), dead: new Set<string>() };
    let next = 0;
    let killed: Promise<void> | undefined;
    const caller = async (): Promise<void> => {
      for (let number = next++; number < COUNT; number = next++) {
        if (number === COUNT / 2) killed = storm.killAndStart();
        const destination = toAll[number % toAll.length] ?? living[0];
        const fate = dead.includes(destination) ? "dead" : "living";
        const id = await untilAnswered(() => calls.send(`${destination.origin}/hook`, storm.dispatch(number, fate)));
        accepted[fate].add(id);
      }
    };
    const from = performance.now();
    await Promise.all(Array.from({ length: CALLERS }, caller));
    await killed;
    const acceptedInMs = performance.now() - from;
    expect([accepted.living.size, accepted.dead.size]).toEqual([0.9 * COUNT, 0.1 * COUNT]);

    // The living have everything, and the dead nothing.
    await until(
      async () => (await storm.unfinished("living")) === 0,
      "all living destinations have everything",
      120_000,
    );
    expect(storm.receivedBy(living)).toEqual(accepted.living);
    const deliveredInMs = performance.now() - from;
    await until(
      async () => (await storm.dispatches("dead")).every(({ state }) => state === InstanceState.PENDING),
      "what goes to dead destinations is parked",
    );
    const parked = await storm.dispatches("dead");
    expect(new Set(parked.map(({ id }) => id))).toEqual(accepted.dead);
    expect(new Set(parked.map(({ waitingReason }) => waitingReason))).toEqual(new Set([WaitingReason.BREAKER_OPEN]));
    const { destinations } = await calls.dispatches.listDestinations({ breakerStates: [BreakerState.OPEN] });
    expect(new Set(destinations.map(({ origin }) => origin))).toEqual(new Set(dead.map(({ origin }) => origin)));
    expect(destinations.map(({ breaker }) => breaker?.timesOpened)).toEqual(dead.map(() => 1));

    // While they are parked they burn no attempt, whatever else goes on.
    const attempts = parked.reduce((sum, { attemptCount }) => sum + attemptCount, 0);
    for (const { origin } of living) await calls.carriedOut(`${origin}/hook`, storm.dispatch(next++, "living"));
    const later = await storm.dispatches("dead");
    expect(later.reduce((sum, { attemptCount }) => sum + attemptCount, 0)).toBe(attempts);

    // Their breakers probe them now and then, with one delivery at a time, and find them dead.
    for (const { origin } of dead) {
      await calls.set(origin, { breaker: { openDuration: SECOND, maxOpenDuration: SECOND } });
    }
    for (const { origin } of dead) {
      await until(
        async () => ((await calls.destination(origin)).breaker?.timesOpened ?? 0) > 1,
        `${origin} was probed and is still dead`,
      );
    }
    expect(await storm.unfinished("dead")).toBe(accepted.dead.size);

    // They come back, with all the time they need, and get everything.
    for (const { origin } of dead) await calls.set(origin, { headersTimeout: durationFromMs(15_000) });
    await storm.revive();
    await until(async () => (await storm.unfinished("dead")) === 0, "those that were dead have everything", 120_000);
    expect(storm.receivedBy(dead)).toEqual(accepted.dead);
    for (const { origin } of dead) {
      await until(async () => {
        const { breaker, waitingCount, underWayCount } = await calls.destination(origin);
        return breaker?.state === BreakerState.CLOSED && waitingCount === 0 && underWayCount === 0;
      }, `the breaker of ${origin} is closed and nothing waits for it`);
    }

    // Each of them once, as far as Belfry counts; and no attempt was sent twice, so what a receiver got twice was worth it.
    const all = [...(await storm.dispatches("living")), ...(await storm.dispatches("dead"))];
    expect(all).toHaveLength(COUNT + living.length);
    expect(all.every(({ state }) => state === InstanceState.COMPLETED)).toBe(true);
    expect(storm.sentTwice()).toEqual([]);
    const again = all.filter(({ labels, attemptCount }) => labels["fate"] === "living" && attemptCount > 1);
    console.log(
      `accepted in ${Math.round(acceptedInMs)} ms, all of the living in ${Math.round(deliveredInMs)} ms; the kill cost ${again.length} of them an attempt; the dead had ${attempts} attempts before they were parked`,
    );
    const completed = await completions(storm.databaseUrl());
    expect(new Set(completed)).toEqual(new Set(all.map(({ id }) => id)));
    expect(completed).toHaveLength(all.length);
  },
);
