/** Bounds of the API. Times in milliseconds, sizes in bytes. */
export interface ServerLimits {
  /** One message, uncompressed. */
  readonly readMaxBytes: number;
  /** Payload, result and metadata, each as JSON. */
  readonly dataMaxBytes: number;
  /** From the connection until a client has said which protocol it speaks and sent its first headers. */
  readonly headerWaitMs: number;
  /** Calls at a time over one HTTP/2 connection. */
  readonly maxConcurrentStreams: number;
  /** An HTTP/2 client that was silent this long is asked for a sign of life. */
  readonly keepaliveMs: number;
  /** It is gone when the answer takes longer than this. */
  readonly keepaliveTimeoutMs: number;
  /** How often a health watch looks whether the runtime is ready. */
  readonly healthPollMs: number;
  /** How often watches look for events of shards that other nodes own. */
  readonly eventPollMs: number;
  /** Live events that wait for one slow watcher; past it the watcher reads the log instead. */
  readonly watchBuffer: number;
  /** Events that one ListEvents call looks at. */
  readonly listScanMax: number;
  /** Results of one Work stream that are not answered yet; past it the stream is not read. */
  readonly workBacklog: number;
  /** Single commands of one bulk command under way at a time. */
  readonly bulkConcurrency: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  readMaxBytes: 4 * 1024 * 1024,
  dataMaxBytes: 256 * 1024,
  headerWaitMs: 10_000,
  maxConcurrentStreams: 1000,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 20_000,
  healthPollMs: 1000,
  eventPollMs: 500,
  watchBuffer: 4096,
  listScanMax: 20_000,
  workBacklog: 10_000,
  bulkConcurrency: 32,
};
