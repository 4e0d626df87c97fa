import { describe, expect, it } from "vitest";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { aWorker } from "../../../support/node.ts";
import { NO_TIMEOUTS, aRetry, expectSound, instancesOf, stateOf, trigger } from "../given.ts";
import { aCluster, aDefinitionOf, nameOf } from "./given.ts";
import type { GivenCluster } from "./given.ts";

interface Given extends GivenCluster {
  /** Has the workers. */
  readonly lender: StartedRuntime;
  /** Has the definition. */
  readonly owner: StartedRuntime;
  readonly id: string;
}

async function given(options = {}, spec = {}): Promise<Given> {
  const cluster = await aCluster(2, options);
  const [lender, owner] = cluster.nodes as [StartedRuntime, StartedRuntime];
  return { ...cluster, lender, owner, id: await aDefinitionOf(owner, spec) };
}

const attemptsOf = async (world: Given, id: string): Promise<number> =>
  (await world.store.queries.getInstance(id))?.life.attemptCount ?? -1;

const FAIL_AT_ONCE = {
  action: { kind: "worker", queue: "agents", disconnectPolicy: "FAIL_AT_ONCE" },
  retry: aRetry({ maxRetries: 0 }),
} as const;

describe("an attempt on its way to a worker of another node", () => {
  it("that is lost is sent again", async () => {
    const world = await given();
    const worker = await aWorker(world.lender);
    world.network.lose({ says: "ask assign" }, 2);
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(5000);
    expect(worker.assignments).toHaveLength(1);
    expect([await stateOf(world, instance.id), await attemptsOf(world, instance.id)]).toEqual(["RUNNING", 1]);
  });

  it("whose answer is lost is sent again, and run once", async () => {
    const world = await given();
    const worker = await aWorker(world.lender, { slots: 5 });
    world.network.lose({ says: "answer assign" }, 3);
    await trigger(world.owner, world.id);
    await world.clock.advance(9000);
    expect(worker.assignments).toHaveLength(1);
    expect(world.network.count({ says: "ask assign" })).toBe(4);
  });

  it("that comes again long after it ended is not run again", async () => {
    const world = await given();
    const worker = await aWorker(world.lender, { slots: 5 });
    world.network.delay({ says: "ask assign" }, 4500, 1);
    await trigger(world.owner, world.id);
    await world.clock.advance(3000);
    await world.lender.workers.complete(worker.assignments[0]!.token, null);
    await world.clock.advance(5000);
    expect(worker.assignments).toHaveLength(1);
  });

  it("that was refused is refused again, when it comes again", async () => {
    const world = await given();
    const worker = await aWorker(world.lender, { slots: 1 });
    const held = world.network.hold({ says: "ask assign" }, 1);
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    worker.session.setSlots(0);
    await world.clock.advance(2500);
    // Its second sending was refused, and it was taken back; now the first one comes.
    expect(await stateOf(world, instance.id)).toBe("PENDING NO_WORKER");
    worker.session.setSlots(3);
    held.release();
    await world.clock.advance(1000);
    expect(worker.assignments.map(({ number }) => number)).toEqual([1]);
    expect(worker.signals).toEqual([]);
    expect([await stateOf(world, instance.id), await attemptsOf(world, instance.id)]).toEqual(["RUNNING", 1]);
  });

  it("for a worker that went away meanwhile is given back, and counted as no attempt", async () => {
    const world = await given();
    const worker = await aWorker(world.lender);
    world.network.delay({ says: "ask assign" }, 200, 1);
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    worker.session.close();
    await world.clock.advance(500);
    expect([await stateOf(world, instance.id), await attemptsOf(world, instance.id)]).toEqual(["PENDING NO_WORKER", 0]);
    const next = await aWorker(world.owner);
    await world.clock.advance(100);
    expect(next.assignments).toMatchObject([{ number: 1 }]);
    await expectSound(world, world.id);
  });

  it("is given back when it cannot even be sent, for the network or for too many questions", async () => {
    const world = await given({ maxRouted: 1 });
    await aWorker(world.lender);
    const hold = world.lineOf("b").holdCommits();
    const triggered = trigger(world.owner, world.id);
    await world.clock.advance(10);
    world.network.lose({ says: "ask command" });
    const other = await aDefinitionOf(world.lender);
    // The one question that may be under way.
    const asked = Promise.allSettled([world.owner.definitions.pause(other, { reason: "" })]);
    await world.clock.advance(10);
    hold.release();
    await world.clock.advance(100);
    const instance = await triggered;
    await world.clock.advance(20_000);
    await asked;
    world.network.clear();
    await world.clock.advance(8000);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    expect(await attemptsOf(world, instance.id)).toBe(1);
    expect(world.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("that nobody runs is given back also when the store is away for long just then", async () => {
    const world = await given();
    const worker = await aWorker(world.lender);
    world.network.delay({ says: "ask assign" }, 200, 1);
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    worker.session.close();
    for (const name of ["a", "b"]) world.lineOf(name).goAway();
    await world.clock.advance(30_000);
    for (const name of ["a", "b"]) world.lineOf(name).comeBack();
    await world.clock.advance(10_000);
    expect(await stateOf(world, instance.id)).toBe("PENDING NO_WORKER");
    await expectSound(world, world.id);
  });

  it("is left to its timeouts when the node dies in between: nobody knows whether it ran", async () => {
    const world = await given({}, { timeouts: { ...NO_TIMEOUTS, heartbeatMs: 8000 } });
    await aWorker(world.lender);
    world.network.lose({ says: "answer assign" });
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    await world.lender.crash();
    await world.clock.advance(4000);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    const next = await aWorker(world.owner);
    await world.clock.advance(6000);
    expect(next.assignments).toMatchObject([{ number: 2 }]);
  });

  it("is not given back because the next life of the node knows nothing of it: its worker may have it", async () => {
    const world = await given();
    const worker = await aWorker(world.lender);
    world.network.lose({ says: "answer assign" });
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    expect(worker.assignments).toHaveLength(1);
    await world.lender.crash();
    const next = await world.join(nameOf(world.lender));
    world.network.clear();
    await world.clock.advance(100);
    const { token } = worker.assignments[0]!;
    const again = await aWorker(next, { running: [token] });
    await world.clock.advance(5000);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    expect(again.session.stale).toEqual([]);
    expect(await next.workers.complete(token, null)).toBe("COMPLETED");
  });

  it("is refused by a node that drains: its workers have been told to go elsewhere", async () => {
    const world = await given();
    const worker = await aWorker(world.lender);
    world.network.delay({ says: "ask assign" }, 200, 1);
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    world.lender.quiesce();
    await world.clock.advance(1000);
    expect(worker.drained).toBe(true);
    expect(worker.assignments).toEqual([]);
    expect(await stateOf(world, instance.id)).toBe("PENDING NO_WORKER");
  });
});

describe("a poll for which an attempt of another node is on its way", () => {
  const onItsWay = async () => {
    const world = await given();
    const caller = new AbortController();
    world.network.delay({ says: "ask assign" }, 200, 1);
    const poll = world.lender.workers.poll({ queue: "agents", workerId: "p", waitMs: 1000 }, caller.signal);
    await world.clock.advance(900);
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(50);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    return { world, poll, caller, instance };
  };

  it.each(["aborted", "expired", "drained"] as const)("and that is %s gets none; it waits on", async (how) => {
    const { world, poll, caller, instance } = await onItsWay();
    if (how === "aborted") caller.abort();
    if (how === "drained") world.lender.quiesce();
    await world.clock.advance(1000);
    expect(await poll).toBeNull();
    expect([await stateOf(world, instance.id), await attemptsOf(world, instance.id)]).toEqual(["PENDING NO_WORKER", 0]);
    const worker = await aWorker(world.owner);
    await world.clock.advance(100);
    expect(worker.assignments).toHaveLength(1);
    await expectSound(world, world.id);
  });
});

describe("an attempt that fails at once when its worker is lost", () => {
  it("fails when the node of its worker dies, some seconds after that counts as gone", async () => {
    const world = await given({}, FAIL_AT_ONCE);
    await aWorker(world.lender);
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    await world.lender.crash();
    await world.clock.advance(11_000);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    await world.clock.advance(3000);
    expect(await stateOf(world, instance.id)).toBe("FAILED");
  });

  it("fails at once when the node of its worker starts anew, or its worker's stream breaks", async () => {
    const world = await given({}, FAIL_AT_ONCE);
    const [one, other] = [await aWorker(world.lender), await aWorker(world.lender)];
    const two = [await trigger(world.owner, world.id), await trigger(world.owner, world.id)];
    await world.clock.advance(100);
    expect([one.assignments.length, other.assignments.length]).toEqual([1, 1]);
    other.session.close();
    await world.clock.advance(100);
    expect((await instancesOf(world, world.id)).map(({ state }) => state).toSorted()).toEqual(["FAILED", "RUNNING"]);
    await world.lender.crash();
    await world.join(nameOf(world.lender));
    await world.clock.advance(100);
    expect(await Promise.all(two.map(({ id }) => stateOf(world, id)))).toEqual(["FAILED", "FAILED"]);
  });

  it("goes on while that node is only out of hearing for a while, also when that happens again and again", async () => {
    const world = await given({}, FAIL_AT_ONCE);
    const worker = await aWorker(world.lender);
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    for (let count = 0; count < 8; count++) {
      world.network.part("a", "b");
      await world.clock.advance(6000);
      world.network.clear();
      await world.clock.advance(1100);
    }
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    expect(await world.lender.workers.complete(worker.assignments[0]!.token, null)).toBe("COMPLETED");
  });

  it("fails in the end also when the owner itself was out of hearing as the node died", async () => {
    const world = await given({}, FAIL_AT_ONCE);
    await aWorker(world.lender);
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    world.network.disconnect("b");
    await world.lender.crash();
    await world.clock.advance(30_000);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    world.network.reconnect("b");
    await world.clock.advance(15_000);
    expect(await stateOf(world, instance.id)).toBe("FAILED");
  });

  it("goes on when the owner was out of hearing for long, and has just begun to hear again", async () => {
    for (let awayMs = 12_500; awayMs < 13_500; awayMs += 100) {
      const world = await given({}, FAIL_AT_ONCE);
      await aWorker(world.lender);
      const instance = await trigger(world.owner, world.id);
      await world.clock.advance(100);
      world.network.disconnect("b");
      await world.clock.advance(awayMs);
      world.network.delay({ says: "alive" }, 300);
      world.network.reconnect("b");
      await world.clock.advance(3000);
      expect(await stateOf(world, instance.id)).toBe("RUNNING");
    }
  });

  it("goes on when it was polled for: who polls has no stream that could break", async () => {
    const world = await given({}, FAIL_AT_ONCE);
    const poll = world.lender.workers.poll({ queue: "agents", workerId: "p", waitMs: 5000 });
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    const assignment = await poll;
    await world.lender.crash();
    await world.clock.advance(20_000);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    expect(await world.owner.workers.complete(assignment?.token ?? "", null)).toBe("COMPLETED");
  });
});

describe("a worker that connects to another node with what it runs", () => {
  it.each(["WAIT_FOR_HEARTBEAT", "FAIL_AT_ONCE"] as const)(
    "goes on (%s), though its old stream breaks only later",
    async (disconnectPolicy) => {
      const world = await given({}, { ...FAIL_AT_ONCE, action: { ...FAIL_AT_ONCE.action, disconnectPolicy } });
      const third = await world.join("c");
      await world.clock.advance(5000);
      const id = await aDefinitionOf(world.owner, {
        ...FAIL_AT_ONCE,
        action: { ...FAIL_AT_ONCE.action, disconnectPolicy },
      });
      for (const [from, to] of [
        [world.lender, third],
        [world.lender, world.owner],
        [world.owner, third],
      ] as const) {
        const old = await aWorker(from, { slots: 1 });
        const instance = await trigger(world.owner, id);
        await world.clock.advance(100);
        const { token } = old.assignments[0]!;
        const worker = await aWorker(to, { slots: 1, running: [token] });
        await world.clock.advance(700);
        old.session.close();
        await world.clock.advance(700);
        expect(await stateOf(world, instance.id)).toBe("RUNNING");
        await world.owner.instances.cancel(instance.id, { reason: "", terminate: false });
        await world.clock.advance(100);
        expect(worker.signals).toMatchObject([{ token, cancelRequested: true }]);
        expect(await to.workers.complete(token, null)).toBe("COMPLETED");
        worker.session.close();
        await world.clock.advance(100);
      }
    },
  );

  it("does not wait for shards that have no owner", async () => {
    const world = await given();
    const worker = await aWorker(world.lender);
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    const third = await world.join("c", {});
    await world.clock.advance(100);
    await world.owner.crash();
    const opening = aWorker(third, { running: [worker.assignments[0]!.token] });
    await world.clock.advance(1100);
    const again = await opening;
    expect(again.session.stale).toEqual([]);
    await world.clock.advance(10_000);
    expect(await third.workers.complete(worker.assignments[0]!.token, null)).toBe("COMPLETED");
    expect(await stateOf(world, instance.id)).toBe("COMPLETED");
  });

  it("has its slots though the owner did not hear of it at first, and it hears of a cancel", async () => {
    const world = await given();
    const old = await aWorker(world.lender);
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(700);
    const { token } = old.assignments[0]!;
    old.session.close();
    const third = await world.join("c", {});
    await world.clock.advance(100);
    world.network.lose({ says: "ask command" }, 1);
    const opening = aWorker(third, { running: [token], slots: 2 });
    await world.clock.advance(1100);
    const worker = await opening;
    await world.clock.advance(3500);
    await world.owner.instances.cancel(instance.id, { reason: "", terminate: false });
    await world.clock.advance(100);
    expect(worker.signals).toMatchObject([{ token, cancelRequested: true }]);
    expect(await third.workers.complete(token, null)).toBe("COMPLETED");
    for (let count = 0; count < 2; count++) await trigger(world.owner, world.id);
    await world.clock.advance(100);
    expect(worker.assignments).toHaveLength(2);
  });

  it("hears at once what is over", async () => {
    const world = await given();
    const worker = await aWorker(world.lender);
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    worker.session.close();
    await world.owner.instances.cancel(instance.id, { reason: "", terminate: true });
    const { token } = worker.assignments[0]!;
    const again = await aWorker(world.lender, { running: [token] });
    expect(again.session.stale).toEqual([token]);
  });
});
