/** Troubles of a platform in the middle of a life: whichever it is, the platform ends right, and what failed and why stands in the log. */
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PlatformTokenState } from "../../../src/gen/belfry/v1/platform_pb.ts";
import { PushState } from "../../../src/gen/belfry/v1/push_pb.ts";
import type { Fault } from "../../support/platforms/faults.ts";
import {
  answersHttp,
  answersNonsense,
  garblesAnswer,
  losesAnswer,
  resets,
  slow,
  staysSilent,
} from "../../support/platforms/faults.ts";
import { until } from "../../support/until.ts";
import { refusesItems } from "../../support/platforms/ttc-answers.ts";
import { CENTRES, SHUWEI, SHUWEI_V2 } from "./centres.ts";
import type { Told } from "./living.ts";
import { aPlatform, expectEnd, expectOrder } from "./living.ts";
import { FULL } from "./lives.ts";
import type { PlatformSite } from "./site.ts";
import { openPlatformSite, QUICK } from "./site.ts";

const WHOLE = { isWhole: true, order: "in order" };
const PARTLY = { isWhole: false, order: "in order" };
const WAITS_MS = 400;

let site: PlatformSite;
beforeAll(async () => {
  site = await openPlatformSite();
});
afterAll(() => site[Symbol.asyncDispose]());

describe.concurrent.each(CENTRES.filter(({ hasTokens }) => hasTokens))("$name, whose token", (centre) => {
  test("is taken no more in the middle of a life: one new token, and no attempt is lost (R-015, R-021, R-046, R-055)", async () => {
    await using told = await aPlatform(site, centre);
    const { platform, platformId } = told;
    const approval = told.begins();
    await told.report(approval, FULL, 0, 1);
    await site.settled(platformId);
    platform.expireTokens();
    await told.report(approval, FULL, 1);
    const logs = await site.settled(platformId);
    expectEnd(told, approval, FULL, PARTLY);
    expectOrder(told);
    expect(platform.tokensIssued).toBe(2);
    expect(logs.reduce((sum, { retryCount }) => sum + retryCount, 0)).toBe(0);
    const exchanges = (await Promise.all(logs.map(({ id }) => site.exchanges(id)))).flat();
    const refused = exchanges.findIndex((each) => each.class === "auth");
    expect(
      exchanges.slice(refused, refused + 3).map(({ operation, class: what }) => [operation === "token", what]),
    ).toEqual([
      [false, "auth"],
      [true, "ok"],
      [false, "ok"],
    ]);
  });

  test("cannot be had: that stands in its status, costs no attempt, and no secret is shown (R-021, R-087)", async () => {
    await using told = await aPlatform(site, centre);
    const { platform, platformId } = told;
    platform.faults.next(1, answersHttp(503), { on: "token" });
    const approval = told.begins();
    await told.report(approval, FULL);
    await until(async () => (await site.status(platformId)).token?.failure !== undefined, "the token is known to fail");
    expect((await site.status(platformId)).token).toMatchObject({
      state: PlatformTokenState.FAILED,
      failure: { code: "HTTP_503" },
    });
    // Nobody has to wait until it is asked for again by itself.
    const { test: tested } = await site.platforms.refreshToken({ platformId });
    expect(tested).toMatchObject({ ok: true });
    await site.platforms.resetBreaker({ platformId });
    const logs = await site.settled(platformId);
    expectEnd(told, approval, FULL, PARTLY);
    expectOrder(told);
    const { token } = await site.status(platformId);
    expect(token?.state).toBe(PlatformTokenState.VALID);
    expect(token?.failure).toBeUndefined();
    expect(logs.reduce((sum, { retryCount }) => sum + retryCount, 0)).toBe(0);
    const exchanges = (await Promise.all(logs.map(({ id }) => site.exchanges(id)))).flat();
    const text = JSON.stringify([...exchanges, ...(tested?.exchanges ?? [])], (_, value: unknown) =>
      typeof value === "bigint" ? Number(value) : value,
    );
    for (const secret of ["ability-secret", "jinzhi-secret", "ttc-secret", "tongyi-secret"]) {
      expect(text).not.toContain(secret);
    }
    for (const { text: value } of platform.tokens.issued) expect(text).not.toContain(value);
  });
});

interface Trouble {
  readonly what: string;
  readonly fault: Fault;
  /** Of the failure in the log. Left out: a connection that breaks may be one that was left open too long; then it is simply sent once more. */
  readonly code?: string;
}

const TROUBLES: readonly Trouble[] = [
  { what: "answers 500 (R-016, R-029, R-058)", fault: answersHttp(500), code: "HTTP_500" },
  { what: "answers 503 and asks to wait", fault: answersHttp(503, "busy", { "retry-after": "1" }), code: "HTTP_503" },
  { what: "breaks the connection (R-017)", fault: resets() },
  { what: "takes it, and breaks off before it answers (R-052, R-060)", fault: losesAnswer() },
  { what: "does not answer in time", fault: staysSilent(), code: "NO_ANSWER" },
  { what: "takes it too late (R-052, R-060)", fault: slow(2 * WAITS_MS), code: "NO_ANSWER" },
  { what: "answers with the page of a proxy (R-017)", fault: answersNonsense(), code: "BAD_ANSWER" },
  { what: "answers with half a JSON (R-017)", fault: garblesAnswer(), code: "BAD_ANSWER" },
];

describe.concurrent.each(CENTRES)("$name, in the middle of a life", (centre) => {
  test.each(TROUBLES)("$what: tried again, once", async ({ fault, code }) => {
    await using told = await aPlatform(site, centre, { ...QUICK, requestTimeout: durationFromMs(WAITS_MS) });
    const { platform, platformId } = told;
    const approval = told.begins();
    for (const index of FULL.steps.keys()) {
      if (index % 2 === 0) platform.faults.next(1, fault);
      await told.report(approval, FULL, index, index + 1);
      await site.settled(platformId);
      await platform.until(() => platform.calls.every(({ reply }) => reply !== undefined), "all calls have an answer");
    }
    expectEnd(told, approval, FULL, WHOLE);
    expectOrder(told);
    const logs = await site.logs({ platformId });
    expect(logs.map(({ state }) => state)).not.toContain(PushState.FAILED);
    const first = await site.exchanges(logs[0]?.id ?? "");
    const failed = first.find((each) => each.class !== "ok");
    if (code !== undefined) expect(failed).toMatchObject({ class: "transient", code });
    expect(await site.drift(platformId)).toEqual([]);
  });

  test("it refuses for good: explained in a sentence, and good again after a reconciliation (R-016, R-059, R-066, R-069, R-076, R-077)", async () => {
    await using told = await aPlatform(site, centre);
    const { platform, platformId } = told;
    const approval = told.begins();
    platform.faults.next(1, answersHttp(422, '{"e":1,"m":"字段不合法"}'));
    await told.report(approval, FULL, 0, 1);
    const [log] = await site.settled(platformId);
    expect(log).toMatchObject({ state: PushState.FAILED, retryCount: 0, thirdId: approval.thirdId("a") });
    expect(log?.failTime).toBeDefined();
    const why = await site.pushes.getPushError({ pushLogId: log?.id ?? "" });
    expect(why).toMatchObject({ class: "permanent", code: "HTTP_422", retryable: false });
    expect(why.summary).not.toBe("");
    expect(why.advice).not.toBe("");
    expect(why.lastExchange?.response?.status).toBe(422);
    expect(await site.drift(platformId)).not.toEqual([]);

    await site.driftless(platformId);
    await told.report(approval, FULL, 1);
    await site.settled(platformId);
    expectEnd(told, approval, FULL, PARTLY);
    expectOrder(told);
  });
});

describe.concurrent.each([SHUWEI, SHUWEI_V2])("$name, whose code 0 hides errorIds", (centre) => {
  const handled = async (told: Told, fault: Fault, times: number) => {
    const approval = told.begins();
    await told.report(approval, FULL, 0, 3);
    await site.settled(told.platformId);
    told.platform.faults.next(times, fault, { on: "complete" });
    await told.report(approval, FULL, 3, 4);
    const logs = await site.settled(told.platformId);
    return { approval, log: logs.at(-1) };
  };

  test("500 of our todo: tried again (R-051)", async () => {
    await using told = await aPlatform(site, centre);
    const { approval, log } = await handled(told, refusesItems(500, "business failure"), 2);
    expect(log).toMatchObject({ action: "after_examine", state: PushState.SUCCEEDED, retryCount: 2 });
    await told.report(approval, FULL, 4);
    await site.settled(told.platformId);
    expectEnd(told, approval, FULL, WHOLE);
    expectOrder(told);
  });

  test("400 of our todo: refused for good, and made good by the reconciliation (R-050, R-076)", async () => {
    await using told = await aPlatform(site, centre);
    const { approval, log } = await handled(told, refusesItems(400, "参数错误"), 1);
    expect(log).toMatchObject({ state: PushState.FAILED, retryCount: 0 });
    expect(await site.pushes.getPushError({ pushLogId: log?.id ?? "" })).toMatchObject({
      class: "permanent",
      code: "400",
    });
    await site.driftless(told.platformId);
    await told.report(approval, FULL, 4);
    await site.settled(told.platformId);
    expectEnd(told, approval, FULL, PARTLY);
    expectOrder(told);
  });
});
