import type { Event } from "../../client/index.ts";

/** Gives what events are about names that a person can follow: `tick #3` instead of ids. */
export class Narrator {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** @param names definitions by id. */
  constructor(names: ReadonlyMap<string, string>) {
    for (const [id, name] of names) this.#names.set(id, name);
  }

  nameOf(event: Event): string {
    const known = this.#names.get(event.subject);
    if (known !== undefined) return known;
    const definitionId = event.data?.["definitionId"];
    const definition = typeof definitionId === "string" ? this.#names.get(definitionId) : undefined;
    if (definition === undefined) return event.subject;
    const count = (this.#counts.get(definition) ?? 0) + 1;
    this.#counts.set(definition, count);
    const name = `${definition} #${count}`;
    this.#names.set(event.subject, name);
    return name;
  }
}
