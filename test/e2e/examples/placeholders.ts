/** Puts values in the places that the page leaves open, and compares answers with what it shows. */
import { randomUUID } from "node:crypto";
import { expect } from "vitest";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const SOME_TIME = "2026-01-02T03:04:05Z";

/** The ids and tokens of the answers so far, by the name of the request field they are sent in. */
export class Seen {
  readonly #values = new Map<string, string>();
  readonly #platformUrl: string;

  /** @param platformUrl what stands for `https://…`. */
  constructor(platformUrl: string) {
    this.#platformUrl = platformUrl;
  }

  learn(answer: Json): void {
    const { definition, instance, dispatch, attempt, platform, batch, lock } = answer as Record<
      string,
      { readonly id?: string; readonly token?: string } | undefined
    >;
    const { pushLogs } = answer as { readonly pushLogs?: readonly { readonly id: string; readonly thirdId: string }[] };
    this.#keep("definitionId", definition?.id);
    this.#keep("instanceId", instance?.id);
    this.#keep("dispatchId", dispatch?.id);
    this.#keep("attemptToken", attempt?.token);
    this.#keep("token", lock?.token);
    this.#keep("platformId", platform?.id);
    this.#keep("batchId", batch?.id);
    this.#keep("pushLogId", pushLogs?.[0]?.id);
    this.#keep("thirdId", pushLogs?.[0]?.thirdId);
  }

  knows(name: string): boolean {
    return this.#values.has(name);
  }

  /** The request with every open place filled in, as JSON. */
  fill(request: string, method: string): string {
    const anyObject = method.endsWith("/PreviewSchedule")
      ? '{"cron":{"expressions":["0 8 * * *"]},"timeZone":"Asia/Shanghai"}'
      : '{"host":"b"}';
    return request
      .replaceAll("{…}", anyObject)
      .replaceAll(/(?<item>\{[^[\]]*\}),\s*…\s*\]/g, "$<item>,$<item>]")
      .replaceAll("<uuid>", randomUUID())
      .replaceAll("https://…", this.#platformUrl)
      .replaceAll(/"(?<name>\w+)":\s*"…"/g, (_, name: string) => `"${name}":${JSON.stringify(this.#value(name))}`);
  }

  #value(name: string): string {
    if (name === "requestId") return randomUUID();
    if (/Time$|After$/.test(name)) return SOME_TIME;
    if (!/Id$|Token$|^token$/.test(name)) return `some ${name}`;
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`No answer so far has had what ${name} needs`);
    return value;
  }

  #keep(name: string, value: string | undefined): void {
    if (value !== undefined) this.#values.set(name, value);
  }
}

/** Fails unless the answer has all that the page shows of it. */
export function expectToHold(answer: Json, holds: string): void {
  expectField(answer, JSON.parse(holds.replaceAll("{…}", '"{…}"')) as Json, "answer");
}

function expectField(given: Json | undefined, shown: Json, path: string): void {
  if (shown === "{…}") {
    expect(given, path).toBeTypeOf("object");
  } else if (shown === "…") {
    expect(given, path).toEqual(expect.stringMatching(/./));
  } else if (shown === false || shown === 0 || shown === "0" || shown === "") {
    expect(given ?? shown, path).toBe(shown);
  } else if (Array.isArray(shown)) {
    expect(given, path).toBeInstanceOf(Array);
    shown.forEach((item: Json, index) =>
      expectField(inPlaceOf(item, index, given as readonly Json[]), item, `${path}[${index}]`),
    );
  } else if (typeof shown === "object" && shown !== null) {
    expect(given, path).toBeTypeOf("object");
    for (const [name, value] of Object.entries(shown))
      expectField((given as Record<string, Json>)[name], value, `${path}.${name}`);
  } else {
    expect(given, path).toBe(shown);
  }
}

/** What has a name is found by it. */
function inPlaceOf(shown: Json, index: number, given: readonly Json[]): Json | undefined {
  const name = nameOf(shown);
  return name === undefined ? given[index] : given.find((each) => nameOf(each) === name);
}

function nameOf(value: Json): Json | undefined {
  return typeof value === "object" && value !== null && "name" in value ? value["name"] : undefined;
}
