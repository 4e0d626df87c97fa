import { describe, expect, it } from "vitest";
import { fitted, textWidth } from "../../../../src/cli/format/width.ts";

describe("the width of a text in columns", () => {
  it.each([
    ["", 0],
    ["watch", 5],
    ["监控服务器", 10],
    ["サーバー", 8],
    ["서버", 4],
    ["ｶﾅ", 2],
    ["Ａ", 2],
    ["é", 1],
    ["e\u0301", 1],
    ["…", 1],
    ["🔔", 2],
    ["👩‍👩‍👧", 2],
    ["❤️", 2],
    ["a\u200Bb", 2],
  ])("%j takes %i", (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});

describe("a text that does not fit", () => {
  it("ends in a sign for the rest, and never takes more than it may", () => {
    expect(fitted("watch-servers", 6)).toBe("watch…");
    expect(fitted("监控服务器", 6)).toBe("监控…");
    expect(textWidth(fitted("监控服务器", 6))).toBe(5);
  });

  it("stays whole when it does fit", () => {
    expect(fitted("监控", 4)).toBe("监控");
  });
});
