import { openCeleryResults } from "../../celery/index.ts";
import type { CeleryConfig } from "../../config/index.ts";
import type { Clock } from "../../ports/clock.ts";
import { ResultBackendError } from "../../ports/result-backend.ts";
import { ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

const CHECK = "Celery";

/** Whether Celery's result backend answers. A node starts without it: only SyncExecution needs it. */
export async function checkCelery(config: CeleryConfig, clock: Clock): Promise<Finding> {
  const results = openCeleryResults(config, clock);
  try {
    const { server, tables } = await results.describe();
    if (tables === null) {
      return warn(
        CHECK,
        `${config.shown} answers: ${server}; Celery keeps no results there`,
        "Check that this is the database of Celery's result_backend. Celery makes its table with the first result.",
      );
    }
    return ok(CHECK, `${config.shown} answers: ${server}${tables === "" ? "" : `, ${tables}`}`);
  } catch (error) {
    if (!(error instanceof ResultBackendError)) throw error;
    const advice =
      "Check that it runs, and what BELFRY_CELERY_RESULT_BACKEND says. A node would start; SyncExecution is refused until it answers.";
    return warn(CHECK, `the result backend does not answer: ${error.message}`, advice);
  } finally {
    await results.close();
  }
}
