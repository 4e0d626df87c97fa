import { belfryErrorOf } from "../../client/index.ts";
import { Failure } from "../failure.ts";
import { printable } from "../format/printable.ts";

/** What a person may do next, by reason. The server's own message says what is wrong. */
const HINTS: Readonly<Record<string, string>> = {
  DEFINITION_NOT_FOUND: '"belfry definitions list" shows which there are.',
  INSTANCE_NOT_FOUND: '"belfry instances list" shows which there are.',
  EXECUTION_NOT_FOUND: '"belfry executions list" shows which there are.',
  DISPATCH_NOT_FOUND: '"belfry dispatches list" shows which there are.',
  DESTINATION_NOT_FOUND: '"belfry destinations list" shows which there are.',
  DESTINATION_DISABLED: '"belfry destinations reset" enables it.',
  PLATFORM_NOT_FOUND: '"belfry platforms list" shows which there are.',
  TRIGGER_NOT_FOUND: '"belfry platforms triggers list" shows which there are.',
  LOCK_HELD: '--wait waits for it; "belfry locks list" shows which are held.',
  LOCK_NOT_FOUND: '"belfry locks list" shows which are held.',
  NODE_NOT_FOUND: '"belfry nodes" shows which there are.',
  OVERLAP: "--ignore-overlap goes past it.",
  SHARD_UNAVAILABLE: '"belfry doctor" shows which node has the shards.',
  STORE_UNAVAILABLE: '"belfry doctor" looks at the database.',
  RESUME_TOKEN_EXPIRED: "Leave --resume-token out, or begin with --from-start.",
  RESUME_TOKEN_INVALID: "It is the word after --resume-token that an earlier watch printed.",
};

/** What a call threw, for a person: one line, and the fields below it. An error that is none of a call is a defect, and stays what it is. */
export function callFailure(error: unknown, url: string): unknown {
  if (!(error instanceof Error) || error.name !== "ConnectError") return error;
  const { code, reason, message, violations } = belfryErrorOf(error);
  if (reason === "") return new Failure(foreignFailure(code, printable(message), url), { cause: error });

  const details = violations.map(({ field, description }) => printable(`  ${field}: ${description}`));
  const said =
    details.length > 0 ? `the request breaks ${details.length === 1 ? "a rule" : "rules"}:` : printable(message);
  const hint = HINTS[reason];
  return new Failure(`${reason}: ${said}${hint === undefined ? "" : ` ${hint}`}`, { cause: error, details });
}

/** It did not come from Belfry: nobody answered, or somebody in between did. */
function foreignFailure(code: string, message: string, url: string): string {
  if (code === "UNAVAILABLE") {
    return `no Belfry answers at ${url} (${message}). Start one with "belfry serve", or name another with --server or BELFRY_SERVER.`;
  }
  if (code === "DEADLINE_EXCEEDED") return `${url} did not answer in time (${message}).`;
  if (code === "UNIMPLEMENTED")
    return `what answers at ${url} does not know this call (${message}): is it a Belfry, of this version?`;
  return `${code}: ${message} (from ${url})`;
}
