import { create, fromJson } from "@bufbuild/protobuf";
import type { JsonValue } from "@bufbuild/protobuf";
import { ApprovalEventSchema, BatchReportEventsRequestSchema } from "../../client/index.ts";
import type { BatchReportEventsRequest } from "../../client/index.ts";
import { Failure, sentenceOf } from "../failure.ts";
import type { Surroundings } from "../surroundings.ts";

export interface EventsFile {
  /** The whole file is one event. */
  readonly isOne: boolean;
  readonly requests: readonly BatchReportEventsRequest[];
}

/**
 * Reads events from a JSON file (`-`: standard input): one, or one a line. Each may stand there as it is, or as in a request:
 * `{"event": {…}, "requestId": "…"}`.
 *
 * @throws Failure when there is no such file, or it holds something else.
 */
export async function readEvents(surroundings: Surroundings, path: string): Promise<EventsFile> {
  const place = path === "-" ? "standard input" : path;
  let text: string;
  try {
    text = await surroundings.readText(path);
  } catch (error) {
    throw new Failure(`${place} cannot be read: ${sentenceOf(error)}`, { cause: error });
  }
  const whole = jsonOf(text);
  if (whole.kind === "json") return { isOne: true, requests: [requestOf(whole.value, place)] };
  const lines = text.split("\n").flatMap((line, index) => (line.trim() === "" ? [] : [{ line, number: index + 1 }]));
  if (lines.length < 2) throw new Failure(`${place} holds no JSON: ${whole.why}`);
  return {
    isOne: false,
    requests: lines.map(({ line, number }) => {
      const read = jsonOf(line);
      if (read.kind === "json") return requestOf(read.value, `${place}, line ${number},`);
      throw new Failure(`${place}, line ${number}, holds no JSON: ${read.why}`);
    }),
  };
}

type Read = { readonly kind: "json"; readonly value: JsonValue } | { readonly kind: "other"; readonly why: string };

function jsonOf(text: string): Read {
  try {
    return { kind: "json", value: JSON.parse(text) as JsonValue };
  } catch (error) {
    return { kind: "other", why: sentenceOf(error) };
  }
}

function requestOf(value: JsonValue, place: string): BatchReportEventsRequest {
  try {
    return typeof value === "object" && value !== null && Object.hasOwn(value, "event")
      ? fromJson(BatchReportEventsRequestSchema, value)
      : create(BatchReportEventsRequestSchema, { event: fromJson(ApprovalEventSchema, value) });
  } catch (error) {
    throw new Failure(`${place} holds no event: ${sentenceOf(error)}`, { cause: error });
  }
}
