import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { belfry, temporaryFolder } from "./belfry-process.ts";

describe("the demo", () => {
  it("shows each kind of life in a few seconds, ends by itself, and leaves nothing behind (R-104, R-122)", async () => {
    const temporary = await temporaryFolder();
    const { code, out, err } = await belfry(["demo", "--seconds", "3"], { TMPDIR: temporary });
    expect(err).toEqual([]);
    expect(code).toBe(0);
    expect(out).toMatch(/^Belfry demo on http:\/\/127\.0\.0\.1:\d+: a worker and 4 definitions\.$/m);
    expect(out).toMatch(/^tick +cron \*\/2 \* \* \* \* \* +每两秒敲一次钟/m);
    expect(out).toMatch(/instance\.failed +doomed #1 .*code=NO_SUCH_SERVER/);
    expect(out).toMatch(/instance\.completed +tick #1 /);
    expect(out).toMatch(/instance\.retrying +flaky #1 .*code=BUSY/);
    expect(out).toMatch(/instance\.progressed +report #1 /);
    expect(out).toMatch(/^\d+ instances: .*\d+ completed/m);
    expect(await readdir(temporary)).toEqual([]);
  });
});
