/** How the texts of options become values. They throw InvalidArgumentError, which commander shows beside the option's name. */
import type { DescEnum, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { InvalidArgumentError } from "commander";
import { parseDuration } from "../../config/index.ts";
import { enumWord } from "../format/words.ts";

export function serverUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new InvalidArgumentError("It must be an http:// or https:// URL.");
  }
  return text;
}

/** The origin of a URL: who means a destination may name any address there. */
export function originOf(text: string): string {
  return new URL(serverUrl(text)).origin;
}

/** A length of time, such as 90s or 24h. */
export function lengthOfTime(text: string): Duration {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("It must be a length of time such as 90s, 5m or 24h.");
  return durationFromMs(ms);
}

/** A whole number of at least `least`. */
export function countFrom(least: number, most = 1_000_000): (text: string) => number {
  return (text) => {
    const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(count >= least && count <= most))
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return count;
  };
}

/** Values of an enum by their own words, `active,paused`; the option may also stand several times. */
export function enumValues(schema: DescEnum): (text: string, before: number[] | undefined) => number[] {
  const known = schema.values.filter(({ number }) => number !== 0);
  return (text, before = []) => {
    const values = text.split(",").map((part) => {
      const word = part.trim().toUpperCase().replaceAll("-", "_");
      const found = known.find(({ name, number }) => name === word || enumWord(schema, number) === word);
      if (found === undefined) {
        const allowed = known.map(({ number }) => enumWord(schema, number).toLowerCase()).join(", ");
        throw new InvalidArgumentError(`Known are: ${allowed}.`);
      }
      return found.number;
    });
    return [...before, ...values];
  };
}

/** One value of an enum. */
export function enumValue(schema: DescEnum): (text: string) => number {
  const many = enumValues(schema);
  return (text) => {
    const [value, ...others] = many(text, undefined);
    if (value === undefined || others.length > 0) throw new InvalidArgumentError("One is enough.");
    return value;
  };
}

/** `name=value`; the option may stand several times. */
export function label(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be name=value.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** The option may stand several times. */
export function several(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** Any JSON; what is none is a text. */
export function jsonOrText(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

export function jsonObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch (error) {
    throw new InvalidArgumentError(
      `It must be a JSON object (${error instanceof Error ? error.message : String(error)}).`,
    );
  }
  throw new InvalidArgumentError('It must be a JSON object, such as \'{"host":"a"}\'.');
}

/**
 * A time as people write it: `2026-01-31T08:00:00+08:00`, `2026-01-31 08:00` and `08:00` (today) in the time zone of this machine, or a length
 * of time ago, `24h`.
 */
export function momentBefore(now: () => number): (text: string) => Timestamp {
  return (text) => {
    const agoMs = parseDuration(text);
    if (agoMs !== undefined) return timestampFromMs(now() - agoMs);
    const at = timeOf(text, now());
    if (Number.isNaN(at)) {
      throw new InvalidArgumentError(
        "It must be a time such as 08:00, 2026-01-31T08:00:00+08:00, or 24h for as long ago.",
      );
    }
    return timestampFromMs(at);
  };
}

function timeOf(text: string, now: number): number {
  const clock = /^(?<hour>[01]?\d|2[0-3]):(?<minute>[0-5]\d)(?::(?<second>[0-5]\d))?$/.exec(text)?.groups;
  if (clock !== undefined) {
    return new Date(now).setHours(Number(clock["hour"]), Number(clock["minute"]), Number(clock["second"] ?? 0), 0);
  }
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return Date.parse(`${text}T00:00:00`);
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text)) return Number.NaN;
  return Date.parse(text.replace(" ", "T"));
}
