import { describe, expect, it } from "vitest";
import type { Json } from "../../../../src/domain/json.ts";
import { brokenRule, successRuleViolations } from "../../../../src/domain/webhook/success-rule.ts";

const keeps = (path: string, equals: Json, body: string): boolean => brokenRule([{ path, equals }], body) === null;

describe("the body of a response", () => {
  it.each<[string, Json, string]>([
    ["errcode", 0, '{"errcode":0,"errmsg":"ok"}'],
    ["result.code", "OK", '{"result":{"code":"OK"}}'],
    ["items.1.ok", true, '{"items":[{"ok":false},{"ok":true}]}'],
    ["0", "first", '["first"]'],
    ["0", "first", '{"0":"first"}'],
    ["error", null, '{"error":null}'],
    ["data", { a: [1, { b: 2 }], c: "x" }, '{"data":{"c":"x","a":[1,{"b":2}]}}'],
    ["errcode", 0, ' {"errcode": 0.0} '],
    ["constructor", 1, '{"constructor":1}'],
    ["__proto__", 1, '{"__proto__":1}'],
  ])("keeps the rule that %s is %j: %s", (path, equals, body) => {
    expect(keeps(path, equals, body)).toBe(true);
  });

  it.each<[string, Json, string]>([
    ["errcode", 0, '{"errcode":40001}'],
    ["errcode", 0, '{"errcode":"0"}'],
    ["errcode", 0, '{"errcode":false}'],
    ["errcode", 0, "{}"],
    ["errcode", 0, ""],
    ["errcode", 0, "ok"],
    ["errcode", 0, '{"errcode":0'],
    ["errcode", 0, "0"],
    ["errcode", 0, "null"],
    ["error", null, "{}"],
    ["a.b", 1, '{"a.b":1}'],
    ["a.b", 1, '{"a":1}'],
    ["items.length", 0, '{"items":[]}'],
    ["items.1", null, '{"items":[null]}'],
    ["constructor.name", "Object", "{}"],
    ["data", { a: 1 }, '{"data":{"a":1,"b":2}}'],
    ["data", { a: 1 }, '{"data":[1]}'],
    ["data", [1], '{"data":{"0":1}}'],
    ["data", [1, 2], '{"data":[1]}'],
    ["data", { toString: null }, '{"data":{"x":null}}'],
  ])("breaks the rule that %s is %j: %s", (path, equals, body) => {
    expect(keeps(path, equals, body)).toBe(false);
  });

  it("is not asked anything where there is no rule", () => {
    expect(brokenRule([], "no JSON")).toBeNull();
  });

  it("breaks a rule when it is longer than what is read", () => {
    expect(keeps("errcode", 0, JSON.stringify({ errcode: 0, pad: "x".repeat(64 * 1024) }))).toBe(false);
  });

  it("tells the first rule that it breaks, and what stands there", () => {
    const rules = [
      { path: "a", equals: 1 },
      { path: "b", equals: 2 },
      { path: "c", equals: 3 },
    ];
    expect(brokenRule(rules, '{"a":1,"b":{"x":5},"c":0}')).toEqual({ rule: rules[1], found: { x: 5 } });
    expect(brokenRule(rules, '{"a":1}')).toEqual({ rule: rules[1], found: undefined });
  });

  it("may be nested as deep as it likes", () => {
    const deep = `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`;
    expect(keeps("a", [], deep)).toBe(false);
    expect(keeps("a", [[]], deep)).toBe(false);
  });
});

describe("success rules", () => {
  it("name fields by paths of bounded length", () => {
    expect(successRuleViolations([{ path: "a.b.0", equals: 0 }])).toEqual([]);
    for (const path of ["", ".", "a.", ".a", "a..b", "x".repeat(257), Array(17).fill("a").join(".")]) {
      expect(
        successRuleViolations([
          { path: "ok", equals: 0 },
          { path, equals: 0 },
        ]),
      ).toEqual([{ field: "[1].path", description: expect.stringContaining("names joined by dots") }]);
    }
  });

  it("compare with bounded data, and are at most 16", () => {
    expect(successRuleViolations([{ path: "a", equals: "x".repeat(1024) }])).toEqual([
      { field: "[0].equals", description: "must have at most 1024 characters as JSON" },
    ]);
    expect(successRuleViolations(Array.from({ length: 17 }, () => ({ path: "a", equals: 0 })))).toEqual([
      { field: "", description: "must be at most 16" },
    ]);
  });
});
