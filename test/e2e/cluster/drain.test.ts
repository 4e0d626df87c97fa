import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import type { BelfryClient, WorkRequestSchema, WorkResponse } from "../../../src/client/index.ts";
import { belfryErrorOf, InstanceState, OverlapPolicy } from "../../../src/client/index.ts";
import { defined, QUEUE, untilAnswered } from "../../support/load.ts";
import { until } from "../../support/until.ts";
import { aPair } from "./pair.ts";

const COUNT = 20;

test("a node that drains tells its workers, takes their results or says who will, and cuts no stream", async () => {
  await using pair = await aPair();
  const { a, b } = pair;
  const definitionId = await defined(a.client, {
    name: "by hand",
    rule: { kind: "phase", intervalMs: 86_400_000, phaseMs: 0 },
    overlapPolicy: OverlapPolicy.ALLOW_ALL,
  });
  const stream = new WorkByHand(a.client);
  const watch = watchEvents(a.client);
  const items = Array.from({ length: COUNT }, () => ({}));
  await a.client.definitions.batchTriggerDefinition({ definitionId, items });
  await until(() => stream.tokens().length === COUNT, "the worker has all instances");
  const [early, late] = [stream.tokens().slice(0, COUNT / 2), stream.tokens().slice(COUNT / 2)];

  stream.send({ completions: early.map((attemptToken) => ({ attemptToken })) });
  a.server.kill("SIGTERM");
  await until(() => stream.responses.some(({ draining }) => draining), "the worker is told that the node drains");
  stream.send({ completions: late.map((attemptToken) => ({ attemptToken })) });
  await until(() => stream.receipts().size === COUNT, "each result has its receipt");
  stream.finish();
  expect(await a.server.exited).toEqual({ code: 0, signal: null });

  expect(reasonOf(await stream.ended)).toBe("none");
  expect(["none", "DRAINING"]).toContain(reasonOf(await watch));
  // What this node could not record any more it said so; the next owner takes it.
  const refused = [...stream.receipts()].filter(([, reason]) => reason !== "");
  expect(refused.filter(([, reason]) => reason !== "SHARD_UNAVAILABLE" && reason !== "DRAINING")).toEqual([]);
  for (const token of early) expect(stream.receipts().get(token)).toBe("");
  await pair.ownedBy("b");
  for (const [attemptToken] of refused) {
    const { state } = await untilAnswered(() => b.client.workers.completeInstance({ attemptToken }));
    expect(state).toBe(InstanceState.COMPLETED);
  }
  const { instances } = await b.client.instances.listInstances({ definitionId });
  expect(instances.map(({ state, attemptCount }) => ({ state, attemptCount }))).toEqual(
    items.map(() => ({ state: InstanceState.COMPLETED, attemptCount: 1 })),
  );
});

type WorkMessage = MessageInitShape<typeof WorkRequestSchema>;

/** A Work stream by hand, so that the test decides when results are sent. */
class WorkByHand {
  readonly responses: WorkResponse[] = [];
  /** How the stream ended: with the error, or undefined. */
  readonly ended: Promise<unknown>;
  readonly #unsent: WorkMessage[] = [];
  #finished = false;
  #wake = (): void => {};

  constructor(client: BelfryClient) {
    this.send({ hello: { queue: QUEUE, workerId: "by hand" }, slots: 100 });
    this.ended = this.#read(client);
  }

  send(message: WorkMessage): void {
    this.#unsent.push(message);
    this.#wake();
  }

  /** Says that nothing more comes. */
  finish(): void {
    this.#finished = true;
    this.#wake();
  }

  tokens(): string[] {
    return this.responses.flatMap(({ assignments }) => assignments.map(({ attempt }) => attempt?.token ?? ""));
  }

  /** By token the reason why a result was refused; empty when it was recorded. */
  receipts(): ReadonlyMap<string, string> {
    return new Map(
      this.responses.flatMap(({ receipts }) =>
        receipts.map(({ attemptToken, accepted, reason }) => [attemptToken, accepted ? "" : reason]),
      ),
    );
  }

  async #read(client: BelfryClient): Promise<unknown> {
    try {
      for await (const response of client.workers.work(this.#messages(), { timeoutMs: 0 }))
        this.responses.push(response);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async *#messages(): AsyncGenerator<WorkMessage> {
    for (;;) {
      const next = this.#unsent.shift();
      if (next !== undefined) yield next;
      else if (this.#finished) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** Watches all events until the server ends the stream. @returns how it ended. */
async function watchEvents(client: BelfryClient): Promise<unknown> {
  try {
    for await (const _ of client.events.watchEvents({}, { timeoutMs: 0 })) continue;
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The reason by which a server ended a stream; a connection that was cut has none. */
function reasonOf(ended: unknown): string {
  if (ended === undefined) return "none";
  const { code, message } = ConnectError.from(ended);
  return code === Code.Unavailable ? belfryErrorOf(ended).reason : `cut: ${message}`;
}
