/**
 * A copy of plain data that nobody can change: neither who gave it nor who gets it. Records go in and out of the store by it, as they would
 * through a database.
 *
 * @throws TypeError when something in it is not plain data (a function, a class instance, NaN), which no database would keep either.
 */
export function frozenCopy<Value>(value: Value): Value {
  return copyOf(value) as Value;
}

function copyOf(value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
    throw new TypeError(`A record holds a ${typeof value}: only plain data can be stored`);
  }
  if (typeof value === "number" && !Number.isFinite(value))
    throw new TypeError(`A record holds ${value}: only finite numbers can be stored`);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(copyOf));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`A record holds a ${value.constructor.name}: only plain data can be stored`);
  }
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copyOf(part)])));
}
