import type { BulkResultSchema } from "../../gen/belfry/v1/instance_pb.ts";
import type { Call } from "../call/handler.ts";
import type { ServiceEnvironment } from "../handlers/environment.ts";
import { requestIdFor, requestIdOf } from "../handlers/request-id.ts";
import type { Init } from "../mapping/init.ts";
import { runBulk, type BulkCommand } from "./bulk-command.ts";

/** What bulk requests have in common. Beside the selector all of their fields are plain. */
export interface BulkRequest {
  readonly $typeName: string;
  readonly selector?: object | undefined;
  readonly validateOnly: boolean;
  readonly requestId: string;
}

export interface BulkTarget {
  /** What the selector says, as plain data. */
  readonly filter: object;
  readonly list: BulkCommand["list"];
  /** The single command. @returns the revision after it. */
  run(id: string, repeat: { readonly requestId?: string }): Promise<number>;
}

/** Carries a command out for all that its selector matches: once for a request id, whatever it is asked for under another. */
export async function answerBulk(
  { runtime, limits, clock }: ServiceEnvironment,
  request: BulkRequest,
  call: Call,
  { filter, list, run }: BulkTarget,
): Promise<Init<typeof BulkResultSchema>> {
  const { $typeName, selector: _, validateOnly, ...asked } = request;
  const carryOut = () =>
    runBulk({
      list,
      run: (id) => run(id, requestIdFor(request, id)),
      validateOnly,
      concurrency: limits.bulkConcurrency,
      clock,
      signal: call.signal,
    });
  const { matched, changed, sampleIds } = validateOnly
    ? await carryOut()
    : await runtime.repeatable({ method: $typeName, asked: { ...asked, filter }, ...requestIdOf(request) }, carryOut);
  return { matchedCount: BigInt(matched), changedCount: BigInt(changed), sampleIds: [...sampleIds] };
}
