import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { createBelfryClient, createWorker } from "../../../src/client/index.ts";
import type { HandlerContext } from "../../../src/client/index.ts";
import { RetryInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { FakeWorkerService, startFakeServer } from "./fake-server.ts";
import type { FakeSession } from "./fake-server.ts";
import { gate, startBench } from "./worker-under-test.ts";
import type { Bench } from "./worker-under-test.ts";

/** Breaks the connection and turns the clock to the next try. */
async function reconnected(bench: Bench): Promise<FakeSession> {
  bench.server.cut();
  const { retryInMs } = await bench.event("disconnected");
  await bench.clock.advance(retryInMs ?? 0);
  return bench.service.session();
}

test("after a broken stream the handlers go on, and the next hello names them", async () => {
  const open = gate();
  const bench = await startBench({
    concurrency: 3,
    handler: async () => {
      await open.promise;
      return { ok: true };
    },
  });
  const before = await bench.service.session();
  before.welcome();
  before.assign("a", "b");
  await bench.event("started");
  await bench.event("started");

  const after = await reconnected(bench);
  expect(after.hello).toMatchObject({ queue: "agents", workerId: "w1", running: ["token-a", "token-b"] });
  expect(after.first.slots).toBe(3);
  // The hello is a sign of life of each as well.
  expect(after.first.heartbeats.map(({ attemptToken }) => attemptToken)).toEqual(["token-a", "token-b"]);
  after.welcome();
  expect(await bench.event("connected")).toMatchObject({ resumed: 2 });
  open.resolve();
  const { completions } = await after.results();
  expect(completions).toMatchObject([
    { attemptToken: "token-a", result: { ok: true } },
    { attemptToken: "token-b", result: { ok: true } },
  ]);
});

test("results without a receipt go again with the next hello, and only those", async () => {
  const bench = await startBench({ concurrency: 3, handler: ({ instanceId }) => ({ did: instanceId }) });
  const before = await bench.service.session();
  before.welcome();
  before.assign("a", "b");
  expect((await before.results()).completions).toHaveLength(2);
  before.accept("token-a");
  await bench.event("receipt");

  const after = await reconnected(bench);
  expect(after.hello.running).toEqual([]);
  expect(after.first.completions).toMatchObject([{ attemptToken: "token-b", result: { did: "b" } }]);
  after.welcome();
  // The first one was recorded, only its receipt was lost.
  after.refuse("STALE_ATTEMPT", "token-b");
  expect(await bench.event("receipt")).toMatchObject({ instanceId: "b", accepted: false });
  const last = await reconnected(bench);
  expect(last.first.completions).toEqual([]);
});

test("what ends while no stream is open is reported with the next hello, with all it told before", async () => {
  const told = gate();
  const open = gate();
  const bench = await startBench({
    handler: async ({ progress, metadata }: HandlerContext<unknown>) => {
      metadata({ rows: 1, file: "x" });
      told.resolve();
      await open.promise;
      metadata({ rows: 2 });
      progress(100, "done");
    },
  });
  const before = await bench.service.session();
  before.welcome();
  before.assign("a");
  await told.promise;
  expect((await before.requests.next()).heartbeats).toMatchObject([{ metadata: { rows: 1, file: "x" } }]);

  bench.server.cut();
  const { retryInMs } = await bench.event("disconnected");
  open.resolve();
  await bench.event("finished");
  await bench.clock.advance(retryInMs ?? 0);
  const after = await bench.service.session();
  expect(after.hello.running).toEqual([]);
  expect(after.first.completions).toMatchObject([{ attemptToken: "token-a" }]);
  expect(after.first.heartbeats).toMatchObject([
    { attemptToken: "token-a", progress: { percent: 100, step: "done" }, metadata: { rows: 2, file: "x" } },
  ]);
});

test("an attempt that the server calls stale after a reconnect is aborted, and nothing is reported for it", async () => {
  const bench = await startBench({
    concurrency: 2,
    handler: ({ signal }: HandlerContext<unknown>) =>
      new Promise<{ aborted: string }>((resolve) => {
        signal.addEventListener("abort", () => {
          resolve({ aborted: "yes" });
        });
      }),
  });
  const before = await bench.service.session();
  before.welcome();
  before.assign("a");
  await bench.event("started");
  const after = await reconnected(bench);
  after.welcome(20_000, ["token-a"]);
  expect(await bench.event("aborted")).toMatchObject({ instanceId: "a", reason: "STALE" });
  expect(await bench.event("finished")).toMatchObject({ instanceId: "a", outcome: "dropped" });
  const last = await reconnected(bench);
  expect(last.hello.running).toEqual([]);
  expect(last.first.completions).toEqual([]);
});

test("delays between tries double up to the cap, and begin anew after a stream that lasted", async () => {
  const bench = await startBench({ handler: () => {}, reconnect: { initialMs: 200, factor: 2, maxMs: 1_000 } });
  const session = await bench.service.session();
  session.welcome();
  await bench.event("connected");
  for (let refusal = 0; refusal < 5; refusal += 1)
    bench.service.refusals.push(new ConnectError("no", Code.Unavailable));
  bench.server.cut();
  const delays: (number | undefined)[] = [];
  for (let failure = 0; failure < 6; failure += 1) {
    const { retryInMs } = await bench.event("disconnected");
    delays.push(retryInMs);
    await bench.clock.advance(retryInMs ?? 0);
  }
  // Halves of 200, 400, 800 and the cap: the jitter of this test is the least.
  expect(delays).toEqual([100, 200, 400, 500, 500, 500]);

  (await bench.service.session()).welcome();
  await bench.event("connected");
  await bench.clock.advance(1_000);
  bench.server.cut();
  expect(await bench.event("disconnected")).toMatchObject({ retryInMs: 100 });
});

test("a server without room says when to come back", async () => {
  const bench = await startBench({ handler: () => {} });
  const details = [{ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay: { seconds: 7n } }) }];
  const first = await bench.service.session();
  bench.service.refusals.push(new ConnectError("full", Code.ResourceExhausted, undefined, details));
  first.end();
  expect(await bench.event("disconnected")).toMatchObject({ error: undefined, retryInMs: 50 });
  await bench.clock.advance(50);
  expect(await bench.event("disconnected")).toMatchObject({ retryInMs: 7_000 });
});

test("a server that takes the call and never answers is left after a while", async () => {
  const bench = await startBench({ handler: () => {} });
  const mute = await bench.service.session();
  await bench.clock.advance(10_000);
  const { retryInMs } = await bench.event("disconnected");
  await mute.ended;
  await bench.clock.advance(retryInMs ?? 0);
  (await bench.service.session()).welcome();
  expect(await bench.event("connected")).toMatchObject({ resumed: 0 });
});

test("a draining server gets to answer the results that it has, then the worker connects again", async () => {
  const open = gate();
  const bench = await startBench({
    concurrency: 2,
    handler: async ({ instanceId }) => {
      if (instanceId === "b") await open.promise;
    },
  });
  const before = await bench.service.session();
  before.welcome();
  before.assign("a", "b");
  expect((await before.results()).completions).toMatchObject([{ attemptToken: "token-a" }]);
  before.send({ draining: true });
  await bench.event("draining");
  before.accept("token-a");
  await before.ended;
  const { error, retryInMs } = await bench.event("disconnected");
  expect(error).toBeUndefined();
  await bench.clock.advance(retryInMs ?? 0);

  const after = await bench.service.session();
  expect(after.hello.running).toEqual(["token-b"]);
  expect(after.first.completions).toEqual([]);
  after.welcome();
  open.resolve();
  expect((await after.results()).completions).toMatchObject([{ attemptToken: "token-b" }]);
});

test("what a draining server cannot record any more goes to the next one at once", async () => {
  const bench = await startBench({ handler: () => {} });
  const before = await bench.service.session();
  before.welcome();
  before.assign("a");
  await before.results();
  before.send({ draining: true, receipts: [{ attemptToken: "token-a", accepted: false, reason: "DRAINING" }] });
  const { retryInMs } = await bench.event("disconnected");
  await bench.clock.advance(retryInMs ?? 0);
  expect((await bench.service.session()).first.completions).toMatchObject([{ attemptToken: "token-a" }]);
});

test("a draining server that answers nothing more is left after a while", async () => {
  const bench = await startBench({ handler: () => {} });
  const before = await bench.service.session();
  before.welcome();
  before.assign("a");
  await before.results();
  before.send({ draining: true });
  await bench.event("draining");
  await bench.clock.advance(5_000);
  await before.ended;
  const { retryInMs } = await bench.event("disconnected");
  await bench.clock.advance(retryInMs ?? 0);
  expect((await bench.service.session()).first.completions).toMatchObject([{ attemptToken: "token-a" }]);
});

test("a worker that the very first server refuses for good is done at once, with the reason", async () => {
  const bench = await startBench({ handler: () => {} });
  const session = await bench.service.session();
  session.end(new ConnectError("who are you?", Code.Unauthenticated));
  await expect(bench.worker.done).rejects.toMatchObject({ code: Code.Unauthenticated });
  expect(await bench.event("disconnected")).toMatchObject({ retryInMs: undefined });
  await bench.worker.stop();
});

test("a worker that was welcomed once goes on trying, whatever it is told", async () => {
  const bench = await startBench({ handler: () => {} });
  const session = await bench.service.session();
  session.welcome();
  await bench.event("connected");
  session.end(new ConnectError("who are you?", Code.Unauthenticated));
  const { retryInMs } = await bench.event("disconnected");
  await bench.clock.advance(retryInMs ?? 0);
  (await bench.service.session()).welcome();
  expect(await bench.event("connected")).toMatchObject({ resumed: 0 });
});

test("workers share a client's connection and leave it open; when its owner closes it they are done", async () => {
  const service = new FakeWorkerService();
  const server = await startFakeServer(service.routes);
  const client = createBelfryClient(server.url);
  const options = { client, handler: () => {}, time: new ManualClock() };
  const one = createWorker({ ...options, queue: "one" });
  const two = createWorker({ ...options, queue: "two" });
  const started = [one.start(), two.start()];
  const sessions = [await service.session(), await service.session()];
  for (const session of sessions) session.welcome();
  await Promise.all(started);
  expect(server.connections).toBe(1);
  await one.stop();
  expect(client.closed).toBe(false);
  client.close();
  await expect(two.done).rejects.toMatchObject({ code: Code.Canceled });
  await server.stop();
});
