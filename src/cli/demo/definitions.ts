import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { DefinitionSchema } from "../../client/index.ts";
import type { Definition } from "../../client/index.ts";

export const DEMO_QUEUE = "demo";

const action = { kind: { case: "worker" as const, value: { queue: DEMO_QUEUE } } };

/** One of each kind of life: on time, failing and tried again, too long for its interval, and failing for good. */
export function demoDefinitions(): readonly Definition[] {
  return [
    create(DefinitionSchema, {
      name: "tick",
      content: "每两秒敲一次钟 (every two seconds, by a cron line with seconds)",
      schedule: { timing: { case: "cron", value: { expressions: ["*/2 * * * * *"] } } },
      action,
    }),
    create(DefinitionSchema, {
      name: "flaky",
      content: "fails at its first attempt and is tried again half a second later",
      schedule: every(2_000),
      retryPolicy: { initialDelay: durationFromMs(500), jitter: durationFromMs(0), maxRetries: 2 },
      action,
    }),
    create(DefinitionSchema, {
      name: "report",
      content: "takes longer than its interval, so due times are skipped: the overlap policy is SKIP",
      schedule: every(1_500),
      action,
    }),
    create(DefinitionSchema, {
      name: "doomed",
      content: "runs once, at creation, and fails for good",
      schedule: { timing: { case: "immediate", value: {} } },
      action,
    }),
  ];
}

function every(ms: number) {
  return { timing: { case: "every" as const, value: { interval: durationFromMs(ms) } } };
}
