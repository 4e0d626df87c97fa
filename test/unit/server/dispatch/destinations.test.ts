import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { CLOSED_BREAKER, type Breaker } from "../../../../src/domain/breaker.ts";
import type { DestinationRecord } from "../../../../src/domain/webhook/destination.ts";
import { BreakerState } from "../../../../src/gen/belfry/v1/dispatch_pb.ts";
import { DispatchService, UpdateDestinationRequestSchema } from "../../../../src/gen/belfry/v1/dispatch_service_pb.ts";
import { FailureCause } from "../../../../src/gen/belfry/v1/instance_pb.ts";
import type { DestinationCommands, UpdateDestination } from "../../../../src/runtime/index.ts";
import { anApiInProcess, refusalOf } from "../../../support/api-in-process.ts";
import { sealed } from "../../../support/fake-secret-box.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { aDefinition } from "../../../support/records.ts";
import { aDestination, ORIGIN, SECRET, viewOf } from "./given.ts";

const OPEN: Breaker = {
  ...CLOSED_BREAKER,
  state: "OPEN",
  since: MANUAL_START_AT - 1000,
  openUntil: MANUAL_START_AT + 59_000,
  timesOpened: 1,
  consecutiveFailures: 3,
  window: [
    { from: MANUAL_START_AT - 120_000, succeeded: 90, failed: 0 },
    { from: MANUAL_START_AT - 6000, succeeded: 4, failed: 1 },
    { from: MANUAL_START_AT - 1000, succeeded: 0, failed: 2 },
  ],
  lastFailure: { cause: "SERVER_ERROR", message: "It answered 500.", at: MANUAL_START_AT - 1000 },
  reason: "3 failures in a row",
};

/** A runtime that has one destination, and does to it what it is told. */
function given(first: DestinationRecord = aDestination()) {
  let record = first;
  const updates: UpdateDestination[] = [];
  const change = (changed: Partial<DestinationRecord>) => {
    record = { ...record, ...changed, revision: record.revision + 1 };
    return Promise.resolve(viewOf(record, { underWay: 2, waiting: 5 }));
  };
  const destinations: DestinationCommands = {
    get: async (origin) => viewOf({ ...record, origin }, { underWay: 2, waiting: 5 }),
    update: (_, command) => {
      updates.push(command);
      return change({ settings: { ...record.settings, ...command.change } });
    },
    reset: () => change({ breaker: CLOSED_BREAKER, disabled: null }),
    isolate: (_, { reason }) => change({ breaker: { ...CLOSED_BREAKER, state: "ISOLATED", reason } }),
    rotateSecret: (_, command) => {
      const secret = { id: `s${record.revision}`, sealed: command.sealed, createdAt: MANUAL_START_AT, expiresAt: null };
      return change({ secrets: [secret, ...record.secrets] });
    },
  };
  const api = anApiInProcess({ destinations });
  return { ...api, api, updates, dispatches: api.client(DispatchService) };
}

describe("GetDestination", () => {
  it("shows how it stands, what it may bear and what goes on", async () => {
    const heldUntil = MANUAL_START_AT + 9000;
    const disabled = { at: MANUAL_START_AT - 5000, reason: "it answered 410" };
    const { dispatches } = given(aDestination({ revision: 3, breaker: OPEN, heldUntil, disabled, failingSince: 1000 }));
    const { destination } = await dispatches.getDestination({ origin: ORIGIN });
    expect(destination).toMatchObject({
      origin: ORIGIN,
      etag: "3",
      isolated: false,
      disabled: true,
      disableReason: "it answered 410",
      heldUntilTime: timestampFromMs(heldUntil),
      failingSinceTime: timestampFromMs(1000),
      underWayCount: 2,
      waitingCount: 5,
      breaker: {
        state: BreakerState.OPEN,
        reason: "3 failures in a row",
        openUntilTime: timestampFromMs(MANUAL_START_AT + 59_000),
        timesOpened: 1,
        consecutiveFailures: 3,
        windowSucceeded: 4,
        windowFailed: 3,
        lastFailure: { cause: FailureCause.SERVER_ERROR, message: "It answered 500." },
      },
      settings: {
        maxConcurrent: 100,
        connectTimeout: durationFromMs(5000),
        headersTimeout: durationFromMs(15_000),
        disableAfter: durationFromMs(432_000_000),
        breaker: { consecutiveFailures: 3, openDuration: durationFromMs(60_000) },
      },
    });
    expect(destination?.settings?.breaker?.causes).not.toContain(FailureCause.REFUSED);
  });

  it("says nothing of a hold that is over, and of secrets neither the values nor those that sign no more", async () => {
    const secret = { sealed: sealed(SECRET), createdAt: MANUAL_START_AT };
    const secrets = [
      { ...secret, id: "new", expiresAt: null },
      { ...secret, id: "old", expiresAt: MANUAL_START_AT + 1000 },
      { ...secret, id: "over", expiresAt: MANUAL_START_AT },
    ];
    const { dispatches } = given(aDestination({ revision: 1, heldUntil: MANUAL_START_AT, secrets }));
    const { destination } = await dispatches.getDestination({ origin: ORIGIN });
    expect(destination?.heldUntilTime).toBeUndefined();
    expect(destination?.secrets.map(({ id }) => id)).toEqual(["new", "old"]);
    const texts = JSON.stringify(destination, (_, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
    expect(texts).not.toContain("sealed:");
    expect(texts).not.toContain("whsec_");
  });

  it("knows one that something was sent to or set for, and no other", async () => {
    const idle = { get: async (origin: string) => viewOf(aDestination({ origin })) };
    const client = (destinations: Partial<DestinationCommands>) => anApiInProcess({ destinations });
    const get = async (api: ReturnType<typeof client>) =>
      api.client(DispatchService).getDestination({ origin: ORIGIN });

    expect(await refusalOf(get(client(idle)))).toMatchObject({
      code: "NotFound",
      reason: "DESTINATION_NOT_FOUND",
      metadata: { origin: ORIGIN },
    });
    const dispatchedTo = client(idle);
    dispatchedTo.runtime.put(aDefinition({ id: `$dispatch/${ORIGIN}` }));
    const written = client(idle);
    written.runtime.putDestination(aDestination());
    const known = [
      dispatchedTo,
      written,
      client({ get: async () => viewOf(aDestination(), { waiting: 1 }) }),
      client({ get: async () => viewOf(aDestination(), { underWay: 1 }) }),
      client({ get: async () => viewOf(aDestination({ revision: 1 })) }),
    ];
    for (const api of known) expect((await get(api)).destination?.breaker?.state).toBe(BreakerState.CLOSED);
  });

  it.each(["", "hooks.example.com", `${ORIGIN}/webhook`, "ftp://hooks.example.com"])(
    "refuses %j as an origin",
    async (origin) => {
      expect(await refusalOf(given().dispatches.getDestination({ origin }))).toMatchObject({ fields: ["origin"] });
    },
  );
});

describe("ListDestinations", () => {
  function listed() {
    const api = anApiInProcess();
    const put = (origin: string, more: Partial<DestinationRecord> = {}) =>
      api.runtime.putDestination(aDestination({ origin, ...more }));
    put("https://b.example.com", { breaker: OPEN });
    put("https://a.example.com");
    put("http://c.example.com:8080", { disabled: { at: 1, reason: "gone" } });
    put("https://d.example.com", { breaker: { ...CLOSED_BREAKER, state: "ISOLATED" } });
    return api.client(DispatchService);
  }

  it.each([
    [
      "all, by origin",
      {},
      ["http://c.example.com:8080", "https://a.example.com", "https://b.example.com", "https://d.example.com"],
    ],
    ["those of a prefix", { originPrefix: "https://b" }, ["https://b.example.com"]],
    [
      "those whose breakers let nothing through",
      { breakerStates: [BreakerState.OPEN, BreakerState.ISOLATED] },
      ["https://b.example.com", "https://d.example.com"],
    ],
    ["those that are disabled", { disabledOnly: true }, ["http://c.example.com:8080"]],
  ])("shows %s", async (_, filter, origins) => {
    const { destinations } = await listed().listDestinations(filter);
    expect(destinations.map(({ origin }) => origin)).toEqual(origins);
  });

  it("goes page by page", async () => {
    const client = listed();
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await client.listDestinations({ pageSize: 1, pageToken, originPrefix: "https://" });
      seen.push(...page.destinations.map(({ origin }) => origin));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(["https://a.example.com", "https://b.example.com", "https://d.example.com"]);
  });

  it("looks at so many in one call only, and goes on from there", async () => {
    const api = anApiInProcess();
    for (let number = 0; number < 5100; number++) {
      const origin = `https://h${String(number).padStart(4, "0")}.example.com`;
      api.runtime.putDestination(aDestination({ origin, ...(number === 5050 && { breaker: OPEN }) }));
    }
    const client = api.client(DispatchService);
    const breakerStates = [BreakerState.OPEN];
    const first = await client.listDestinations({ breakerStates });
    expect(first.destinations).toEqual([]);
    expect(first.nextPageToken).not.toBe("");
    const second = await client.listDestinations({ breakerStates, pageToken: first.nextPageToken });
    expect(second.destinations.map(({ origin }) => origin)).toEqual(["https://h5050.example.com"]);
    expect(second.nextPageToken).toBe("");
  });
});

describe("UpdateDestination", () => {
  const update = (api: ReturnType<typeof given>, destination: JsonObject, updateMask?: string, more: JsonObject = {}) =>
    api.dispatches.updateDestination(
      fromJson(UpdateDestinationRequestSchema, {
        destination: { origin: ORIGIN, ...destination },
        ...(updateMask !== undefined && { updateMask }),
        ...more,
      }),
    );

  it("changes what the message has set, each setting as a whole (R-141)", async () => {
    const api = given();
    const settings = { maxConcurrent: 5, rateLimit: { perSecond: 2.5 }, breaker: { consecutiveFailures: 9 } };
    const { destination } = await update(api, { settings });
    expect(api.updates).toEqual([
      {
        change: {
          maxConcurrent: 5,
          rate: { perSecond: 2.5, burst: 3 },
          breaker: expect.objectContaining({ consecutiveFailures: 9, openMs: 60_000, maxOpenMs: 600_000 }),
        },
      },
    ]);
    expect(destination?.settings).toMatchObject(settings);
  });

  it("changes what the mask names, back to defaults too", async () => {
    const api = given();
    const settings: JsonObject = {
      successRules: [{ path: "errcode", equals: 0 }, { path: "ok" }],
      disableAfter: "0s",
      connectTimeout: "1s",
    };
    await update(api, { settings }, "settings.successRules,settings.disableAfter,settings.rateLimit");
    expect(api.updates[0]?.change).toEqual({
      successRules: [
        { path: "errcode", equals: 0 },
        { path: "ok", equals: null },
      ],
      disableAfterMs: null,
      rate: null,
    });
    await update(api, {}, "settings");
    expect(Object.keys(api.updates[1]?.change ?? {})).toHaveLength(7);
  });

  it("hands on etag and request id", async () => {
    const api = given();
    await update(api, { settings: { maxConcurrent: 1 }, etag: "7" }, undefined, { requestId: "r" });
    expect(api.updates).toMatchObject([{ etag: "7", requestId: "r" }]);
  });

  it("isolates, lets go again, and asks for nothing that is so already", async () => {
    const api = given();
    const commands = () => api.runtime.asked.map(({ command }) => command).filter((command) => command !== "get");
    const isolated = await update(api, { isolated: true }, undefined, { reason: "they move", requestId: "r" });
    expect(isolated.destination).toMatchObject({
      isolated: true,
      breaker: { state: BreakerState.ISOLATED, reason: "they move" },
    });
    await update(api, { isolated: true }, "isolated");
    const free = await update(api, {}, "isolated", { requestId: "r" });
    expect(free.destination).toMatchObject({ isolated: false, breaker: { state: BreakerState.CLOSED } });
    await update(api, {}, "isolated");
    expect(commands()).toEqual(["isolate", "reset"]);
    const ids = api.runtime.asked.map(({ args }) => (args[1] as { requestId?: string } | undefined)?.requestId);
    expect(ids.filter((id) => id !== undefined)).toEqual(["r:isolate", "r:reset"]);
  });

  it("with both, sets first and isolates last", async () => {
    const api = given();
    const { destination } = await update(api, { isolated: true, settings: { maxConcurrent: 3 } }, "*");
    expect(destination).toMatchObject({ isolated: true, settings: { maxConcurrent: 3 } });
  });

  it.each<[string, JsonObject, string | undefined, string]>([
    ["no origin", { origin: "hooks" }, "settings", "destination.origin"],
    ["nothing to change", {}, undefined, "destination"],
    ["what only the system sets", {}, "disabled", "updateMask.paths[0]"],
    ["the breaker's state", {}, "breaker", "updateMask.paths[0]"],
    ["a setting that there is not", {}, "settings.colour", "updateMask.paths[0]"],
    ["a part of a setting", {}, "settings.breaker.causes", "updateMask.paths[0]"],
    ["no delivery at a time", { settings: { maxConcurrent: 0 } }, undefined, "destination.settings.maxConcurrent"],
    ["a rate of nothing", { settings: { rateLimit: {} } }, undefined, "destination.settings.rateLimit.perSecond"],
    [
      "a rule about nothing",
      { settings: { successRules: [{}] } },
      undefined,
      "destination.settings.successRules[0].path",
    ],
    [
      "a rule with a broken path",
      { settings: { successRules: [{ path: "a" }, { path: "a..b" }] } },
      undefined,
      "destination.settings.successRules[1].path",
    ],
    [
      "a ratio above all",
      { settings: { breaker: { failureRatio: 1.1 } } },
      undefined,
      "destination.settings.breaker.failureRatio",
    ],
    ["a short window", { settings: { breaker: { window: "0.5s" } } }, undefined, "destination.settings.breaker.window"],
    [
      "a rest that ends before it begins",
      { settings: { breaker: { openDuration: "60s", maxOpenDuration: "30s" } } },
      undefined,
      "destination.settings.breaker.maxOpenDuration",
    ],
    [
      "a cause that is none",
      { settings: { breaker: { causes: ["FAILURE_CAUSE_UNSPECIFIED"] } } },
      undefined,
      "destination.settings.breaker.causes[0]",
    ],
    ["a timeout of nothing", { settings: { connectTimeout: "0s" } }, undefined, "destination.settings.connectTimeout"],
    ["a long timeout", { settings: { headersTimeout: "601s" } }, undefined, "destination.settings.headersTimeout"],
  ])("refuses %s", async (_, destination, mask, field) => {
    const api = given();
    expect(await refusalOf(update(api, destination, mask))).toMatchObject({ reason: "INVALID_FIELD", fields: [field] });
    expect(api.updates).toEqual([]);
  });
});

describe("ResetDestination", () => {
  it("opens the way again", async () => {
    const { dispatches } = given(aDestination({ breaker: OPEN, disabled: { at: 1, reason: "gone" } }));
    const { destination } = await dispatches.resetDestination({ origin: `${ORIGIN}/` });
    expect(destination).toMatchObject({ origin: ORIGIN, disabled: false, breaker: { state: BreakerState.CLOSED } });
  });
});

describe("RotateSecret", () => {
  it("makes a secret, seals it, and shows it in this answer", async () => {
    const { dispatches, runtime, box } = given();
    const { secret, destination } = await dispatches.rotateSecret({ origin: ORIGIN });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const { args } = runtime.asked.find(({ command }) => command === "rotateSecret")!;
    expect(args).toEqual([ORIGIN, { sealed: sealed(secret), overlapMs: 86_400_000 }]);
    expect(box.open(sealed(secret))).toBe(secret);
    expect(destination?.secrets).toHaveLength(1);
  });

  it("takes the caller's own, and the overlap it is told", async () => {
    const { dispatches, runtime } = given();
    const answer = await dispatches.rotateSecret({ origin: ORIGIN, secret: SECRET, overlap: durationFromMs(0) });
    expect(answer.secret).toBe(SECRET);
    expect(runtime.asked.find(({ command }) => command === "rotateSecret")!.args[1]).toMatchObject({ overlapMs: 0 });
  });

  it("answers with the secret that signs when an earlier try under the request id made it", async () => {
    const made = { id: "s", sealed: sealed(SECRET), createdAt: MANUAL_START_AT, expiresAt: null };
    const view = viewOf(aDestination({ revision: 1, secrets: [made] }));
    const api = anApiInProcess({ destinations: { rotateSecret: async () => view, get: async () => view } });
    const answer = await api.client(DispatchService).rotateSecret({ origin: ORIGIN, requestId: "r" });
    expect(answer.secret).toBe(SECRET);
  });

  it.each([
    ["no origin", { origin: "x" }, "origin"],
    ["another form of secret", { origin: ORIGIN, secret: "abc" }, "secret"],
    ["a short secret", { origin: ORIGIN, secret: "whsec_YWJj" }, "secret"],
    ["a long overlap", { origin: ORIGIN, overlap: durationFromMs(31 * 86_400_000) }, "overlap"],
  ])("refuses %s", async (_, request, field) => {
    expect(await refusalOf(given().dispatches.rotateSecret(request))).toMatchObject({ fields: [field] });
  });

  it("needs a key to keep it with", async () => {
    const { dispatches, box } = given();
    box.ready = false;
    expect(await refusalOf(dispatches.rotateSecret({ origin: ORIGIN }))).toMatchObject({
      reason: "SECRET_KEY_MISSING",
    });
  });
});
