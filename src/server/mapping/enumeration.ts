/** Generated enums are objects of numbers by name, and the domain uses the same names. */
type Numbers = Readonly<Record<string, number>>;

const namesByNumber = new WeakMap<Numbers, ReadonlyMap<number, string>>();

/** The name of a value; undefined for UNSPECIFIED and for values this schema does not know. */
export function nameIn<E extends Numbers>(
  values: E,
  value: number,
): Exclude<keyof E & string, "UNSPECIFIED"> | undefined {
  let names = namesByNumber.get(values);
  if (names === undefined) {
    names = new Map(Object.entries(values).flatMap(([name, number]) => (number === 0 ? [] : [[number, name]])));
    namesByNumber.set(values, names);
  }
  return names.get(value) as Exclude<keyof E & string, "UNSPECIFIED"> | undefined;
}

/** The names of a filter's values; undefined when there are none, which filters nothing. */
export function namesIn<E extends Numbers>(
  values: E,
  chosen: readonly number[],
): Exclude<keyof E & string, "UNSPECIFIED">[] | undefined {
  const names = chosen.map((value) => nameIn(values, value)).filter((name) => name !== undefined);
  return names.length === 0 ? undefined : names;
}
