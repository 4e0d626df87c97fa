import { describe, expect, it } from "vitest";
import { answerHeaders } from "../../../../src/system/http/answer-headers.ts";

describe("the headers of an answer", () => {
  it("are read as Latin-1", () => {
    expect(answerHeaders([Buffer.from("X-A"), Buffer.from([0xe9])])).toEqual({ "x-a": "é" });
  });

  it("are kept up to 16 KiB as UTF-8, in whole values", () => {
    const half = "é".repeat(4000);
    const headers = answerHeaders(["a", half, "b", half, "c", half, "d", ""]);
    expect(Object.keys(headers)).toEqual(["a", "b"]);
    expect(answerHeaders(["a", "b".repeat(16 * 1024 - 1)])).toEqual({ a: "b".repeat(16 * 1024 - 1) });
    expect(answerHeaders(["a", "b".repeat(16 * 1024)])).toEqual({});
  });

  it("that are many and empty of one name do not grow past it either", () => {
    const many = Array.from({ length: 20_000 }, (_, at) => (at % 2 === 0 ? "a" : ""));
    expect(answerHeaders(many)["a"]?.length).toBeLessThanOrEqual(16 * 1024);
  });

  it("without a value at the end are passed over", () => {
    expect(answerHeaders(["a", "1", "b"])).toEqual({ a: "1" });
  });
});
