import type { JsonObject } from "../../domain/json.ts";
import type { Exchange } from "../../domain/webhook/exchange.ts";
import { FailureCause, type ExchangeSchema } from "../../gen/belfry/v1/instance_pb.ts";
import type { Init } from "./init.ts";
import { toDuration } from "./time.ts";

/** What was sent and answered. Secrets were masked before it was kept. */
export function toExchange(kept: JsonObject | undefined): Init<typeof ExchangeSchema> | undefined {
  if (kept === undefined) return undefined;
  const { request, response, error, durationMs } = kept as Exchange;
  return {
    request: {
      method: request.method,
      url: request.url,
      headers: { ...request.headers },
      body: request.body,
      bodyCut: request.isCut,
      bodyBytes: request.bodyBytes,
    },
    response:
      response === null ? undefined : { ...response, headers: { ...response.headers }, bodyCut: response.isCut },
    failure: error === null ? undefined : { cause: FailureCause[error.cause], message: error.message },
    duration: toDuration(Math.round(durationMs)),
  };
}
