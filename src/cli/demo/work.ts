import { NonRetryableError, RetryableError } from "../../client/index.ts";
import type { HandlerContext } from "../../client/index.ts";
import type { Clock } from "../../ports/clock.ts";

/** What the demo's worker does: a stand-in for real work, by the name of the definition. */
export function demoHandler(clock: Clock): (context: HandlerContext<object>) => Promise<object> {
  return async ({ instance, attempt, signal, progress, checkpoint }) => {
    switch (instance.name) {
      case "flaky":
        if (attempt === 1) throw new RetryableError("the other side is busy", { code: "BUSY" });
        return { attempt };
      case "report":
        for (const percent of [30, 60, 90]) {
          await clock.sleep(500, signal);
          await checkpoint();
          progress(percent, "collect", `${percent / 10} of 10 pages`);
        }
        return { pages: 10 };
      case "doomed":
        throw new NonRetryableError("there is no such server", { code: "NO_SUCH_SERVER" });
      default:
        return { sound: "dong" };
    }
  };
}
