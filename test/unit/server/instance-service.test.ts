import { describe, expect, it } from "vitest";
import { AttemptOutcome, InstanceState } from "../../../src/gen/belfry/v1/instance_pb.ts";
import { InstanceService } from "../../../src/gen/belfry/v1/instance_service_pb.ts";
import { WorkerService } from "../../../src/gen/belfry/v1/worker_service_pb.ts";
import { rowsOf } from "../../../src/store/memory/tables.ts";
import { anApiInProcess, refusalOf } from "../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../support/manual-clock.ts";
import { anAttempt, anAttemptUnderWay, anInstance, ended } from "../../support/records.ts";

const NOW = BigInt(MANUAL_START_AT / 1000);

describe("GetInstance", () => {
  it("shows a running instance, with an estimate of its end, without the token of its attempt", async () => {
    const api = anApiInProcess();
    const attempt = anAttemptUnderWay({ token: "unguessable" });
    const progress = { percent: 25, step: "collect", message: "1 of 4", at: MANUAL_START_AT + 10_000 };
    api.runtime.put(
      anInstance({
        id: "i",
        state: "RUNNING",
        revision: 9,
        life: { attempt, attemptCount: 2, progress, waitingReason: null, workerId: "w" },
      }),
    );
    const { instance } = await api.client(InstanceService).getInstance({ instanceId: "i" });
    expect(instance).toMatchObject({
      state: InstanceState.RUNNING,
      etag: "9",
      attemptCount: 2,
      workerId: "w",
      progress: { percent: 25, time: { seconds: NOW + 10n }, estimatedEndTime: { seconds: NOW + 40n } },
    });
    expect(instance?.waitingReason).toBe(0);
    expect(
      JSON.stringify(instance, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
    ).not.toContain("unguessable");
  });

  it.each([0, 100])("estimates nothing at %d percent", async (percent) => {
    const api = anApiInProcess();
    const progress = { percent, step: "", message: "", at: MANUAL_START_AT + 10_000 };
    api.runtime.put(anInstance({ id: "i", state: "RUNNING", life: { attempt: anAttemptUnderWay(), progress } }));
    const { instance } = await api.client(InstanceService).getInstance({ instanceId: "i" });
    expect(instance?.progress?.estimatedEndTime).toBeUndefined();
  });
});

describe("ListAttempts", () => {
  it("shows the attempt under way first, and then the ended ones, page by page", async () => {
    const api = anApiInProcess();
    api.runtime.put(
      anInstance({ id: "i", state: "RUNNING", life: { attempt: anAttemptUnderWay({ number: 5 }), attemptCount: 5 } }),
    );
    for (const number of [1, 2, 3, 4])
      rowsOf(api.runtime.tables.attempts, "i").set(number, anAttempt({ instanceId: "i", number, outcome: "FAILED" }));
    for (const pageSize of [1, 2, 3, 5, 50]) {
      const seen: number[] = [];
      let pageToken = "";
      do {
        const page = await api.client(InstanceService).listAttempts({ instanceId: "i", pageSize, pageToken });
        expect(page.attempts.length).toBeLessThanOrEqual(pageSize);
        seen.push(...page.attempts.map(({ number }) => number));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(seen).toEqual([5, 4, 3, 2, 1]);
    }
    const { attempts } = await api.client(InstanceService).listAttempts({ instanceId: "i" });
    expect(attempts[0]).toMatchObject({ outcome: AttemptOutcome.RUNNING, token: "" });
  });
});

describe("GetInstanceStats", () => {
  it("counts by state, of the last day unless told otherwise", async () => {
    const api = anApiInProcess();
    await api.clock.advance(2 * 86_400_000);
    const createdAt = MANUAL_START_AT + 86_400_000 + 1;
    api.runtime.put(
      anInstance({ createdAt: MANUAL_START_AT }),
      anInstance({ createdAt }),
      ended(anInstance({ createdAt }), "COMPLETED", { startedAt: createdAt + 500, endedAt: createdAt + 2500 }),
      ended(anInstance({ createdAt }), "FAILED"),
    );
    const stats = await api.client(InstanceService).getInstanceStats({});
    expect(stats).toMatchObject({
      total: 3n,
      successRate: 0.5,
      durationP50: { seconds: 2n },
      waitP50: { nanos: 500_000_000 },
    });
    expect(stats.counts).toHaveLength(3);
    const all = await api.client(InstanceService).getInstanceStats({ createdAfter: { seconds: NOW } });
    expect(all.total).toBe(4n);
    const none = await api.client(InstanceService).getInstanceStats({ userId: "nobody" });
    expect(none).toMatchObject({ total: 0n, counts: [] });
    expect(none.successRate).toBeUndefined();
  });
});

describe("ExplainInstance", () => {
  it("says what it waits for and what comes next", async () => {
    const api = anApiInProcess();
    api.runtime.put(
      anInstance({ id: "i", spec: { timeouts: { ...anInstance().spec.timeouts, scheduleToStartMs: 60_000 } } }),
    );
    await api.clock.advance(5000);
    const answer = await api.client(InstanceService).explainInstance({ instanceId: "i" });
    expect(answer.summary).toBe(
      'Waits for a worker of queue "agents" with a free slot (since 2026-01-01T00:00:00Z, for 5 s).',
    );
    expect(answer).toMatchObject({
      since: { seconds: NOW },
      nextTime: { seconds: NOW + 60n },
      nextStep: expect.stringContaining("TIMED_OUT"),
    });
  });
});

describe("single commands", () => {
  it("hand on reason and request id", async () => {
    const instance = anInstance();
    const api = anApiInProcess({
      instances: {
        cancel: async () => instance,
        retry: async () => instance,
        pause: async () => instance,
        resume: async () => instance,
      },
    });
    const client = api.client(InstanceService);
    await client.cancelInstance({ instanceId: "i", reason: "why", terminate: true, requestId: "r" });
    await client.retryInstance({ instanceId: "i" });
    await client.pauseInstance({ instanceId: "i", reason: "hold" });
    await client.resumeInstance({ instanceId: "i", requestId: "s" });
    expect(api.runtime.asked).toEqual([
      { command: "cancel", args: ["i", { reason: "why", terminate: true, requestId: "r" }] },
      { command: "retry", args: ["i", {}] },
      { command: "pause", args: ["i", { reason: "hold" }] },
      { command: "resume", args: ["i", { requestId: "s" }] },
    ]);
  });
});

describe("WorkerService", () => {
  it("rounds small waits up, and refuses those that are too long", async () => {
    const api = anApiInProcess({ workers: { poll: async () => null } });
    const client = api.client(WorkerService);
    const wait = { seconds: 0n, nanos: 1 };
    expect(await client.pollInstance({ queue: "q", workerId: "w", wait })).toMatchObject({});
    expect(api.runtime.asked[0]?.args[0]).toEqual({ queue: "q", workerId: "w", waitMs: 1 });
    const refused = await refusalOf(client.pollInstance({ queue: "q", workerId: "w", wait: { seconds: 301n } }));
    expect(refused).toMatchObject({ code: "InvalidArgument", fields: ["wait"] });
  });

  it("takes a failure as it comes: defaults, cut texts, a delay of any fineness", async () => {
    const api = anApiInProcess({ workers: { fail: async () => "BACKING_OFF" } });
    const client = api.client(WorkerService);
    await client.failInstance({ attemptToken: "t" });
    const traceback = `${"x".repeat(100_000)}the end`;
    await client.failInstance({
      attemptToken: "t",
      retryable: false,
      retryDelay: { seconds: 5n, nanos: 123_456_789 },
      error: { code: "c".repeat(200), message: "m", traceback },
    });
    expect(api.runtime.asked.map(({ args }) => args[1])).toEqual([
      { error: { code: "", message: "", traceback: "" }, retryable: true },
      {
        error: { code: "c".repeat(128), message: "m", traceback: traceback.slice(-65_536) },
        retryable: false,
        retryDelayMs: 5124,
      },
    ]);
  });

  it.each([-1, 101, Number.NaN])("refuses progress of %d percent", async (percent) => {
    const client = anApiInProcess().client(WorkerService);
    const refused = await refusalOf(client.heartbeatInstance({ attemptToken: "t", progress: { percent } }));
    expect(refused).toMatchObject({ code: "InvalidArgument", fields: ["progress.percent"] });
  });
});
