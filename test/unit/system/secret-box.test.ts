import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import { isSealed } from "../../../src/ports/secret-box.ts";
import { createSecretBox, secretKey } from "../../../src/system/secret-box.ts";

const OLD = secretKey(Buffer.alloc(32, 1));
const NEW = secretKey(Buffer.alloc(32, 2));

function refusal(act: () => unknown): BelfryError {
  try {
    act();
  } catch (error) {
    if (error instanceof BelfryError) return error;
    throw error;
  }
  throw new Error("It was not refused");
}

describe("a secret box", () => {
  it.each(["hunter2", "", "密码 🔑", "x".repeat(100_000), "sealed:v1:00000000:AAAA"])(
    "gives back what it sealed",
    (secret) => {
      const box = createSecretBox([NEW]);
      const sealed = box.seal(secret);
      expect(isSealed(sealed)).toBe(true);
      expect(sealed).toMatch(/^sealed:v1:[0-9a-f]{8}:[\w-]+$/u);
      expect(box.open(sealed)).toBe(secret);
    },
  );

  it("seals differently each time, and shows nothing of the secret but its length", () => {
    const box = createSecretBox([NEW]);
    const sealed = Array.from({ length: 100 }, () => box.seal("hunter2"));
    expect(new Set(sealed).size).toBe(100);
    expect(new Set(sealed.map(({ length }) => length)).size).toBe(1);
    expect(sealed.join("")).not.toContain(Buffer.from("hunter2").toString("base64url").slice(0, 8));
  });

  it("opens what any of its keys sealed, and seals with the first", () => {
    const before = createSecretBox([OLD]).seal("hunter2");
    const rotated = createSecretBox([NEW, OLD]);
    expect(rotated.open(before)).toBe("hunter2");
    expect(createSecretBox([NEW]).open(rotated.seal("hunter3"))).toBe("hunter3");
    // On a node that has not heard of the new order yet.
    expect(createSecretBox([OLD, NEW]).open(rotated.seal("hunter3"))).toBe("hunter3");
  });

  it("does not open what a key sealed that it does not have, and says which it needs", () => {
    const sealed = createSecretBox([OLD]).seal("hunter2");
    for (const box of [createSecretBox([NEW]), createSecretBox([])]) {
      const { reason, message } = refusal(() => box.open(sealed));
      expect(reason).toBe("SECRET_UNREADABLE");
      expect(message).toContain(`sealed with the key ${OLD.id}`);
      expect(message).not.toContain("hunter2");
    }
  });

  it("does not open what was changed, wherever it was", () => {
    const box = createSecretBox([NEW, OLD]);
    const sealed = box.seal("hunter2 and more");
    const bytes = Buffer.from(sealed.slice("sealed:v1:00000000:".length), "base64url");
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ 1;
      const text = `sealed:v1:${NEW.id}:${changed.toString("base64url")}`;
      expect(refusal(() => box.open(text)).reason).toBe("SECRET_UNREADABLE");
    }
    // Under another key's name it is not opened with that key, nor with its own.
    expect(refusal(() => box.open(sealed.replace(NEW.id, OLD.id))).reason).toBe("SECRET_UNREADABLE");
  });

  it("does not open what was sealed under another id, even when the key is the same", () => {
    const twice = createSecretBox(["aaaaaaaa", "bbbbbbbb"].map((id) => ({ id, key: NEW.key })));
    const sealed = twice.seal("hunter2");
    expect(twice.open(sealed)).toBe("hunter2");
    expect(refusal(() => twice.open(sealed.replace("aaaaaaaa", "bbbbbbbb"))).reason).toBe("SECRET_UNREADABLE");
  });

  it.each([
    "",
    "hunter2",
    "sealed:",
    "sealed:v1::AAAA",
    `sealed:v2:${NEW.id}:AAAA`,
    `sealed:v1:${NEW.id}:`,
    `sealed:v1:${NEW.id}:AAAA`,
    `sealed:v1:${NEW.id}:${"A".repeat(37)}`,
    `sealed:v1:${NEW.id}:${"A".repeat(60)}\n`,
  ])("does not open what is no sealed text: %j", (text) => {
    expect(refusal(() => createSecretBox([NEW]).open(text)).reason).toBe("SECRET_UNREADABLE");
  });

  it("without a key seals nothing, and says what to set", () => {
    const box = createSecretBox([]);
    expect(box.ready).toBe(false);
    expect(createSecretBox([NEW]).ready).toBe(true);
    const { reason, message } = refusal(() => box.seal("hunter2"));
    expect(reason).toBe("SECRET_KEY_MISSING");
    expect(message).toContain("set BELFRY_SECRET_KEY");
    expect(message).not.toContain("hunter2");
  });
});

describe("a secret key", () => {
  it("has an id that follows from it", () => {
    expect(secretKey(Buffer.alloc(32, 1)).id).toBe(OLD.id);
    expect(OLD.id).toMatch(/^[0-9a-f]{8}$/u);
    expect(OLD.id).not.toBe(NEW.id);
    // { printf 'belfry secret key\0'; head -c 32 /dev/zero | tr '\0' '\1'; } | sha256sum
    expect(OLD.id).toBe("5a1b2d9a");
  });

  it.each([0, 16, 31, 33])("has 32 bytes, not %i", (count) => {
    expect(() => secretKey(Buffer.alloc(count))).toThrow(RangeError);
  });
});
