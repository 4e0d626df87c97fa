import { expect, test } from "vitest";
import { abortKindOf, AttemptAborted } from "../../../src/client/index.ts";
import type { HandlerContext } from "../../../src/client/index.ts";
import { gate, startBench } from "./worker-under-test.ts";

/** Ends as soon as its signal aborts, with the reason. */
function untilAborted({ signal }: HandlerContext<unknown>): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason);
    });
  });
}

test("a cancel reaches the handler; what it throws then ends the instance as cancelled, for good", async () => {
  const bench = await startBench({ handler: untilAborted });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  await bench.event("started");
  session.send({ signals: [{ attemptToken: "token-a", cancelRequested: true }] });
  const [failure] = (await session.results()).failures;
  expect(failure).toMatchObject({ attemptToken: "token-a", error: { code: "CANCELLED" }, retryable: false });
  // That it stopped when it was asked to is no error.
  expect(bench.errors).toEqual([]);
});

test("a handler that cleans up after a cancel and throws something else is cancelled all the same, and the error is told", async () => {
  const bench = await startBench({
    handler: async (context: HandlerContext<unknown>) => {
      await untilAborted(context).catch(() => {});
      throw new Error("left half of it");
    },
  });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  await bench.event("started");
  session.send({ signals: [{ attemptToken: "token-a", cancelRequested: true }] });
  const [failure] = (await session.results()).failures;
  expect(failure).toMatchObject({ error: { code: "CANCELLED", message: "left half of it" }, retryable: false });
  expect(bench.errors).toMatchObject([{ origin: { kind: "handler", instanceId: "a" } }]);
});

test("a handler that returns a result despite a cancel has completed", async () => {
  const { service, event } = await startBench({
    handler: async (context: HandlerContext<unknown>) => {
      await untilAborted(context).catch(() => {});
      return { kind: abortKindOf(context.signal) };
    },
  });
  const session = await service.session();
  session.welcome();
  session.assign("a");
  await event("started");
  session.send({ signals: [{ attemptToken: "token-a", cancelRequested: true }] });
  expect((await session.results()).completions[0]?.result).toEqual({ kind: "CANCELLED" });
});

test("an attempt that is cancelled while it waits for a slot ends at once and never begins", async () => {
  const open = gate();
  const begun: string[] = [];
  const { service, event } = await startBench({
    concurrency: 1,
    handler: async ({ instanceId }) => {
      begun.push(instanceId);
      await open.promise;
    },
  });
  const session = await service.session();
  session.welcome();
  session.assign("a", "b");
  session.send({ signals: [{ attemptToken: "token-b", cancelRequested: true }] });
  expect(await event("aborted")).toMatchObject({ instanceId: "b", reason: "CANCELLED" });
  expect((await session.results()).failures).toMatchObject([{ attemptToken: "token-b", error: { code: "CANCELLED" } }]);
  open.resolve();
  expect((await session.results()).completions).toMatchObject([{ attemptToken: "token-a" }]);
  expect(begun).toEqual(["a"]);
});

test("a stale attempt is aborted and its result is not reported", async () => {
  const reason = gate<unknown>();
  const { service, event } = await startBench({
    handler: async (context: HandlerContext<unknown>) => {
      if (context.instanceId === "b") return;
      await untilAborted(context).catch((error: unknown) => {
        reason.resolve(error);
      });
    },
  });
  const session = await service.session();
  session.welcome();
  session.assign("a");
  await event("started");
  session.send({ signals: [{ attemptToken: "token-a", stale: true }] });
  const aborted = await reason.promise;
  expect(aborted).toBeInstanceOf(AttemptAborted);
  expect(aborted).toMatchObject({ kind: "STALE" });
  expect(await event("finished")).toMatchObject({ instanceId: "a", outcome: "dropped" });
  session.assign("b");
  const { completions, failures } = await session.results();
  expect(completions).toMatchObject([{ attemptToken: "token-b" }]);
  expect(failures).toEqual([]);
});

test("checkpoint holds a paused attempt until it may go on", async () => {
  const pauseArrived = gate();
  const steps: string[] = [];
  const { service, event } = await startBench({
    handler: async (context: HandlerContext<unknown>) => {
      if (context.instanceId !== "a") return;
      await context.checkpoint();
      steps.push("first checkpoint passed");
      await pauseArrived.promise;
      steps.push(`paused: ${context.paused}`);
      await Promise.all([context.checkpoint(), context.checkpoint()]);
      steps.push(`paused: ${context.paused}`);
    },
  });
  const session = await service.session();
  session.welcome();
  session.assign("a");
  session.send({ signals: [{ attemptToken: "token-a", pauseRequested: true }] });
  // What the server sends arrives in order: once b has ended the pause is there.
  session.assign("b");
  expect(await event("finished")).toMatchObject({ instanceId: "b" });
  pauseArrived.resolve();
  session.assign("c");
  expect(await event("finished")).toMatchObject({ instanceId: "c" });
  expect(steps).toEqual(["first checkpoint passed", "paused: true"]);
  session.send({ signals: [{ attemptToken: "token-a" }] });
  expect(await event("finished")).toMatchObject({ instanceId: "a", outcome: "completed" });
  expect(steps.at(-1)).toBe("paused: false");
});

test("a cancel frees an attempt that holds at a checkpoint", async () => {
  const holding = gate();
  const { service, event } = await startBench({
    handler: async (context: HandlerContext<unknown>) => {
      while (!context.paused) await new Promise(setImmediate);
      const goesOn = context.checkpoint();
      holding.resolve();
      await goesOn;
    },
  });
  const session = await service.session();
  session.welcome();
  session.assign("a");
  await event("started");
  session.send({ signals: [{ attemptToken: "token-a", pauseRequested: true }] });
  await holding.promise;
  session.send({ signals: [{ attemptToken: "token-a", pauseRequested: true, cancelRequested: true }] });
  expect((await session.results()).failures).toMatchObject([{ error: { code: "CANCELLED" }, retryable: false }]);
});
