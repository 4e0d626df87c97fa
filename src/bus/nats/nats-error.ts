/** NATS cannot be used as it was asked for. The message names servers by host and port and never holds a secret; there is no cause for that reason. */
export class NatsError extends Error {
  override readonly name = "NatsError";
  readonly code: NatsErrorCode;

  constructor(code: NatsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export type NatsErrorCode =
  /** The addresses, credentials or names that were given cannot be right. */
  | "WRONG_OPTIONS"
  /** No server answers, or not as a NATS server would, or TLS cannot be agreed on. */
  | "UNREACHABLE"
  /** A server answers and does not take the credentials. */
  | "UNAUTHORIZED";
