import { expect, test } from "vitest";
import { BoundedCache } from "../../../../src/domain/schedule/bounded-cache.ts";

test("compiles a key once, and again only after it was the longest unused of too many", () => {
  const compiled: string[] = [];
  const cache = new BoundedCache<string>(2);
  const get = (key: string) =>
    cache.get(key, () => {
      compiled.push(key);
      return key.toUpperCase();
    });
  expect(["a", "b", "a", "c", "a", "b"].map(get)).toEqual(["A", "B", "A", "C", "A", "B"]);
  expect(compiled).toEqual(["a", "b", "c", "b"]);
  expect(cache.size).toBe(2);
});

test("keeps nothing of what could not be compiled", () => {
  const cache = new BoundedCache<string>(2);
  const fail = () => {
    throw new Error("no");
  };
  expect(() => cache.get("a", fail)).toThrow("no");
  expect(cache.get("a", () => "yes")).toBe("yes");
});
