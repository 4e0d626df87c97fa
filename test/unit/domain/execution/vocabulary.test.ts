import { describe, expect, it } from "vitest";
import {
  CELERY_STATUSES,
  celeryStatusOf,
  reportedStateOf,
  statesOfStatus,
} from "../../../../src/domain/execution/celery-status.ts";
import { VOCABULARIES, readStatus } from "../../../../src/domain/execution/vocabulary.ts";

describe("statuses by Celery's names", () => {
  it.each([
    ["PENDING", "PENDING"],
    ["RUNNING", "STARTED"],
    ["BACKING_OFF", "RETRY"],
    ["PAUSED", "PENDING"],
    ["COMPLETED", "SUCCESS"],
    ["FAILED", "FAILURE"],
    ["TIMED_OUT", "FAILURE"],
    ["CANCELLED", "REVOKED"],
  ] as const)("R-136: %s is %s", (state, status) => {
    expect(celeryStatusOf(state)).toBe(status);
    expect(statesOfStatus(status)).toContain(state);
  });

  it.each(CELERY_STATUSES)("R-136: what is reported as %s is shown as that", (status) => {
    expect(celeryStatusOf(reportedStateOf(status))).toBe(status);
  });
});

describe("words of other projects", () => {
  it.each([
    ["pending", "PENDING"],
    ["running", "STARTED"],
    ["completed", "SUCCESS"],
    ["failed", "FAILURE"],
    ["cancelled", "REVOKED"],
    ["newshub:running", "STARTED"],
    ["devify:cancelled", "REVOKED"],
    ["STARTED", "STARTED"],
  ])("R-136: %s means %s", (word, status) => {
    expect(readStatus(word)).toEqual({ kind: "known", status, kept: null });
  });

  it.each(["partial", "newshub:partial"])("R-136: %s is FAILURE, and the word is kept", (word) => {
    expect(readStatus(word)).toEqual({ kind: "known", status: "FAILURE", kept: "partial" });
  });

  it.each([
    "started",
    "Running",
    "done",
    "",
    ":",
    "devify:pending",
    "devify:partial",
    "another:running",
    "__proto__:x",
    "toString",
    "newshub:running:x",
  ])("%j is none, and the answer lists those there are", (word) => {
    expect(readStatus(word)).toEqual({
      kind: "unknown",
      description:
        "must be one of PENDING, STARTED, RETRY, SUCCESS, FAILURE, REVOKED; pending, running, completed, failed, partial (newshub); running, completed, failed, cancelled (devify)",
    });
  });

  it("mean the same in every vocabulary that has them, so a word alone is enough", () => {
    const meanings = new Map<string, string>();
    for (const table of Object.values(VOCABULARIES)) {
      for (const [word, status] of Object.entries(table)) {
        expect(meanings.get(word) ?? status).toBe(status);
        meanings.set(word, status);
      }
    }
  });
});
