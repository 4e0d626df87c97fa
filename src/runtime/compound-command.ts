/** A command made of many others, under one request id. Its answer is kept like that of a single one. */
import type { JsonObject } from "../domain/json.ts";
import { hashText } from "../domain/routing.ts";
import type { CommandDeps } from "./definition-commands.ts";
import { fingerprint } from "./fingerprint.ts";

export async function carriedOutOnce<Result extends JsonObject>(
  { activation, requests, journal }: Pick<CommandDeps, "activation" | "requests" | "journal">,
  command: { readonly method: string; readonly requestId?: string; readonly asked: unknown },
  carryOut: () => Promise<Result>,
): Promise<Result> {
  const { method, requestId, asked } = command;
  if (requestId === undefined || requestId === "") {
    return carryOut();
  }
  // It belongs to no resource: the id itself says which shard keeps its answer.
  const shard = activation.openShard(hashText(requestId));
  return requests.once(
    { method, requestId, shard, fingerprint: fingerprint(asked) },
    async (remember) => {
      const result = await carryOut();
      activation.openShard(shard);
      remember({ result: JSON.stringify(result) });
      return journal.committed(shard, () => result);
    },
    async ({ result }) => JSON.parse(result ?? "{}") as Result,
  );
}
