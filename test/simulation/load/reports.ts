/** What is reported of attempts, by workers and by receivers of webhooks: at any node, until it is taken or the attempt is over. */
import type { StartedRuntime } from "../../../src/runtime/runtime.ts";
import type { Answer } from "./remote-call.ts";
import type { WorkPlace } from "./work-place.ts";

export type Report = "complete" | "fail" | "give up";

const REPORT_TRIES = 40;

export async function report(place: WorkPlace, token: string, how: Report): Promise<void> {
  const { dice, time, audit, lives } = place;
  const error = { code: how === "fail" ? "BOOM" : "FATAL", message: token, traceback: "" };
  for (let tries = 0; tries < REPORT_TRIES; tries++) {
    const answer = await ask(
      place,
      `${how} ${token}`,
      ({ workers }) =>
        how === "complete"
          ? workers.complete(token, { token })
          : workers.fail(token, { error, retryable: how === "fail" }),
      (state) => {
        const ended = lives.ended.get(token);
        audit.require(
          ended !== undefined && (how !== "complete" || (ended === "COMPLETED" && state === "COMPLETED")),
          "a report that was taken is durable",
          () => `${how} ${token} was answered with ${state}; in the store it ${ended ?? "goes on"}`,
        );
      },
    );
    if (answer.kind === "ok" || isStale(answer)) {
      return;
    }
    await new Promise<void>((resolve) => time.after(dice.between(50, 600), resolve));
  }
}

/** Asks any node. */
export function ask<Value>(
  { calls, dice, cluster }: WorkPlace,
  what: string,
  run: (runtime: StartedRuntime) => Promise<Value>,
  heard?: (value: Value) => void,
): Promise<Answer<Value>> {
  const machine = dice.oneOf(cluster.living) ?? cluster.machines[0];
  if (machine === undefined) {
    throw new Error("a cluster has machines");
  }
  return calls.make(machine, what, run, heard);
}

export function isStale(answer: Answer<unknown>): boolean {
  return (
    answer.kind === "refused" &&
    (answer.error.reason === "STALE_ATTEMPT" || answer.error.reason === "INSTANCE_NOT_FOUND")
  );
}
