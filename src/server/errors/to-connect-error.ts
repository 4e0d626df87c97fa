/**
 * The one place where what was thrown becomes what the caller sees. Expected refusals keep their code, reason and details. All else is
 * INTERNAL with the number of an incident, under which the log has what really happened: neither message nor stack of a cause leaves the
 * process.
 */
import type { DescMethod } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { BelfryError } from "../../domain/error.ts";
import type { Ids } from "../../ports/ids.ts";
import type { Log } from "../../ports/log.ts";
import { StoreUnavailable } from "../../ports/store/journal.ts";
import { CODES, errorDetails, errorMessage } from "./details.ts";

export interface ErrorContext {
  readonly ids: Ids;
  readonly log: Log;
}

/** After so long a store that was away may be back. */
const STORE_RETRY_MS = 1000;

export function toConnectError(thrown: unknown, method: DescMethod, context: ErrorContext): ConnectError {
  // Connect's own: a message that cannot be read, a caller that went away.
  if (thrown instanceof ConnectError) return thrown;
  const error = toBelfryError(thrown, `${method.parent.typeName}/${method.name}`, context);
  return new ConnectError(errorMessage(error), CODES[error.code], undefined, errorDetails(error));
}

/** @param where what failed, for the log. */
export function toBelfryError(thrown: unknown, where: string, { ids, log }: ErrorContext): BelfryError {
  if (thrown instanceof BelfryError) {
    if (thrown.reason === "INTERNAL") log.error("A call failed", { where, error: thrown, ...thrown.metadata });
    return thrown;
  }
  if (thrown instanceof StoreUnavailable) {
    log.warn("The store could not be reached", { where, error: thrown });
    return new BelfryError("STORE_UNAVAILABLE", "The database cannot be reached. Try again in a moment.", {
      retryAfterMs: STORE_RETRY_MS,
    });
  }
  const incident = ids.uuid();
  log.error("A call failed unexpectedly", { where, incident, error: thrown });
  return new BelfryError(
    "INTERNAL",
    `Something went wrong here. The log of this node has it as incident ${incident}.`,
    {
      metadata: { incident },
    },
  );
}
