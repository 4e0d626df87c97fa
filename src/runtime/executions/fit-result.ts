import type { CeleryResult } from "../../domain/execution/celery-result.ts";
import { storableText, unstorable } from "../executors/storable.ts";

const MAX_NAME = 255;
const MAX_TRACEBACK = 262_144;

/** What Celery told, made fit for the store. A result that is not is left out: the rest counts all the same. */
export function fitResult(told: CeleryResult): CeleryResult {
  const fault = unstorable({ result: told.result });
  return {
    ...told,
    ...(fault !== null && { result: null, leftOut: `it has ${fault}` }),
    status: storableText(told.status, MAX_NAME),
    traceback: storableText(told.traceback, MAX_TRACEBACK),
    ...(told.worker !== undefined && { worker: storableText(told.worker, MAX_NAME) }),
  };
}
