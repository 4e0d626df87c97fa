/** Secrets that sign, as Standard Webhooks writes them: `whsec_` and 24 to 64 bytes in base64. */

const PREFIX = "whsec_";
const LEAST_BYTES = 24;
const MOST_BYTES = 64;
/** How many bytes a secret has that Belfry makes. */
export const NEW_SECRET_BYTES = 32;

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/u;

/** Why this is no signing secret, for a person and without repeating it; null when it is one. */
export function signingSecretViolation(text: string): string | null {
  if (!text.startsWith(PREFIX)) return `must begin with ${PREFIX}, as Standard Webhooks writes secrets`;
  const encoded = text.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, "base64");
  // Some receivers decode strictly: what is not written in the one right way does not verify there.
  if (!BASE64.test(encoded) || bytes.toString("base64") !== encoded) {
    return `must be ${PREFIX} and bytes in base64, padded with =`;
  }
  return bytes.length >= LEAST_BYTES && bytes.length <= MOST_BYTES
    ? null
    : `must hold ${LEAST_BYTES} to ${MOST_BYTES} bytes, not ${bytes.length}`;
}

/** @param bytes unguessable, 24 to 64 of them. */
export function signingSecretOf(bytes: Uint8Array): string {
  return `${PREFIX}${Buffer.from(bytes).toString("base64")}`;
}

/** The bytes that sign. @param text without a violation. */
export function signingKeyOf(text: string): Uint8Array {
  return Buffer.from(text.slice(PREFIX.length), "base64");
}
