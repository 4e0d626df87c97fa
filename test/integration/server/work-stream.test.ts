import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import { InstanceState } from "../../../src/gen/belfry/v1/instance_pb.ts";
import { WorkerService, type WorkResponse } from "../../../src/gen/belfry/v1/worker_service_pb.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { WorkRequestSchema } from "../../../src/gen/belfry/v1/worker_service_pb.ts";
import { ErrorInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import type { WorkerCommands, WorkerOutlet } from "../../../src/runtime/index.ts";
import { anApiServer, type ApiServer } from "../../support/api-server.ts";
import { anAttemptUnderWay, anInstance } from "../../support/records.ts";

type Message = MessageInitShape<typeof WorkRequestSchema>;

/** What a test sends, one after the other, until it says it is done. */
class Sent implements AsyncIterable<Message> {
  readonly #queue: Message[] = [];
  #ended = false;
  #wake = (): void => {};

  send(message: Message): void {
    this.#queue.push(message);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Message> {
    for (;;) {
      const next = this.#queue.shift();
      if (next !== undefined) yield next;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

interface Worker {
  readonly sent: Sent;
  readonly answers: AsyncIterator<WorkResponse>;
  readonly outlet: WorkerOutlet;
  readonly closed: Promise<void>;
  readonly slots: number[];
}

async function aWorker(
  workers: Partial<WorkerCommands>,
  options: Parameters<typeof anApiServer>[0] = {},
): Promise<Worker & { api: ApiServer }> {
  const opened = Promise.withResolvers<WorkerOutlet>();
  const closed = Promise.withResolvers<void>();
  const slots: number[] = [];
  const open: WorkerCommands["open"] = async (worker, outlet) => {
    slots.push(worker.slots);
    opened.resolve(outlet);
    return {
      id: "session1",
      stale: worker.running.slice(0, 1),
      setSlots: (count) => slots.push(count),
      close: () => closed.resolve(),
    };
  };
  const api = await anApiServer({ ...options, answers: { workers: { open, ...workers } } });
  const sent = new Sent();
  sent.send({ hello: { queue: "agents", workerId: "w1", running: ["old", "kept"] }, slots: 3 });
  const answers = api.client(WorkerService).work(sent)[Symbol.asyncIterator]();
  const outlet = await opened.promise;
  expect((await answers.next()).value).toMatchObject({ welcome: { sessionId: "session1", stale: ["old"] } });
  return { api, sent, answers, outlet, closed: closed.promise, slots };
}

const assignmentOf = (token: string) => {
  const instance = anInstance({ state: "RUNNING", life: { attempt: anAttemptUnderWay({ token }), attemptCount: 1 } });
  return { instance, token, number: 1, deadlineAt: null };
};

describe("a worker's stream", () => {
  it("brings everything that becomes ready in one turn as one message", async () => {
    const results = new Map<string, (state: "COMPLETED") => void>();
    const { api, sent, answers, outlet } = await aWorker({
      complete: (token) => new Promise((resolve) => results.set(token, resolve)),
    });
    await using _ = api;
    sent.send({ completions: [{ attemptToken: "a" }, { attemptToken: "b" }] });
    await expect.poll(() => results.size).toBe(2);
    // One commit answers both, and gives out more work.
    for (const answer of results.values()) answer("COMPLETED");
    outlet.assign([assignmentOf("c"), assignmentOf("d")]);
    outlet.signal([{ token: "c", cancelRequested: true, pauseRequested: false, stale: false }]);

    const { value } = await answers.next();
    expect(value.receipts.map(({ attemptToken }: { attemptToken: string }) => attemptToken)).toEqual(["a", "b"]);
    expect(value.assignments).toHaveLength(2);
    expect(value.signals).toMatchObject([{ attemptToken: "c", cancelRequested: true }]);
    sent.end();
  });

  it("changes its slots, and hears of draining", async () => {
    const { api, sent, answers, outlet, slots } = await aWorker({});
    await using _ = api;
    sent.send({ slots: 0 });
    await expect.poll(() => slots).toEqual([3, 0]);
    outlet.drain();
    expect((await answers.next()).value).toMatchObject({ draining: true });
    sent.end();
    expect((await answers.next()).done).toBe(true);
  });

  it("one bad result is refused in its receipt and harms no other", async () => {
    const { api, sent, answers } = await aWorker({
      complete: async () => "COMPLETED",
      fail: async () => "BACKING_OFF",
    });
    await using _ = api;
    sent.send({
      completions: [{ attemptToken: "big", result: { text: "x".repeat(300_000) } }, { attemptToken: "good" }],
      failures: [
        { attemptToken: "negative", retryDelay: { seconds: -1n } },
        { attemptToken: "failed", error: { code: "X" } },
      ],
    });
    const receipts: { attemptToken: string; accepted: boolean; reason: string; state: InstanceState }[] = [];
    while (receipts.length < 4) receipts.push(...(await answers.next()).value.receipts);
    expect(
      Object.fromEntries(
        receipts.map(({ attemptToken, accepted, reason, state }) => [attemptToken, { accepted, reason, state }]),
      ),
    ).toEqual({
      big: { accepted: false, reason: "PAYLOAD_TOO_LARGE", state: 0 },
      good: { accepted: true, reason: "", state: InstanceState.COMPLETED },
      negative: { accepted: false, reason: "INVALID_FIELD", state: 0 },
      failed: { accepted: true, reason: "", state: InstanceState.BACKING_OFF },
    });
    sent.end();
  });

  it("heartbeats are answered only when they ask for something", async () => {
    const { api, sent, answers } = await aWorker({
      heartbeat: async (token) => {
        if (token === "stale") throw new BelfryError("STALE_ATTEMPT", "over");
        return { cancelRequested: token === "cancel", pauseRequested: false };
      },
    });
    await using _ = api;
    sent.send({ heartbeats: [{ attemptToken: "quiet" }, { attemptToken: "cancel" }, { attemptToken: "stale" }] });
    const signals: object[] = [];
    while (signals.length < 2) signals.push(...(await answers.next()).value.signals);
    expect(signals).toMatchObject([
      { attemptToken: "cancel", cancelRequested: true, stale: false },
      { attemptToken: "stale", stale: true },
    ]);
    sent.end();
  });

  it("a heartbeat whose data is refused still counts as a sign of life", async () => {
    const { api, sent } = await aWorker({ heartbeat: async () => ({ cancelRequested: false, pauseRequested: false }) });
    await using _ = api;
    sent.send({ heartbeats: [{ attemptToken: "t", metadata: { text: "x".repeat(300_000) } }] });
    await expect
      .poll(() => api.runtime.asked.filter(({ command }) => command === "heartbeat"))
      .toEqual([{ command: "heartbeat", args: ["t", {}] }]);
    sent.end();
  });

  it("is not read while too many of its results are unanswered", async () => {
    const answersOf: (() => void)[] = [];
    const { api, sent, answers } = await aWorker(
      { complete: () => new Promise((resolve) => answersOf.push(() => resolve("COMPLETED"))) },
      { limits: { workBacklog: 2 } },
    );
    await using _ = api;
    for (const attemptToken of ["a", "b", "c"]) sent.send({ completions: [{ attemptToken }] });
    await expect.poll(() => answersOf.length).toBe(2);
    // A call on another stream comes and goes; the third result has still not been read.
    await api
      .client(WorkerService)
      .heartbeatInstance({ attemptToken: "" })
      .catch(() => {});
    expect(answersOf).toHaveLength(2);
    answersOf[0]?.();
    expect((await answers.next()).value.receipts).toHaveLength(1);
    await expect.poll(() => answersOf.length).toBe(3);
    answersOf[1]?.();
    answersOf[2]?.();
    sent.end();
  });

  it("must begin with a hello, and may have only one", async () => {
    const { api, sent, answers, closed } = await aWorker({});
    await using _ = api;
    sent.send({ hello: { queue: "agents", workerId: "w1" } });
    const second = await answers.next().catch(ConnectError.from);
    expect(second).toMatchObject({ code: Code.InvalidArgument, rawMessage: expect.stringContaining("hello") });
    await closed;

    const without = new Sent();
    without.send({ slots: 1 });
    const first = await api.client(WorkerService).work(without)[Symbol.asyncIterator]().next().catch(ConnectError.from);
    expect(first).toMatchObject({ code: Code.InvalidArgument, rawMessage: expect.stringContaining("hello") });
  });

  it("a message that breaks a rule ends it with the field's name", async () => {
    const { api, sent, answers, closed } = await aWorker({});
    await using _ = api;
    sent.send({ completions: [{ attemptToken: "x" }, { attemptToken: "" }] });
    const error = await answers.next().catch(ConnectError.from);
    expect(error).toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringContaining("completions[1].attemptToken"),
    });
    await closed;
  });

  it("that breaks closes its session", async () => {
    const { api, closed } = await aWorker({});
    await using _ = api;
    const abort = new AbortController();
    const sent = new Sent();
    sent.send({ hello: { queue: "agents", workerId: "w2" }, slots: 1 });
    const stream = api.client(WorkerService).work(sent, { signal: abort.signal })[Symbol.asyncIterator]();
    await stream.next();
    abort.abort();
    await expect(stream.next()).rejects.toMatchObject({ code: Code.Canceled });
    await closed;
  });

  it("hears DRAINING when the server closes and its grace is over", async () => {
    const { api, answers, closed } = await aWorker({});
    const end = answers.next().catch(ConnectError.from);
    await api.server.close(20);
    const error = (await end) as ConnectError;
    expect(error.code).toBe(Code.Unavailable);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "DRAINING" }]);
    await closed;
    await api[Symbol.asyncDispose]();
  });
});
