import { BelfryError } from "../../src/domain/error.ts";
import type { SecretBox } from "../../src/ports/secret-box.ts";

/** Seals so that a test can tell what was sealed. Its key can be taken away. */
export class FakeSecretBox implements SecretBox {
  ready = true;

  seal(secret: string): string {
    if (!this.ready) throw new BelfryError("SECRET_KEY_MISSING", "There is no key: set BELFRY_SECRET_KEY.");
    return sealed(secret);
  }

  open(text: string): string {
    if (!text.startsWith("sealed:")) throw new Error("It was not sealed");
    return Buffer.from(text.slice("sealed:".length), "base64url").toString();
  }
}

/** What the box makes of a secret. */
export function sealed(secret: string): string {
  return `sealed:${Buffer.from(secret).toString("base64url")}`;
}
