/**
 * Secrets sealed with AES-256-GCM.
 *
 * A sealed text is `sealed:v1:<key id>:<base64url of nonce, ciphertext and tag>`. What stands before the last colon is authenticated with it, so a
 * text cannot pass for one of another key or version. The nonce is random, 96 bits: one key may seal some billions of secrets, more than there will
 * ever be. The id follows from the key, so nodes that have the same keys in another order still find the right one.
 *
 * Several keys are a rotation: the first seals, all open.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { BelfryError } from "../domain/error.ts";
import type { SecretBox } from "../ports/secret-box.ts";

export const SECRET_KEY_BYTES = 32;

export interface SecretKey {
  /** Eight hex digits that tell it from others, and nothing about it. */
  readonly id: string;
  readonly key: Uint8Array;
}

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^(?<header>sealed:v1:(?<id>[0-9a-f]{8})):(?<box>[\w-]+)$/u;

/** A new key that nobody can guess. */
export function newSecretKey(): Buffer {
  return randomBytes(SECRET_KEY_BYTES);
}

/** @throws RangeError when the key has not 32 bytes. */
export function secretKey(key: Uint8Array): SecretKey {
  if (key.byteLength !== SECRET_KEY_BYTES) {
    throw new RangeError(`A secret key has ${SECRET_KEY_BYTES} bytes, not ${key.byteLength}`);
  }
  return { id: createHash("sha256").update("belfry secret key\0").update(key).digest("hex").slice(0, 8), key };
}

/** @param keys the one that seals first; none: nothing can be sealed. */
export function createSecretBox(keys: readonly SecretKey[]): SecretBox {
  const [sealing] = keys;
  return {
    ready: sealing !== undefined,
    seal(secret) {
      if (sealing === undefined) throw keyMissing();
      return seal(secret, sealing);
    },
    open(sealed) {
      const { header, id, box } = SEALED.exec(sealed)?.groups ?? {};
      if (header === undefined || id === undefined || box === undefined) throw unreadable("It is no sealed text.");
      const candidates = keys.filter((key) => key.id === id);
      for (const { key } of candidates) {
        const secret = opened(Buffer.from(box, "base64url"), header, key);
        if (secret !== null) return secret;
      }
      throw candidates.length === 0
        ? unreadable(`It was sealed with the key ${id}, which this node does not have: add it to BELFRY_SECRET_KEY.`)
        : unreadable("It was changed since it was sealed: give the secret again.");
    },
  };
}

function seal(secret: string, { id, key }: SecretKey): string {
  const header = `sealed:v1:${id}`;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(header));
  const box = Buffer.concat([nonce, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `${header}:${box.toString("base64url")}`;
}

/** Null: the key does not fit, or the text was changed. */
function opened(box: Buffer, header: string, key: Uint8Array): string | null {
  if (box.length < NONCE_BYTES + TAG_BYTES) return null;
  const nonce = box.subarray(0, NONCE_BYTES);
  const tag = box.subarray(-TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(header))
    .setAuthTag(tag);
  const plain = decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES));
  try {
    return Buffer.concat([plain, decipher.final()]).toString("utf8");
  } catch {
    return null;
  }
}

function keyMissing(): BelfryError {
  return new BelfryError(
    "SECRET_KEY_MISSING",
    "Secrets cannot be kept, for this Belfry has no key to encrypt them with: set BELFRY_SECRET_KEY on all nodes, such as to what `openssl rand -base64 32` prints.",
  );
}

function unreadable(why: string): BelfryError {
  return new BelfryError("SECRET_UNREADABLE", `A stored secret cannot be read. ${why}`);
}
