import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServerProcess, type ServerProcess } from "../../support/server-process.ts";
import { DEFINITIONS, EVENTS, given, INSTANCES, triggered, WORKERS } from "./given.ts";
import { GrpcClient, Inbox, struct, type Message } from "./grpc-client.ts";

const COUNT = 1500;

let server: ServerProcess;
let client: GrpcClient;
let definitionId: string;
beforeAll(async () => {
  server = await startServerProcess();
  client = new GrpcClient(server.address);
  definitionId = await given(client, "many", { userId: "many" });
  for (let made = 0; made < COUNT; made += 500) {
    await client.call(`${DEFINITIONS}/BatchTriggerDefinition`, {
      definitionId,
      items: Array.from({ length: 500 }, () => ({})),
    });
  }
});
afterAll(async () => {
  client[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

/** Every id of a list, page after page. `between` runs after each page. */
async function allPages(
  method: string,
  request: Message,
  field: string,
  between: () => Promise<unknown> = async () => {},
): Promise<string[]> {
  const ids: string[] = [];
  let pageToken: unknown = "";
  do {
    const page = await client.call(method, { ...request, pageToken });
    ids.push(...((page[field] as { id: string }[] | undefined) ?? []).map(({ id }) => id));
    pageToken = page["nextPageToken"];
    await between();
  } while (typeof pageToken === "string" && pageToken !== "");
  return ids;
}

const bulkOf = async (method: string, request: Message): Promise<Message> =>
  (await client.call(`${INSTANCES}/${method}`, request))["bulk"] as Message;

describe(`${COUNT} instances`, () => {
  it.each([500, 97])("pages of %i have each of them once, newest first", async (pageSize) => {
    const ids = await allPages(`${INSTANCES}/ListInstances`, { definitionId, pageSize }, "instances");
    expect(ids).toHaveLength(COUNT);
    expect(new Set(ids).size).toBe(COUNT);
    const { instances } = await client.call(`${INSTANCES}/ListInstances`, { definitionId, pageSize: 500 });
    const times = (instances as { createTime: { seconds: string; nanos?: number } }[]).map(
      ({ createTime: { seconds, nanos = 0 } }) => Number(seconds) * 1e9 + nanos,
    );
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  it("a list that is read while others are created and end has each that was there, once", async () => {
    const others = await given(client, "others", { userId: "many" });
    const before = new Set(
      await allPages(`${INSTANCES}/ListInstances`, { userId: "many", pageSize: 500 }, "instances"),
    );
    const ids = await allPages(
      `${INSTANCES}/ListInstances`,
      { userId: "many", pageSize: 100 },
      "instances",
      async () => {
        const instanceId = await triggered(client, others);
        await client.call(`${INSTANCES}/CancelInstance`, { instanceId });
      },
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => before.has(id))).toHaveLength(before.size);
  });

  it("a bulk command says first what it would do, does it, and finds nothing left to do", async () => {
    const selector = { definitionId };
    const waiting = { ...selector, states: ["INSTANCE_STATE_PENDING"] };
    const looked = await bulkOf("PauseInstance", { selector: waiting, validateOnly: true });
    expect(looked).toMatchObject({ matchedCount: String(COUNT), sampleIds: { length: 10 } });
    expect(looked["changedCount"] ?? "0").toBe("0");
    expect(await bulkOf("PauseInstance", { selector: waiting, validateOnly: true })).toMatchObject({
      matchedCount: String(COUNT),
    });

    const pausing = { selector: waiting, reason: "maintenance", requestId: "pause-all" };
    const paused = await bulkOf("PauseInstance", pausing);
    expect(paused).toMatchObject({ matchedCount: String(COUNT), changedCount: String(COUNT) });
    expect(await bulkOf("PauseInstance", pausing), "a repetition gets the first answer").toEqual(paused);
    await expect(bulkOf("PauseInstance", { ...pausing, reason: "another" })).rejects.toThrow("request_id");
    const again = await bulkOf("PauseInstance", { selector, reason: "maintenance" });
    expect({ changedCount: "0", ...again }).toMatchObject({ matchedCount: String(COUNT), changedCount: "0" });
    expect(await bulkOf("CancelInstance", { selector, reason: "obsolete" })).toMatchObject({
      changedCount: String(COUNT),
    });

    const { definition } = await client.call(`${DEFINITIONS}/GetDefinition`, { definitionId });
    expect(definition).toMatchObject({ counters: { created: String(COUNT), cancelled: String(COUNT) } });
    const stats = await client.call(`${INSTANCES}/GetInstanceStats`, { definitionId });
    expect(stats).toMatchObject({
      total: String(COUNT),
      counts: [{ state: "INSTANCE_STATE_CANCELLED", count: String(COUNT) }],
    });
  });

  it("the log of events has each event once, and in order per instance", async () => {
    const events: { id: string; subject: string; type: string }[] = [];
    let pageToken: unknown = "";
    do {
      const page = await client.call(`${EVENTS}/ListEvents`, {
        subjects: ["belfry.events.instance.>"],
        pageSize: 500,
        pageToken,
      });
      events.push(...((page["events"] as typeof events | undefined) ?? []));
      pageToken = page["nextPageToken"];
    } while (typeof pageToken === "string" && pageToken !== "");
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);

    const lives = Map.groupBy(events, ({ subject }) => subject);
    const mine = await allPages(`${INSTANCES}/ListInstances`, { definitionId, pageSize: 500 }, "instances");
    const types = mine.map((id) =>
      lives
        .get(id)
        ?.map(({ type }) => type.replace("belfry.instance.", ""))
        .join(),
    );
    expect(new Set(types)).toEqual(new Set(["created,paused,cancelled"]));
  });
});

describe("payloads of 200 KB", () => {
  it("pages are cut to the 4 MiB that clients take unless told otherwise, and go on at their tokens", async () => {
    const fat = await given(client, "fat", {
      userId: "fat",
      content: "large",
      payload: struct({ text: "内".repeat(65_000) }),
    });
    const ids: string[] = [];
    for (let count = 0; count < 30; count++) ids.push(await triggered(client, fat));
    const listed = await allPages(`${INSTANCES}/ListInstances`, { definitionId: fat, pageSize: 500 }, "instances");
    expect(listed.toSorted()).toEqual(ids.toSorted());

    for (let count = 0; count < 29; count++)
      await given(client, "fat", { userId: "fat", content: "large", payload: struct({ text: "内".repeat(65_000) }) });
    expect(
      await allPages(`${DEFINITIONS}/ListDefinitions`, { userId: "fat", pageSize: 500 }, "definitions"),
    ).toHaveLength(30);
    const { matches } = await client.call(`${DEFINITIONS}/SearchDefinitions`, { userId: "fat", query: "large" });
    expect(matches).toContainEqual(expect.objectContaining({ score: 1 }));
  });

  it("a worker with many free slots gets them in messages that it can take", async () => {
    const stream = client.stream(`${WORKERS}/Work`);
    const inbox = new Inbox(stream);
    stream.write({ hello: { queue: "fat", workerId: "w1" }, slots: 100 });
    let assigned = 0;
    while (assigned < 30) assigned += ((await inbox.next("assignments"))["assignments"] as Message[]).length;
    expect(assigned).toBe(30);
    stream.end();
    await inbox.end();
  });
});
