/** Names for new things, and secrets nobody can guess. */
export interface Ids {
  /**
   * A UUIDv7 in lower-case text. Within one process each is greater than the one before, compared as text, even when
   * the wall clock steps back.
   *
   * @param routingHash 0 to 65535, carried by the last four hex digits, so that the shard of a resource can be told
   *   from its id alone. Random digits when left out.
   * @throws RangeError when `routingHash` is not a whole number from 0 to 65535.
   */
  uuid(routingHash?: number): string;

  /** `bytes` (default 32) unguessable bytes as base64url without padding: 32 bytes are 43 characters. */
  token(bytes?: number): string;
}
