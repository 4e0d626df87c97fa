import type { JsonObject } from "../../domain/json.ts";

/** What the world is told once a decision is durable. A breaker asks for nothing else. */
export interface Announcement {
  readonly kind: "announce";
  readonly name: string;
  readonly data: JsonObject;
}

export function announce(name: string, data: JsonObject = {}): Announcement {
  return { kind: "announce", name, data };
}
