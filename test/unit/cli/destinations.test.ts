import { describe, expect, it, onTestFinished } from "vitest";
import { CLOSED_BREAKER } from "../../../src/domain/breaker.ts";
import { DEFAULT_DESTINATION_SETTINGS, type DestinationRecord } from "../../../src/domain/webhook/destination.ts";
import type { DestinationCommands } from "../../../src/runtime/index.ts";
import { anApiServer } from "../../support/api-server.ts";
import { MANUAL_START_AT } from "../../support/manual-clock.ts";
import { aDestination, HOOK, ORIGIN, viewOf } from "../server/dispatch/given.ts";
import { belfryHere, jsonHere } from "./belfry-here.ts";

const failing = aDestination({
  revision: 2,
  settings: {
    ...DEFAULT_DESTINATION_SETTINGS,
    rate: { perSecond: 5, burst: 10 },
    successRules: [{ path: "errcode", equals: 0 }],
  },
  breaker: {
    ...CLOSED_BREAKER,
    state: "OPEN",
    since: MANUAL_START_AT,
    consecutiveFailures: 3,
    reason: "3 failures in a row",
    lastFailure: { cause: "TIMEOUT", message: "no answer", at: MANUAL_START_AT },
  },
});

async function given(record: DestinationRecord = failing) {
  const view = async (change: Partial<DestinationRecord> = {}) => viewOf({ ...record, ...change }, { waiting: 4 });
  const destinations: Partial<DestinationCommands> = {
    get: () => view(),
    reset: () => view({ breaker: CLOSED_BREAKER }),
    isolate: (_, { reason }) => view({ breaker: { ...CLOSED_BREAKER, state: "ISOLATED", reason } }),
    rotateSecret: (_, { sealed }) => view({ secrets: [{ id: "s", sealed, createdAt: 1, expiresAt: null }] }),
  };
  const api = await anApiServer({ answers: { destinations } });
  onTestFinished(() => api[Symbol.asyncDispose]());
  api.runtime.putDestination(record);
  return { api, env: { BELFRY_SERVER: api.url } };
}

describe("belfry destinations", () => {
  it("list shows one in a line", async () => {
    const { env } = await given();
    const { out } = await belfryHere(["destinations", "list", "--breaker", "open,isolated"], env);
    expect(out.split("\n")[1]).toMatch(/^https:\/\/hooks\.example\.com  OPEN  .*  3  TIMEOUT: no answer$/);
    expect((await belfryHere(["destinations", "list", "--disabled"], env)).err).toEqual(["No destinations."]);
  });

  it("get shows how it stands and what is set, by any address there", async () => {
    const { api, env } = await given();
    const { out } = await belfryHere(["destinations", "get", HOOK], env);
    expect(api.runtime.asked[0]).toMatchObject({ command: "get", args: [ORIGIN] });
    expect(out).toMatch(/^breaker +OPEN$/m);
    expect(out).toMatch(/^because +3 failures in a row$/m);
    expect(out).toMatch(/^now +0 under way, 4 waiting$/m);
    expect(out).toMatch(/^rate +5 a second, 10 at once$/m);
    expect(out).toMatch(
      /^opens +after 3 failures in a row, or when 50 % of at least 20 calls in 1 min failed; for 1 min/m,
    );
    expect(out).toMatch(/^succeeds when +errcode = 0$/m);
    expect(out).toMatch(/^secrets +none: deliveries are not signed$/m);
  });

  it("get says that one is disabled, and why", async () => {
    const { env } = await given({ ...failing, disabled: { at: MANUAL_START_AT, reason: "It answered 410." } });
    const { out } = await belfryHere(["destinations", "get", ORIGIN], env);
    expect(out).toMatch(/^breaker +DISABLED$/m);
    expect(out).toMatch(/^because +It answered 410\.$/m);
  });

  it("reset closes the breaker, and isolate shuts it", async () => {
    const { env } = await given();
    expect((await belfryHere(["destinations", "reset", ORIGIN], env)).out).toMatch(/^breaker +CLOSED$/m);
    const { out } = await belfryHere(["destinations", "isolate", ORIGIN, "--reason", "they move"], env);
    expect(out).toMatch(/^breaker +ISOLATED$/m);
    expect(out).toMatch(/^because +they move$/m);
  });

  it("rotate-secret prints the secret and nothing else where a program reads it", async () => {
    const { api, env } = await given();
    const { out, err } = await belfryHere(["destinations", "rotate-secret", ORIGIN, "--overlap", "7d"], env);
    expect(out).toMatch(/^whsec_[A-Za-z0-9+/=]{44}\n$/);
    expect(err).toEqual(["Give it to the receiver: it is not shown again."]);
    const rotated = api.runtime.asked.find(({ command }) => command === "rotateSecret");
    expect(rotated?.args[1]).toMatchObject({ overlapMs: 604_800_000 });
    expect(await jsonHere(["destinations", "rotate-secret", ORIGIN], env)).toHaveProperty("secret");
  });
});
