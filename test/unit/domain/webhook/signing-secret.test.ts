import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import {
  NEW_SECRET_BYTES,
  signingKeyOf,
  signingSecretOf,
  signingSecretViolation,
} from "../../../../src/domain/webhook/signing-secret.ts";

const of = (count: number) => signingSecretOf(Buffer.alloc(count, 0xfb));

describe("a signing secret", () => {
  it.each([24, 25, NEW_SECRET_BYTES, 64])(
    "of %i bytes is one, and one for the library of Standard Webhooks",
    (count) => {
      const secret = of(count);
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]+=*$/u);
      expect(signingSecretViolation(secret)).toBeNull();
      expect(Buffer.from(signingKeyOf(secret))).toEqual(Buffer.alloc(count, 0xfb));
      expect(() => new Webhook(secret)).not.toThrow();
    },
  );

  it.each([
    ["", "must begin with whsec_"],
    ["hunter2", "must begin with whsec_"],
    [of(32).replace("whsec_", "whsk_"), "must begin with whsec_"],
    ["whsec_", "bytes in base64"],
    ["whsec_hunter2!", "bytes in base64"],
    [`${of(32)} `, "bytes in base64"],
    [of(32).replace(/=$/u, ""), "padded with ="],
    [of(32).replaceAll("+", "-"), "bytes in base64"],
    [of(25).replace(/w==$/u, "x=="), "bytes in base64"],
    [of(23), "24 to 64 bytes, not 23"],
    [of(65), "24 to 64 bytes, not 65"],
  ])("is not %j", (text, part) => {
    expect(signingSecretViolation(text)).toContain(part);
    expect(signingSecretViolation(text)).not.toContain("hunter2");
  });
});
