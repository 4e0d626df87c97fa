/**
 * What can keep the embedded PostgreSQL from opening, for callers that want to react rather than print:
 *
 * - `IN_USE`: another live process holds the data folder.
 * - `UNSUPPORTED_PLATFORM`: there is no way to run the embedded server here (Windows; root outside Linux).
 * - `BINARIES_MISSING`: the npm package with the binaries of this platform is not installed.
 * - `BINARIES_UNUSABLE`: it is installed but its programs do not run here.
 * - `OTHER_VERSION`: the data was made by another major version of PostgreSQL.
 * - `FOLDER_UNUSABLE`: the data folder belongs to someone else, cannot be written, or holds something else.
 * - `START_FAILED`: `initdb` or the server itself failed; the message carries what it said.
 */
export type EmbeddedPostgresErrorCode =
  | "IN_USE"
  | "UNSUPPORTED_PLATFORM"
  | "BINARIES_MISSING"
  | "BINARIES_UNUSABLE"
  | "OTHER_VERSION"
  | "FOLDER_UNUSABLE"
  | "START_FAILED";

/** The embedded PostgreSQL cannot be opened. The message is for a person: what is wrong, where, and what to do. */
export class EmbeddedPostgresError extends Error {
  readonly code: EmbeddedPostgresErrorCode;

  constructor(code: EmbeddedPostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EmbeddedPostgresError";
    this.code = code;
  }
}
