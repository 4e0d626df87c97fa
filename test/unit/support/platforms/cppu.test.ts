import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../support/manual-clock.ts";
import { aCppu, CPPU } from "../../../support/platforms/cppu.ts";
import type { PlatformServer } from "../../../support/platforms/platform-server.ts";
import { type Answered, ask } from "./asking.ts";
import { anInstTask } from "./inst-tasks.ts";

const clock = new ManualClock();
const now = (): number => clock.now();

function push(
  platform: PlatformServer,
  { body = anInstTask(), at = String(clock.now()), secret = "cppu-secret", signed = "", headers = {} } = {},
): Promise<Answered> {
  const text = JSON.stringify(body);
  const sign = createHmac("sha256", secret)
    .update(`belfry${at}${signed || text}`)
    .digest("hex");
  const own = { "x-app-code": "belfry", "x-timestamp": at, "x-sign": sign };
  return ask(platform, "POST", CPPU.pushPath, text, { ...own, ...headers });
}

test("cppu takes what is signed, and believes what 能力中心 would", async () => {
  await using platform = await aCppu({ now });
  expect(await push(platform)).toMatchObject({ status: 200, body: { code: 0 } });
  expect(platform.believes.todosOf("10086")).toEqual(["9001"]);
  await push(platform, { body: anInstTask({ inst: { instStatus: 4 } }) });
  expect(platform.believes.instance(77)?.status).toBe(4);
  expect(platform.tokensIssued).toBe(0);
  expect(platform.violations).toEqual([]);
  expect(platform.refusals).toEqual([]);
});

describe("cppu refuses with 401", () => {
  test.each([
    ["another secret", { secret: "wrong" }, "签名错误"],
    ["a signature over another body", { signed: "{}" }, "签名错误"],
    ["another app code", { headers: { "x-app-code": "other" } }, "应用编码不存在"],
    ["a timestamp of long ago", { at: String(clock.now() - 300_001) }, "时间戳超出允许范围"],
  ])("%s", async (_what, wrong, message) => {
    await using platform = await aCppu({ now });
    expect(await push(platform, wrong)).toEqual({ status: 401, body: { code: 401, message } });
    expect(platform.refusals).toMatchObject([{ kind: "auth", message }]);
    expect(platform.believes.tasks).toEqual([]);
    expect(platform.violations).toEqual([]);
  });
});

describe("it breaks the contract of cppu", () => {
  test.each([
    ["to leave a header out", { headers: { "x-sign": "" } }, "header X-Sign is missing"],
    ["to give seconds", { at: String(Math.floor(clock.now() / 1000)) }, "X-Timestamp must be in ms"],
    ["to send another body", { body: { ...anInstTask(), extra: 1 } }, "extra is not a field of it"],
  ])("%s", async (_what, wrong, finding) => {
    await using platform = await aCppu({ now });
    await push(platform, wrong);
    expect(platform.violations).toHaveLength(1);
    expect(platform.violations[0]).toContain(finding);
  });
});
