import { ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { EventService } from "../../../src/gen/belfry/v1/event_service_pb.ts";
import { ErrorInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { anApiServer } from "../../support/api-server.ts";

describe("ListEvents", () => {
  it("pages through the log, and its token leads on to what comes later", async () => {
    await using api = await anApiServer();
    api.runtime.commit(
      Array.from({ length: 25 }, (_, index) => ({ shard: index % 3, name: index % 2 === 0 ? "started" : "completed" })),
    );
    const events = api.client(EventService);
    const subjects = ["belfry.events.*.*.completed"];
    const ids: string[] = [];
    let pageToken = "";
    let resumeToken = "";
    do {
      const page = await events.listEvents({ subjects, pageSize: 5, pageToken });
      ids.push(...page.events.map(({ id }) => id));
      ({ nextPageToken: pageToken, resumeToken } = page);
    } while (pageToken !== "");
    expect(ids).toHaveLength(12);
    expect(new Set(ids).size).toBe(12);

    expect((await events.listEvents({ subjects, resumeToken })).events).toEqual([]);
    api.runtime.commit([{ shard: 2, name: "completed" }]);
    expect((await events.listEvents({ subjects, resumeToken })).events.map(({ id }) => id)).toEqual(["2-9"]);
  });

  it("looks at no more than its bound in one call, and goes on with the next", async () => {
    await using api = await anApiServer({ limits: { listScanMax: 500 } });
    api.runtime.commit(
      Array.from({ length: 1200 }, (_, index) => ({ shard: 0, name: index === 1199 ? "completed" : "started" })),
    );
    const events = api.client(EventService);
    const subjects = ["belfry.events.*.*.completed"];
    const first = await events.listEvents({ subjects });
    expect(first.events).toEqual([]);
    const second = await events.listEvents({ subjects, pageToken: first.nextPageToken });
    const third = await events.listEvents({ subjects, pageToken: second.nextPageToken });
    expect(third.events.map(({ id }) => id)).toEqual(["0-1200"]);
    expect(third.nextPageToken).toBe("");
  });

  it("a page token belongs to its patterns", async () => {
    await using api = await anApiServer();
    api.runtime.commit([{ shard: 0 }, { shard: 0 }]);
    const events = api.client(EventService);
    const { nextPageToken } = await events.listEvents({ pageSize: 1 });
    const error = (await events
      .listEvents({ subjects: ["x.>"], pageToken: nextPageToken })
      .catch(ConnectError.from)) as ConnectError;
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "PAGE_TOKEN_MISMATCH" }]);
  });
});
