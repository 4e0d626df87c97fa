import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServerProcess, type ServerProcess } from "../../support/server-process.ts";
import { EVENTS, given, INSTANCES, taken, triggered, WORKERS } from "./given.ts";
import { detailsOf, GrpcClient, Inbox, struct, type Message } from "./grpc-client.ts";

let server: ServerProcess;
let client: GrpcClient;
beforeAll(async () => {
  server = await startServerProcess();
  client = new GrpcClient(server.address);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

const read = async (instanceId: string): Promise<Message> =>
  (await client.call(`${INSTANCES}/GetInstance`, { instanceId }))["instance"] as Message;

describe("a worker on the Work stream", () => {
  it("is welcomed, gets as many instances as it has slots, reports, and gets the next", async () => {
    const definitionId = await given(client, "stream");
    const stream = client.stream(`${WORKERS}/Work`);
    const inbox = new Inbox(stream);
    stream.write({ hello: { queue: "stream", workerId: "w1" }, slots: 2 });
    expect(await inbox.next("welcome")).toMatchObject({
      welcome: { sessionId: expect.stringMatching(/./), heartbeatInterval: { seconds: "20" } },
    });

    const assigned: { instance: { id: string }; attempt: { token: string } }[] = [];
    const receipts: Message[] = [];
    // One message may bring some of both, in any order between them.
    const until = async (enough: () => boolean): Promise<void> => {
      while (!enough()) {
        const message = await inbox.next();
        assigned.push(...((message["assignments"] as typeof assigned | undefined) ?? []));
        receipts.push(...((message["receipts"] as Message[] | undefined) ?? []));
      }
    };
    const ids: string[] = [];
    for (let count = 0; count < 3; count++) ids.push(await triggered(client, definitionId));
    await until(() => assigned.length === 2);
    expect(assigned.map(({ instance }) => instance.id)).toEqual(ids.slice(0, 2));
    expect(await read(ids[2]!)).toMatchObject({
      state: "INSTANCE_STATE_PENDING",
      waitingReason: "WAITING_REASON_NO_WORKER",
    });

    const [first, second] = assigned.map(({ attempt }) => attempt.token);
    stream.write({
      heartbeats: [
        {
          attemptToken: first,
          progress: { percent: 100, step: "collect", message: "4 of 10" },
          metadata: struct({ rows: 4 }),
        },
      ],
      completions: [{ attemptToken: second, result: struct({ ok: true }) }],
      failures: [{ attemptToken: "0123456789abcdef.1.nope" }],
    });
    // The freed slot takes the third.
    await until(() => receipts.length === 2 && assigned.length === 3);
    expect(receipts).toEqual(
      expect.arrayContaining([
        { attemptToken: second, accepted: true, state: "INSTANCE_STATE_COMPLETED" },
        { attemptToken: "0123456789abcdef.1.nope", reason: "STALE_ATTEMPT" },
      ]),
    );
    expect(assigned[2]).toMatchObject({ instance: { id: ids[2] }, attempt: { number: 1 } });
    expect(await read(ids[1]!)).toMatchObject({
      state: "INSTANCE_STATE_COMPLETED",
      result: struct({ ok: true }),
      workerId: "w1",
    });

    stream.end({ completions: [{ attemptToken: first }, { attemptToken: assigned[2]!.attempt.token }] });
    expect(String(await inbox.end())).toContain("The stream ended");
    for (const id of ids) expect(await read(id)).toMatchObject({ state: "INSTANCE_STATE_COMPLETED" });
    expect(await read(ids[0]!)).toMatchObject({
      progress: { percent: 100, step: "collect", message: "4 of 10" },
      metadata: struct({ rows: 4 }),
    });
  });

  it("is asked to cancel what it runs, and its answer ends it", async () => {
    const definitionId = await given(client, "to-cancel");
    const stream = client.stream(`${WORKERS}/Work`);
    const inbox = new Inbox(stream);
    stream.write({ hello: { queue: "to-cancel", workerId: "w1" }, slots: 1 });
    const instanceId = await triggered(client, definitionId);
    const { assignments } = await inbox.next("assignments");
    const { token } = (assignments as { attempt: { token: string } }[])[0]!.attempt;

    const { instance } = await client.call(`${INSTANCES}/CancelInstance`, { instanceId, reason: "不需要了" });
    expect(instance).toMatchObject({ state: "INSTANCE_STATE_RUNNING", cancelRequested: true });
    expect(await inbox.next("signals")).toMatchObject({ signals: [{ attemptToken: token, cancelRequested: true }] });

    stream.write({ failures: [{ attemptToken: token, error: { code: "CANCELLED" }, retryable: false }] });
    expect(await inbox.next("receipts")).toMatchObject({
      receipts: [{ attemptToken: token, accepted: true, state: "INSTANCE_STATE_CANCELLED" }],
    });
    expect(await read(instanceId)).toMatchObject({ state: "INSTANCE_STATE_CANCELLED", stateReason: "不需要了" });
    stream.end();
    await inbox.end();
  });

  it("that begins without a hello is refused, and so is one without a queue", async () => {
    for (const [first, field] of [
      [{ slots: 1 }, "hello"],
      [{ hello: { workerId: "w1" } }, "hello.queue"],
    ] as const) {
      const stream = client.stream(`${WORKERS}/Work`);
      const inbox = new Inbox(stream);
      stream.write(first);
      const error = (await inbox.end()) as grpc.ServiceError;
      expect(error.code).toBe(grpc.status.INVALID_ARGUMENT);
      expect(detailsOf(error)).toMatchObject([
        {},
        { type: "google.rpc.BadRequest", value: { fieldViolations: [{ field }] } },
      ]);
    }
  });
});

describe("WatchInstance", () => {
  it("shows the instance as it is, each change, and ends with its end", async () => {
    const instanceId = await triggered(client, await given(client, "watched"));
    const stream = client.watch(`${INSTANCES}/WatchInstance`, { instanceId });
    const inbox = new Inbox(stream);
    const first = await inbox.next("instance");
    expect(first).toMatchObject({ instance: { id: instanceId, state: "INSTANCE_STATE_PENDING" } });
    expect(first).not.toHaveProperty("event");

    const attemptToken = await taken(client, "watched");
    expect(await inbox.next("event")).toMatchObject({
      instance: { state: "INSTANCE_STATE_RUNNING", workerId: "w1" },
      event: { subject: instanceId, source: "/belfry" },
    });
    await client.call(`${WORKERS}/CompleteInstance`, { attemptToken });
    expect(await inbox.next("event")).toMatchObject({
      instance: { state: "INSTANCE_STATE_COMPLETED" },
      event: { type: "belfry.instance.completed" },
    });
    expect(String(await inbox.end())).toContain("The stream ended");
  });

  it("of one that has ended shows it and ends; of none is NOT_FOUND", async () => {
    const instanceId = await triggered(client, await given(client, "ended"));
    await client.call(`${INSTANCES}/CancelInstance`, { instanceId });
    const inbox = new Inbox(client.watch(`${INSTANCES}/WatchInstance`, { instanceId }));
    expect(await inbox.next("instance")).toMatchObject({ instance: { state: "INSTANCE_STATE_CANCELLED" } });
    expect(String(await inbox.end())).toContain("The stream ended");

    const nothing = new Inbox(client.watch(`${INSTANCES}/WatchInstance`, { instanceId: "nope" }));
    expect(await nothing.end()).toMatchObject({ code: grpc.status.NOT_FOUND });
  });
});

describe("WatchEvents", () => {
  it("gives each of many watchers every event of its subjects, in order per instance", async () => {
    const watchers = Array.from({ length: 20 }, () =>
      client.watch(`${EVENTS}/WatchEvents`, { subjects: ["belfry.events.instance.>"] }),
    );
    const inboxes = watchers.map((watcher) => new Inbox(watcher));
    for (const inbox of inboxes) await inbox.next("resumeToken");

    const definitionId = await given(client, "many-watch");
    const ids = await Promise.all(Array.from({ length: 10 }, () => triggered(client, definitionId)));
    for (const _ of ids) {
      const attemptToken = await taken(client, "many-watch");
      await client.call(`${WORKERS}/CompleteInstance`, { attemptToken });
    }
    for (const [index, inbox] of inboxes.entries()) {
      const seen = new Map<string, string[]>(ids.map((id) => [id, []]));
      while ([...seen.values()].some((types) => types.at(-1) !== "belfry.instance.completed")) {
        const { subject, type } = (await inbox.next("event"))["event"] as { subject: string; type: string };
        seen.get(subject)?.push(type);
      }
      for (const types of seen.values())
        expect(types).toEqual(["belfry.instance.created", "belfry.instance.started", "belfry.instance.completed"]);
      watchers[index]?.cancel();
    }
  });

  it("goes on after a restart of the server exactly where its resume token stood", async () => {
    await using first = await startServerProcess();
    using before = new GrpcClient(first.address);
    const watching = new Inbox(
      before.watch(`${EVENTS}/WatchEvents`, { subjects: ["belfry.events.instance.*.created"] }),
    );
    await watching.next("resumeToken");
    const definitionId = await given(before, "restarted");
    const [seen, missed] = [await triggered(before, definitionId), await triggered(before, definitionId)];
    const { event, resumeToken } = await watching.next("event");
    expect(event).toMatchObject({ subject: seen, type: "belfry.instance.created" });

    await first.stop();
    expect(await watching.end()).toMatchObject({ code: grpc.status.UNAVAILABLE });

    await using second = await startServerProcess({ dataDir: first.dataDir });
    using after = new GrpcClient(second.address);
    const resumed = new Inbox(
      after.watch(`${EVENTS}/WatchEvents`, { subjects: ["belfry.events.instance.*.created"], resumeToken }),
    );
    expect(await resumed.next("event")).toMatchObject({ event: { subject: missed } });
    const next = await triggered(after, definitionId);
    expect(await resumed.next("event")).toMatchObject({ event: { subject: next } });
    await second.stop();
  });

  it("refuses a token that was not made here", async () => {
    const error = (await new Inbox(
      client.watch(`${EVENTS}/WatchEvents`, { resumeToken: "garbage" }),
    ).end()) as grpc.ServiceError;
    expect(error.code).toBe(grpc.status.INVALID_ARGUMENT);
    expect(detailsOf(error)).toMatchObject([{ value: { reason: "RESUME_TOKEN_INVALID" } }]);
  });
});
