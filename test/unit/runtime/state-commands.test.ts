import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import type { TestWorker } from "../../support/node.ts";
import { aWorker } from "../../support/node.ts";
import { BOOM, NO_TIMEOUTS, RARELY, aDefinition, aRetry, every, expectSound, given, trigger } from "./given.ts";
import type { Given } from "./given.ts";

const PAGE = new URL("../../../docs/state-commands.md", import.meta.url);
const PAST = { ...RARELY, endAt: 0 };

interface Cell {
  readonly command: string;
  readonly state: string;
  readonly outcome: string;
}

/** The cells of all tables below a heading. */
function cellsBelow(heading: string): readonly Cell[] {
  const [, section = ""] = readFileSync(PAGE, "utf8").split(`\n## ${heading}\n`);
  const lines = (section.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("|"));
  let states: readonly string[] = [];
  return lines.flatMap((line) => {
    const [command = "", ...rest] = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (command === "command") {
      states = rest;
      return [];
    }
    return command.startsWith("-")
      ? []
      : rest.map((outcome, index) => ({ command, state: states[index] ?? "", outcome }));
  });
}

/** The state afterwards, or why it was refused. */
async function outcomeOf(command: () => Promise<string>): Promise<string> {
  return command().catch((error: Error & { reason?: string }) => error.reason ?? error.message);
}

describe("a definition (R-092)", () => {
  let world: Given;

  const put: Record<string, (id: string) => Promise<unknown>> = {
    ACTIVE: async () => {},
    PAUSED: (id) => world.node.definitions.pause(id, { reason: "" }),
    COMPLETED: (id) => world.node.definitions.update(id, { change: (spec) => ({ ...spec, schedule: PAST }) }),
    CANCELLED: (id) => world.node.definitions.cancel(id, { reason: "", cancelRunning: false, terminate: false }),
  };

  const update = async (id: string, schedule: typeof RARELY | null) => {
    const change = (spec: Parameters<Parameters<typeof world.node.definitions.update>[1]["change"]>[0]) => ({
      ...spec,
      content: "new",
      schedule: schedule ?? spec.schedule,
    });
    return (await world.node.definitions.update(id, { change })).definition.state;
  };
  const stored = async (id: string) => (await world.store.queries.getDefinition(id))?.definition.state ?? "DELETED";

  const send: Record<string, (id: string) => Promise<string>> = {
    PauseDefinition: async (id) => (await world.node.definitions.pause(id, { reason: "r" })).definition.state,
    ResumeDefinition: async (id) => (await world.node.definitions.resume(id, {})).definition.state,
    CancelDefinition: async (id) =>
      (await world.node.definitions.cancel(id, { reason: "", cancelRunning: true, terminate: false })).definition.state,
    TriggerDefinition: async (id) => trigger(world.node, id).then(() => stored(id)),
    BatchTriggerDefinition: async (id) =>
      world.node.definitions.batchTrigger(id, { items: [{ overrides: {} }], atomic: true }).then(() => stored(id)),
    BackfillDefinition: async (id) =>
      world.node.definitions
        .backfill(id, { from: 0, to: world.clock.now(), validateOnly: false })
        .then(() => stored(id)),
    UpdateDefinition: (id) => update(id, null),
    "UpdateDefinition, new schedule": (id) => update(id, every(86_400_000)),
    "UpdateDefinition, schedule that is over": (id) => update(id, PAST),
    DeleteDefinition: async (id) => world.node.definitions.delete(id, {}).then(() => stored(id)),
    "DeleteDefinition, unfinished instances": async (id) =>
      world.node.definitions.delete(id, {}).then(() => stored(id)),
  };

  beforeEach(async () => {
    world = await given();
  });

  const cells = cellsBelow("Definitions");

  it("has a row for every command and a column for every state", () => {
    expect(new Set(cells.map(({ command }) => command))).toEqual(new Set(Object.keys(send)));
    expect(new Set(cells.map(({ state }) => state))).toEqual(new Set(Object.keys(put)));
    expect(cells).toHaveLength(Object.keys(send).length * Object.keys(put).length);
  });

  it.each(cells)("on $command when it is $state: $outcome", async ({ command, state, outcome }) => {
    const id = await aDefinition(world.node);
    if (command.endsWith("unfinished instances")) {
      await aWorker(world.node);
      await trigger(world.node, id);
      await world.clock.advance(0);
    }
    await put[state]?.(id);
    expect(await stored(id)).toBe(state);
    expect(await outcomeOf(() => send[command]?.(id) ?? Promise.reject(new Error("no such command")))).toBe(outcome);
    await world.clock.advance(0);
    expect(await stored(id)).toBe(outcome === "STATE_FORBIDS" ? state : outcome);
    if (outcome !== "DELETED") await expectSound(world, id);
  });

  it.each(Object.keys(send))("that does not exist is DEFINITION_NOT_FOUND on %s", async (command) => {
    expect(await outcomeOf(() => send[command]?.("nobody") ?? Promise.resolve(""))).toBe("DEFINITION_NOT_FOUND");
  });
});

describe("an instance (R-092)", () => {
  let world: Given;
  let worker: TestWorker;
  let definitionId: string;

  const token = () => worker.assignments.at(-1)?.token ?? "";
  /** One that a worker has. */
  const running = async () => {
    worker.session.setSlots(1);
    const { id } = await trigger(world.node, definitionId);
    await world.clock.advance(0);
    worker.session.setSlots(0);
    return id;
  };
  const pending = async () => (await trigger(world.node, definitionId)).id;
  const gated = async () => {
    await trigger(world.node, definitionId, { orderingKey: "k" });
    return (await trigger(world.node, definitionId, { orderingKey: "k" })).id;
  };
  const failing = async (retryable: boolean) => {
    const id = await running();
    await world.node.workers.fail(token(), { error: BOOM, retryable });
    return id;
  };
  const paused = async (id: string) => (await world.node.instances.pause(id, { reason: "" })).id;
  const cancelled = async (id: string, terminate: boolean) =>
    (await world.node.instances.cancel(id, { reason: "", terminate })).id;

  const put: Record<string, () => Promise<string>> = {
    PENDING: pending,
    "PENDING gated": gated,
    RUNNING: running,
    "RUNNING, cancel requested": async () => cancelled(await running(), false),
    BACKING_OFF: () => failing(true),
    "PAUSED from PENDING": async () => paused(await pending()),
    "PAUSED gated": async () => paused(await gated()),
    "PAUSED from RUNNING": async () => paused(await running()),
    "PAUSED from BACKING_OFF": async () => paused(await failing(true)),
    COMPLETED: async () => {
      const id = await running();
      await world.node.workers.complete(token(), null);
      return id;
    },
    FAILED: () => failing(false),
    CANCELLED: async () => cancelled(await pending(), true),
    TIMED_OUT: async () => {
      const id = await pending();
      await world.clock.advance(60_000);
      return id;
    },
  };

  const send: Record<string, (id: string) => Promise<string>> = {
    CancelInstance: async (id) => (await world.node.instances.cancel(id, { reason: "r", terminate: false })).state,
    "CancelInstance, terminate": async (id) =>
      (await world.node.instances.cancel(id, { reason: "r", terminate: true })).state,
    PauseInstance: async (id) => (await world.node.instances.pause(id, { reason: "r" })).state,
    ResumeInstance: async (id) => (await world.node.instances.resume(id, {})).state,
    RetryInstance: async (id) => (await world.node.instances.retry(id, {})).state,
  };

  const stored = async (id: string) => (await world.store.queries.getInstance(id))?.state;

  beforeEach(async () => {
    world = await given();
    const timeouts = { ...NO_TIMEOUTS, scheduleToStartMs: 60_000 };
    definitionId = await aDefinition(world.node, {
      retry: aRetry({ initialDelayMs: 600_000, maxDelayMs: 600_000 }),
      timeouts,
    });
    worker = await aWorker(world.node, { slots: 0 });
  });

  const cells = cellsBelow("Instances");

  it("has a row for every command and a column for every state", () => {
    expect(new Set(cells.map(({ state }) => state))).toEqual(new Set(Object.keys(put)));
    expect(cells).toHaveLength(Object.keys(send).length * Object.keys(put).length);
  });

  it.each(cells)("on $command when it is $state: $outcome", async ({ command, state, outcome }) => {
    const id = (await put[state]?.()) ?? "";
    const before = await world.store.queries.getInstance(id);
    expect(before?.state).toBe(/^[A-Z_]+/.exec(state)?.[0]);
    expect(await outcomeOf(() => send[command]?.(id) ?? Promise.reject(new Error("no such command")))).toBe(outcome);
    await world.clock.advance(0);
    if (outcome === "STATE_FORBIDS") {
      expect(await world.store.queries.getInstance(id)).toEqual(before);
    } else {
      expect(await stored(id)).toBe(outcome);
    }
    await expectSound(world, definitionId);
  });

  it.each(Object.keys(send))("that does not exist is INSTANCE_NOT_FOUND on %s", async (command) => {
    expect(await outcomeOf(() => send[command]?.("nobody") ?? Promise.resolve(""))).toBe("INSTANCE_NOT_FOUND");
  });
});
