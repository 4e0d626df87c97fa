import { describe, expect, it } from "vitest";
import { CLOSED_BREAKER } from "../../../../src/domain/breaker.ts";
import type { PlatformRecord } from "../../../../src/domain/platform/platform.ts";
import { stateOfPlatform } from "../../../../src/domain/platform/platform.ts";
import { InstanceService, WaitingReason } from "../../../../src/client/index.ts";
import { rowsOf } from "../../../../src/store/memory/tables.ts";
import { anApiInProcess } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { anInstance } from "../../../support/records.ts";
import { aPlatform } from "./given.ts";

/** Why a push waits whose platform is so. @param underWay as the node says that has it; left out: it is not to be asked. */
async function reasonWhen(given: Partial<PlatformRecord>, underWay?: number): Promise<WaitingReason | undefined> {
  const record = aPlatform({ id: "p1", enabled: true, ...given });
  const api = anApiInProcess(
    underWay === undefined ? {} : { platforms: { get: async () => ({ record, underWay, waiting: 1 }) } },
  );
  const { id, shard, updatedAt } = record;
  const row = { kind: "platform", id, shard, state: stateOfPlatform(record), updatedAt } as const;
  rowsOf(api.runtime.tables.actorStates, "platform").set(id, row);
  const waiting = anInstance({
    state: "PENDING",
    life: { waitingReason: "NO_WORKER" },
    spec: {
      action: {
        kind: "push",
        platformId: id,
        sessionId: "77",
        workItemId: "9001",
        action: "receive",
        transfer: null,
        note: "",
        origin: "EVENT",
        force: false,
      },
    },
  });
  api.runtime.put(waiting);
  const { instance } = await api.client(InstanceService).getInstance({ instanceId: waiting.id });
  return instance?.waitingReason;
}

const failure = { code: "40001", message: "no", at: MANUAL_START_AT };

describe("a push that waits shows what for", () => {
  it.each<[string, Partial<PlatformRecord>, WaitingReason]>([
    ["a breaker that is open", { breaker: { ...CLOSED_BREAKER, state: "OPEN" } }, WaitingReason.BREAKER_OPEN],
    [
      "a platform that could not give a token",
      { tokenFailure: { ...failure, retryAt: MANUAL_START_AT + 5000 } },
      WaitingReason.BREAKER_OPEN,
    ],
    ["one that asked to be left alone", { heldUntil: MANUAL_START_AT + 1000 }, WaitingReason.RATE_LIMITED],
  ])("%s", async (_, given, reason) => {
    expect(await reasonWhen(given)).toBe(reason);
  });

  it("others under way, or nothing that is known", async () => {
    expect(await reasonWhen({}, 8)).toBe(WaitingReason.CONCURRENCY);
    expect(await reasonWhen({}, 1)).toBe(WaitingReason.NO_WORKER);
  });
});
