import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headerRefusal } from "../../../../src/domain/network/request-headers.ts";

describe("a header of a request", () => {
  it("may have any token as its name and any text of Latin-1 as its value", () => {
    expect(headerRefusal("X-Api-Key", "abc def\t~é")).toBeNull();
    expect(headerRefusal("x!#$%&'*+.^_`|~1", "")).toBeNull();
  });

  it.each([
    ["", "a"],
    ["a b", "a"],
    ["a:b", "a"],
    ["a\r\nhost", "a"],
    ["名", "a"],
    ["a", "b\r\nhost: c"],
    ["a", "b\nc"],
    ["a", "b\rc"],
    ["a", "b\0c"],
    ["a", "\u{7f}"],
    ["a", "\u{100}"],
    ["a", "中"],
    ["a", "\u{10a}"],
    ["Host", "a"],
    ["CONTENT-LENGTH", "1"],
    ["transfer-encoding", "chunked"],
    ["Connection", "close"],
    ["upgrade", "h2c"],
    ["expect", "100-continue"],
  ])("is refused: %j with %j", (name, value) => {
    expect(headerRefusal(name, value)).not.toBeNull();
  });

  it("is never quoted with its value, which may be a secret", () => {
    expect(headerRefusal("authorization", "Bearer hunter2\n")).not.toContain("hunter2");
  });

  it("that passes is one line when it is written as Latin-1", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (name, value) => {
        if (headerRefusal(name, value) !== null) return;
        const line = Buffer.from(`${name}: ${value}`, "latin1");
        expect([0, 10, 13].some((byte) => line.includes(byte))).toBe(false);
        expect(line.toString("latin1")).toBe(`${name}: ${value}`);
      }),
      { seed: 20260308, numRuns: 2000 },
    );
  });
});
