/** The lock is the caller's no more, or that cannot be known any more: another may have it. What it protects must not go on. */
export class LockLost extends Error {
  override readonly name = "LockLost";
  /** Of the lock. */
  readonly lockName: string;
  /** The token it was held with. */
  readonly token: bigint;

  constructor(lockName: string, token: bigint, options?: ErrorOptions) {
    super(`The lock "${lockName}" was lost: another may have it now. Its token was ${token}.`, options);
    this.lockName = lockName;
    this.token = token;
  }
}
