import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

const SUMMARY = resolve(import.meta.dirname, "../../../.ci/summary.cjs");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "belfry-summary-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The last line and the exit code for a report of these counts and files. */
async function summaryOf(counts: Partial<Record<"passed" | "failed" | "pending", number>>, files: object[] = []) {
  const report = {
    numPassedTests: counts.passed ?? 0,
    numFailedTests: counts.failed ?? 0,
    numPendingTests: counts.pending ?? 0,
    numTodoTests: 0,
    testResults: files,
  };
  const file = join(folder, "report.json");
  await writeFile(file, JSON.stringify(report));
  return run(file);
}

function run(file: string) {
  const { stdout, status } = spawnSync(process.execPath, [SUMMARY, file], { encoding: "utf8" });
  return { line: stdout.trim().split("\n").at(-1), code: status };
}

describe("the closing line of a run", () => {
  it("counts what passed", async () => {
    expect(await summaryOf({ passed: 3 })).toEqual({ line: "3 passed, 0 failed", code: 0 });
  });

  it("fails when a test failed", async () => {
    const file = { status: "failed", assertionResults: [{ status: "failed" }, { status: "passed" }] };
    expect(await summaryOf({ passed: 1, failed: 1 }, [file])).toEqual({ line: "1 passed, 1 failed", code: 1 });
  });

  it("counts a file that cannot be loaded as a failure", async () => {
    const file = { status: "failed", assertionResults: [] };
    expect(await summaryOf({ passed: 1 }, [file])).toEqual({ line: "1 passed, 1 failed", code: 1 });
  });

  it("fails when no test ran", async () => {
    expect(await summaryOf({})).toEqual({ line: "0 passed, 0 failed", code: 1 });
  });

  it("fails when there is no report", () => {
    expect(run(join(folder, "gone.json"))).toEqual({ line: "0 passed, 0 failed", code: 1 });
  });

  it("shows what was skipped", async () => {
    expect(await summaryOf({ passed: 1, pending: 2 })).toEqual({ line: "1 passed, 0 failed, 2 skipped", code: 0 });
  });
});
