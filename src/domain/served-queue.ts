/** Queues that one actor serves, a destination or a platform: what goes there goes through the one node that has it. */
import { platformOfQueue } from "./approval/platform-push.ts";
import { originOfQueue } from "./webhook/origin.ts";

/** The id of the actor that serves a queue; null: it is served by whoever takes from it. */
export function serverOfQueue(queue: string): string | null {
  return originOfQueue(queue) ?? platformOfQueue(queue);
}
