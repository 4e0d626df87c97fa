/** Names that follow from a destination's origin: its queue, and the definition under which its dispatches run. */

const QUEUE = "$webhook/";
const DEFINITION = "$dispatch/";

/** Scheme, host and port of an absolute URL, the default port left out: `https://hooks.example.com`. */
export function originOf(url: string): string {
  return new URL(url).origin;
}

/** The queue in which instances wait for their destination. No worker can ask for it: names of users have no `$`. */
export function destinationQueue(origin: string): string {
  return `${QUEUE}${origin}`;
}

/** The destination that serves a queue; null when it is none of these. */
export function originOfQueue(queue: string): string | null {
  return queue.startsWith(QUEUE) ? queue.slice(QUEUE.length) : null;
}

/** The definition of a destination's dispatches: keys and order hold among them. It lives in the shard of the destination. */
export function dispatchDefinitionId(origin: string): string {
  return `${DEFINITION}${origin}`;
}

/** The destination whose dispatches a definition has; null when it is none of these. */
export function originOfDefinition(definitionId: string): string | null {
  return definitionId.startsWith(DEFINITION) ? definitionId.slice(DEFINITION.length) : null;
}
