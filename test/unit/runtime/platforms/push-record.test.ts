import { expect, it } from "vitest";
import { pushMetadataOf } from "../../../../src/domain/approval/push-log.ts";
import type { PlatformPush } from "../../../../src/domain/approval/platform-push.ts";
import { Masking } from "../../../../src/domain/webhook/masking.ts";
import { metadataOf } from "../../../../src/runtime/platforms/push-record.ts";
import { aSession, aWorkItem } from "../../../contract/store/given-approvals.ts";

/** Of a push about item 9 of session 77, that has the items 9 and 90. */
function namedBy(thirdIds: readonly string[], workItemId: string | null = "9"): string | undefined {
  const push: PlatformPush = {
    kind: "push",
    platformId: "p1",
    sessionId: "77",
    workItemId,
    action: "manual",
    transfer: null,
    note: "",
    origin: "MANUAL",
    force: false,
  };
  const desired = new Map(thirdIds.map((thirdId) => [thirdId, "RUNNING"]));
  const items = ["9", "90"].map((id) => aWorkItem({ item: { id, sessionId: "77" } }));
  const metadata = metadataOf(
    {
      push,
      known: { session: aSession({ session: { id: "77" } }), items, states: [] },
      planned: { kind: "push", desired, assignees: [], operations: [] },
      report: { failure: null, isTooEarly: false, acknowledged: new Map(), steps: [] },
    },
    new Masking([]),
  );
  return pushMetadataOf(metadata)?.thirdId;
}

it("The log of a push names the id of its own item, not of another one that begins the same", () => {
  expect(namedBy(["77", "77_90", "77_9"])).toBe("77_9");
  expect(namedBy(["77", "77_90_anna", "77_9_anna"])).toBe("77_9_anna");
  expect(namedBy(["77", "90", "9"])).toBe("9");
});

it("The log of a push that tells the platform of no id of its item names the first that it tells", () => {
  expect(namedBy(["77", "77_90"])).toBe("77");
  expect(namedBy(["77", "77_9"], null)).toBe("77");
  expect(namedBy([])).toBe("");
});
