/** Keeps secrets that must be read again (signing secrets, credentials) so that who reads the store cannot read them. */
export interface SecretBox {
  /** Whether it has a key. Without one nothing can be sealed. */
  readonly ready: boolean;
  /** Different each time. @throws BelfryError SECRET_KEY_MISSING without a key. */
  seal(secret: string): string;
  /** @throws BelfryError SECRET_UNREADABLE when no key that it has opens it. */
  open(sealed: string): string;
}

const SEALED = /^sealed:/u;

/** Whether a text is what a box made of a secret. */
export function isSealed(text: string): boolean {
  return SEALED.test(text);
}
