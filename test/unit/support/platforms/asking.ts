import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { PlatformServer } from "../../../support/platforms/platform-server.ts";

export interface Answered {
  readonly status: number;
  /** Its JSON, or its text when it is none. */
  readonly body: unknown;
}

/** Asks a platform as a client would, over a connection of its own. Rejects when no answer comes. */
export function ask(
  platform: PlatformServer,
  method: "GET" | "POST" | "PUT",
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const type = body instanceof URLSearchParams ? "application/x-www-form-urlencoded" : "application/json";
  const typed = body === undefined ? headers : { "content-type": type, ...headers };
  return new Promise((resolve, reject) => {
    const asked = request(platform.origin + path, { method, headers: typed, agent: false }, (response) => {
      text(response)
        .then((answer) => resolve({ status: response.statusCode ?? 0, body: jsonOr(answer) }))
        .catch(reject);
    });
    asked.on("error", reject);
    asked.end(body === undefined ? "" : written(body));
  });
}

function written(body: unknown): string {
  if (body instanceof URLSearchParams) return body.toString();
  return typeof body === "string" ? body : JSON.stringify(body);
}

function jsonOr(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return answer;
  }
}
