import { describe, expect, it } from "vitest";
import { CLOSED_BREAKER, type BreakerState } from "../../../../src/domain/breaker.ts";
import { BelfryError } from "../../../../src/domain/error.ts";
import { DEFAULT_DESTINATION_SETTINGS, type DestinationRecord } from "../../../../src/domain/webhook/destination.ts";
import { DispatchService } from "../../../../src/gen/belfry/v1/dispatch_service_pb.ts";
import { WaitingReason } from "../../../../src/gen/belfry/v1/instance_pb.ts";
import { InstanceService } from "../../../../src/gen/belfry/v1/instance_service_pb.ts";
import { nameIn } from "../../../../src/server/mapping/enumeration.ts";
import type { DestinationView } from "../../../../src/runtime/index.ts";
import { anApiInProcess } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT, settled } from "../../../support/manual-clock.ts";
import { anInstance } from "../../../support/records.ts";
import { aDestination, aDispatch, aWebhook, ORIGIN, viewOf } from "./given.ts";

const waiting = aDispatch({ state: "PENDING", life: { waitingReason: "NO_WORKER" } });

function given(stored: DestinationRecord | undefined, get?: (origin: string) => Promise<DestinationView>) {
  const api = anApiInProcess(get === undefined ? {} : { destinations: { get } });
  if (stored !== undefined) api.runtime.putDestination(stored);
  api.runtime.put(waiting);
  return api;
}

async function reasonIn(api: ReturnType<typeof given>): Promise<string | undefined> {
  const { dispatch } = await api.client(DispatchService).getDispatch({ dispatchId: waiting.id });
  return nameIn(WaitingReason, dispatch?.waitingReason ?? 0);
}

describe("a dispatch that waits shows what for", () => {
  it.each(["OPEN", "HALF_OPEN", "ISOLATED"] satisfies BreakerState[])("a breaker that is %s", async (state) => {
    const api = given(aDestination({ breaker: { ...CLOSED_BREAKER, state } }));
    expect(await reasonIn(api)).toBe("BREAKER_OPEN");
    expect(api.runtime.asked).toEqual([]);
  });

  it("a destination that is disabled", async () => {
    expect(await reasonIn(given(aDestination({ disabled: { at: 1, reason: "gone" } })))).toBe("BREAKER_OPEN");
  });

  it("a destination that asked to be left alone, until that time", async () => {
    const api = given(aDestination({ heldUntil: MANUAL_START_AT + 1000 }));
    expect(await reasonIn(api)).toBe("RATE_LIMITED");
    await api.clock.advance(1000);
    expect(await reasonIn(api)).toBe("NO_WORKER");
  });

  it("others under way, and a rate that is used up", async () => {
    const settings = { ...DEFAULT_DESTINATION_SETTINGS, maxConcurrent: 2, rate: { perSecond: 1, burst: 1 } };
    const view = (underWay: number) => async () => viewOf(aDestination({ settings }), { underWay });
    expect(await reasonIn(given(undefined, view(2)))).toBe("CONCURRENCY");
    expect(await reasonIn(given(undefined, view(1)))).toBe("RATE_LIMITED");
  });

  it("what the node that serves it knows before the store does", async () => {
    const open = aDestination({ breaker: { ...CLOSED_BREAKER, state: "OPEN" } });
    expect(await reasonIn(given(aDestination(), async () => viewOf(open)))).toBe("BREAKER_OPEN");
  });

  it("nobody who takes it, when nothing else is known", async () => {
    expect(await reasonIn(given(undefined))).toBe("NO_WORKER");
    const refuses = async () => {
      throw new BelfryError("SHARD_UNAVAILABLE", "Nobody has it.");
    };
    expect(await reasonIn(given(undefined, refuses))).toBe("NO_WORKER");
  });

  it("and is not kept back by a node that does not answer", async () => {
    const api = given(undefined, () => new Promise(() => {}));
    const reason = reasonIn(api);
    await settled();
    await api.clock.advance(250);
    expect(await reason).toBe("NO_WORKER");
    expect(api.clock.pendingTimers).toBe(0);
  });
});

describe("what it costs to know that", () => {
  const asks = (api: ReturnType<typeof anApiInProcess>) => api.runtime.asked.length;

  it("is nothing for what does not wait for a destination", async () => {
    const api = anApiInProcess();
    api.runtime.actorStates.load = () => Promise.reject(new Error("nobody should ask"));
    api.runtime.put(
      anInstance({ id: "worker", life: { waitingReason: "NO_WORKER" } }),
      aDispatch({ id: "ordered", life: { waitingReason: "CONCURRENCY" } }),
      aDispatch({ id: "running", state: "RUNNING", life: { waitingReason: null } }),
    );
    const { instances } = await api.client(InstanceService).listInstances({});
    expect(instances).toHaveLength(3);
    expect(asks(api)).toBe(0);
  });

  it("is one look for each destination, and a bounded number of questions", async () => {
    const api = anApiInProcess();
    for (let number = 0; number < 60; number++) {
      const url = `https://h${number % 30}.example.com/x`;
      api.runtime.put(aDispatch({ id: idOf(number), action: aWebhook({ url }), life: { waitingReason: "NO_WORKER" } }));
    }
    const loads: number[] = [];
    const load = api.runtime.actorStates.load.bind(api.runtime.actorStates);
    api.runtime.actorStates.load = (kind, ids) => {
      loads.push(ids.length);
      return load(kind, ids);
    };
    const { dispatches } = await api.client(DispatchService).listDispatches({ pageSize: 500 });
    expect(dispatches).toHaveLength(60);
    expect(loads).toEqual([30]);
    expect(asks(api)).toBe(16);
  });
});

describe("where it shows", () => {
  it("is wherever instances are read", async () => {
    const api = given(aDestination({ breaker: { ...CLOSED_BREAKER, state: "OPEN" } }));
    const instances = api.client(InstanceService);
    const instanceId = waiting.id;
    expect((await instances.getInstance({ instanceId })).instance?.waitingReason).toBe(WaitingReason.BREAKER_OPEN);
    expect((await instances.listInstances({})).instances[0]?.waitingReason).toBe(WaitingReason.BREAKER_OPEN);
    const explained = await instances.explainInstance({ instanceId });
    expect(explained.summary).toContain(`nothing goes to ${ORIGIN} now: its breaker is open, or it is disabled`);
    const watch = instances.watchInstance({ instanceId })[Symbol.asyncIterator]();
    expect((await watch.next()).value.instance?.waitingReason).toBe(WaitingReason.BREAKER_OPEN);
    await watch.return?.();
    const { dispatches } = await api.client(DispatchService).listDispatches({});
    expect(dispatches[0]?.waitingReason).toBe(WaitingReason.BREAKER_OPEN);
  });
});

function idOf(number: number): string {
  return `wf_1767225600000_${String(number).padStart(20, "0")}`;
}
