import type { PlatformPush } from "./approval/platform-push.ts";
import { BATCH_JOB, pushQueue } from "./approval/platform-push.ts";
import { DEFAULT_TIMEOUTS, type Timeouts } from "./policy/timeouts.ts";
import type { Violation } from "./violation.ts";
import { destinationQueue, originOf } from "./webhook/origin.ts";

/** What happens to the attempts of a worker whose stream breaks. */
export type DisconnectPolicy = "WAIT_FOR_HEARTBEAT" | "FAIL_AT_ONCE";

/** A request to a NATS subject, whose reply is the result. */
export interface NatsAction {
  readonly kind: "nats";
  readonly subject: string;
  /** Beside those that Belfry adds. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An HTTP POST of the package of the instance; any 2xx is success. */
export interface WebhookAction {
  readonly kind: "webhook";
  /** Absolute, http or https, as the URL standard writes it; without user information and fragment. */
  readonly url: string;
  /** Beside those that Belfry adds. Values of sensitive names (`isSensitive`) are sealed by the secret box. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sealed; signs instead of the secrets of the destination. Empty: those sign. */
  readonly secret: string;
  /** What the package is called. Empty: the name of the instance. */
  readonly taskType: string;
  /** The receiver reports the result itself, within so long after it accepted; null: its 2xx is the result. */
  readonly callback: { readonly timeoutMs: number } | null;
}

/** Work of Belfry's own, done by any node: a batch of pushes, a sweep. Only Belfry makes these. */
export interface JobAction {
  readonly kind: "job";
  /** One of those that nodes know. */
  readonly job: string;
}

/** What an instance runs. */
export type Action =
  | { readonly kind: "worker"; readonly queue: string; readonly disconnectPolicy: DisconnectPolicy }
  | NatsAction
  | WebhookAction
  | PlatformPush
  | JobAction
  | { readonly kind: "external" };

/** The queue of what nodes run themselves over NATS. No worker can ask for it: names of users have no `$`. */
export const NATS_QUEUE = "$nats";

/** The queue of Belfry's own work. */
export const JOBS_QUEUE = "$jobs";

/** The queue of batches of pushes: they last as long as their platform takes nothing, and nothing else shall wait for them. */
export const BATCHES_QUEUE = "$batches";

/** The queue in which an instance waits for whoever runs it; null when nobody here does. */
export function queueOf(action: Action): string | null {
  switch (action.kind) {
    case "worker":
      return action.queue;
    case "nats":
      return NATS_QUEUE;
    case "webhook":
      return destinationQueue(originOf(action.url));
    case "push":
      return pushQueue(action.platformId);
    case "job":
      return action.job === BATCH_JOB ? BATCHES_QUEUE : JOBS_QUEUE;
    case "external":
      return null;
  }
}

/** How long a node that runs an attempt itself may be silent before the attempt is tried elsewhere, unless the timeouts say otherwise. */
const BUILT_IN_HEARTBEAT_MS = 10_000;

/** The heartbeat timeout of attempts whose action has one of its own; undefined: it depends on the worker. */
export function heartbeatOf(action: Action): number | undefined {
  return action.kind === "worker" || action.kind === "external" ? undefined : BUILT_IN_HEARTBEAT_MS;
}

/** How long a request waits for its reply, unless the timeouts say otherwise. */
export const REQUEST_TIMEOUT_MS = 60_000;

/** How long one delivery of a webhook takes at most, the wait for a callback apart, unless the timeouts say otherwise (S3). */
export const DELIVERY_TIMEOUT_MS = 30_000;

/** How long one push takes at most, with all its requests. */
const PUSH_TIMEOUT_MS = 300_000;

/** The timeouts of a definition that names none. */
export function defaultTimeoutsOf(action: Action): Timeouts {
  switch (action.kind) {
    case "nats":
      return { ...DEFAULT_TIMEOUTS, startToCloseMs: REQUEST_TIMEOUT_MS };
    case "webhook":
      return { ...DEFAULT_TIMEOUTS, startToCloseMs: DELIVERY_TIMEOUT_MS };
    case "push":
      return { ...DEFAULT_TIMEOUTS, startToCloseMs: PUSH_TIMEOUT_MS };
    default:
      return DEFAULT_TIMEOUTS;
  }
}

/** First tokens of subjects on which no service answers requests of users: what is private to Belfry, and the replies to others' requests. */
const RESERVED_SUBJECTS: ReadonlySet<string> = new Set(["belfry", "_INBOX"]);

/** Rules of a `nats` action that its schema cannot say. Fields are relative to the action. */
export function natsViolations({ subject, headers }: NatsAction): readonly Violation[] {
  const found: Violation[] = [];
  const first = subject.split(".", 1)[0] ?? "";
  if (subject.startsWith("$")) {
    found.push({ field: "subject", description: "must not begin with $: those subjects are the NATS server's own" });
  } else if (RESERVED_SUBJECTS.has(first)) {
    found.push({ field: "subject", description: `must not be under ${first}: nobody there answers requests` });
  }
  const seen = new Set<string>();
  for (const name of Object.keys(headers)) {
    const field = `headers[${JSON.stringify(name)}]`;
    const lower = name.toLowerCase();
    if (/^(nats|belfry)-|^traceparent$/u.test(lower)) {
      found.push({ field, description: "is a name that NATS or Belfry sets itself; choose another" });
    } else if (seen.has(lower)) {
      found.push({ field, description: "differs from another name in upper and lower case only" });
    }
    seen.add(lower);
  }
  return found;
}
