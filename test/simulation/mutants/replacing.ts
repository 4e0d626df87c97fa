/** A part of the store with some of its methods replaced. */
export function replacing<Part extends object>(part: Part, replaced: Partial<Part>): Part {
  return new Proxy(part, {
    get: (target, name) => {
      const from = name in replaced ? replaced : target;
      const method: unknown = Reflect.get(from, name, from);
      return typeof method === "function"
        ? (...args: readonly unknown[]): unknown => Reflect.apply(method, from, args)
        : method;
    },
  });
}
