/** A command made of many others, under one request id. Its answer is kept like that of a single one. */
import type { JsonObject } from "../domain/json.ts";
import { hashText } from "../domain/routing.ts";
import type { CommandDeps } from "./definition-commands.ts";
import { fingerprint } from "./fingerprint.ts";
import { requireSame } from "./requests.ts";

/** Answers of compound commands. They belong to no resource: the request id itself says which shard keeps them. */
export interface KeptAnswers {
  /** The answer that was given before. @throws BelfryError REQUEST_ID_REUSED */
  recall(requestId: string, request: { readonly method: string; readonly asked: string }): Promise<string | null>;
  /** Keeps an answer. @returns the one that counts: the first. @throws BelfryError REQUEST_ID_REUSED */
  remember(
    requestId: string,
    request: { readonly method: string; readonly asked: string; readonly answer: string },
  ): Promise<string>;
}

export function keptAnswers({
  activation,
  requests,
  journal,
  gate,
}: Pick<CommandDeps, "activation" | "requests" | "journal" | "gate">): KeptAnswers {
  return {
    recall: (requestId, { method, asked }) =>
      gate.pass(async () => {
        const shard = activation.openShard(hashText(requestId));
        return (await requests.recall(shard, method, requestId, asked))?.["result"] ?? null;
      }),
    remember: (requestId, { method, asked, answer }) =>
      gate.pass(() => {
        const shard = activation.openShard(hashText(requestId));
        return requests.once(
          { method, requestId, shard, fingerprint: asked },
          async (remember) => {
            activation.openShard(shard);
            remember({ result: answer });
            return journal.committed(shard, () => answer);
          },
          async ({ result }) => result ?? "{}",
        );
      }),
  };
}

export class CompoundCommands {
  readonly #answers: KeptAnswers;
  readonly #underWay = new Map<string, { readonly asked: string; readonly answer: Promise<unknown> }>();

  constructor(answers: KeptAnswers) {
    this.#answers = answers;
  }

  async once<Result extends JsonObject>(
    command: { readonly method: string; readonly requestId?: string; readonly asked: unknown },
    carryOut: () => Promise<Result>,
  ): Promise<Result> {
    const { method, requestId } = command;
    if (requestId === undefined || requestId === "") {
      return carryOut();
    }
    const key = `${method}/${requestId}`;
    const asked = fingerprint(command.asked);
    const known = this.#underWay.get(key);
    if (known !== undefined) {
      requireSame(known.asked, asked, requestId);
      return (await known.answer) as Result;
    }
    const answer = this.#carryOut(requestId, { method, asked }, carryOut);
    this.#underWay.set(key, { asked, answer });
    try {
      return await answer;
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #carryOut<Result extends JsonObject>(
    requestId: string,
    request: { readonly method: string; readonly asked: string },
    carryOut: () => Promise<Result>,
  ): Promise<Result> {
    const before = await this.#answers.recall(requestId, request);
    const answer =
      before ?? (await this.#answers.remember(requestId, { ...request, answer: JSON.stringify(await carryOut()) }));
    return JSON.parse(answer) as Result;
  }
}
