import type { FailInstanceRequest, WorkReceipt } from "../../gen/belfry/v1/worker_service_pb.ts";
import { failure } from "./failure.ts";
import { isCompletion } from "./outbox.ts";
import type { Report } from "./outbox.ts";

/** What to do after the server answered a result. */
export type Verdict =
  /** It was recorded. */
  | { readonly kind: "recorded" }
  /** It was recorded before, or nobody wants it any more. */
  | { readonly kind: "dropped" }
  /** The server could not record it now. */
  | { readonly kind: "again" }
  /** The server will never take it as it is: report this instead. */
  | { readonly kind: "instead"; readonly failure: FailInstanceRequest }
  /** The server took no form of it. */
  | { readonly kind: "refused" };

export function verdictOf(report: Report, receipt: WorkReceipt): Verdict {
  if (receipt.accepted) return { kind: "recorded" };
  switch (receipt.reason) {
    case "BUSY":
    case "SHARD_UNAVAILABLE":
    case "STORE_UNAVAILABLE":
    case "DRAINING":
    case "DEADLINE":
    case "INTERNAL":
      return { kind: "again" };
    case "PAYLOAD_TOO_LARGE":
    case "INVALID_FIELD":
      return instead(report, receipt.reason);
    default:
      // STALE_ATTEMPT first of all; whatever else says that this attempt takes no result changes nothing either.
      return { kind: "dropped" };
  }
}

/** A result that is too large would be so again; the instance shall end with an error that says so, not by a timeout. */
function instead({ run, result }: Report, reason: string): Verdict {
  if (isCompletion(result)) {
    const message = `The work was done, but the server refused its result: ${reason}`;
    return { kind: "instead", failure: failure(run.token, { code: "RESULT_REFUSED", message, retryable: false }) };
  }
  if (!result.error?.traceback) return { kind: "refused" };
  return { kind: "instead", failure: { ...result, error: { ...result.error, traceback: "" } } };
}
