/** What the benchmarks over the API have in common: the definition they run, and making many calls at a time. */
import type { JsonObject } from "@bufbuild/protobuf";
import { create, toBinary } from "@bufbuild/protobuf";
import type { BelfryClient } from "../src/client/index.ts";
import { OverlapPolicy, TriggerDefinitionRequestSchema } from "../src/client/index.ts";

export const QUEUE = "bench";
export const PAYLOAD: JsonObject = { text: "x".repeat(180) };

/** Makes a definition that does not fire by itself, whose instances run side by side. @returns its id. */
export async function createBenchDefinition({ definitions }: BelfryClient): Promise<string> {
  const { definition } = await definitions.createDefinition({
    definition: {
      name: "bench",
      content: "does nothing",
      payload: PAYLOAD,
      schedule: { timing: { case: "every", value: { interval: { seconds: 86_400n } } } },
      action: { kind: { case: "worker", value: { queue: QUEUE } } },
      overlapPolicy: OverlapPolicy.ALLOW_ALL,
    },
  });
  return definition?.id ?? "";
}

/** An encoded request that creates an instance. */
export function triggerRequest(definitionId: string): Uint8Array {
  return toBinary(
    TriggerDefinitionRequestSchema,
    create(TriggerDefinitionRequestSchema, { definitionId, payload: PAYLOAD }),
  );
}

/** Makes `count` calls, `inFlight` at a time. */
export async function pump(count: number, inFlight: number, call: () => Promise<unknown>): Promise<void> {
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: inFlight }, one));
}
