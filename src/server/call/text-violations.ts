/**
 * Texts that no store and no other program could hold (with NUL characters or lone halves of surrogate pairs), and numbers that JSON cannot
 * write. Every text of a message is looked at: nested ones, keys of maps and free data included. Which fields hold any is worked out once a
 * message type.
 */
import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";
import type { Violation } from "../../domain/violation.ts";
import { member } from "./field-path.ts";

/** Deeper than the decoders allow, so that only a defect of theirs gets here. */
const MAX_DEPTH = 128;

type Visit = (value: unknown, path: string, found: Violation[]) => void;

interface FieldVisit {
  /** Of the property that holds it, and of the case of its oneof, if it is in one. */
  readonly localName: string;
  readonly oneof: string | undefined;
  readonly jsonName: string;
  readonly visit: Visit;
}

const plans = new WeakMap<DescMessage, readonly FieldVisit[]>();

/** @param prefix where the message stands in the request. */
export function textViolations(schema: DescMessage, message: object, prefix = ""): Violation[] {
  const found: Violation[] = [];
  visitMessage(schema, message, prefix, found);
  return found;
}

function visitMessage(schema: DescMessage, message: object, path: string, found: Violation[]): void {
  const fields = message as Readonly<Record<string, unknown>>;
  for (const { localName, oneof, jsonName, visit } of planOf(schema)) {
    let value: unknown = fields[localName];
    if (oneof !== undefined) {
      const chosen = fields[oneof] as { readonly case?: string; readonly value?: unknown };
      value = chosen.case === localName ? chosen.value : undefined;
    }
    if (value !== undefined) visit(value, member(path, jsonName), found);
  }
}

function planOf(schema: DescMessage): readonly FieldVisit[] {
  let plan = plans.get(schema);
  if (plan === undefined) {
    plan = schema.fields.flatMap((field) => {
      const visit = visitOf(field);
      if (visit === undefined) return [];
      return [{ localName: field.localName, oneof: field.oneof?.localName, jsonName: field.jsonName, visit }];
    });
    plans.set(schema, plan);
  }
  return plan;
}

function visitOf(field: DescField): Visit | undefined {
  switch (field.fieldKind) {
    case "scalar":
      return visitScalar(field.scalar);
    case "message":
      return visitNested(field.message);
    case "list": {
      const element = field.listKind === "message" ? visitNested(field.message) : visitScalar(field.scalar);
      return element && ((list, path, found) => visitList(list as readonly unknown[], path, found, element));
    }
    case "map": {
      const held = field.mapKind === "message" ? visitNested(field.message) : visitScalar(field.scalar);
      return (map, path, found) => visitMap(map as Readonly<Record<string, unknown>>, path, found, held);
    }
    case "enum":
      return undefined;
  }
}

function visitScalar(scalar: ScalarType | undefined): Visit | undefined {
  return scalar === ScalarType.STRING ? visitText : undefined;
}

function visitNested(schema: DescMessage): Visit | undefined {
  if (schema.typeName === "google.protobuf.Struct") return (value, path, found) => visitJson(value, path, 0, found);
  if (schema.fields.every((field) => field.fieldKind === "scalar" && field.scalar !== ScalarType.STRING))
    return undefined;
  return (value, path, found) => visitMessage(schema, value as object, path, found);
}

function visitList(list: readonly unknown[], path: string, found: Violation[], visit: Visit): void {
  for (let index = 0; index < list.length; index++) visit(list[index], `${path}[${index}]`, found);
}

function visitMap(map: Readonly<Record<string, unknown>>, path: string, found: Violation[], visit?: Visit): void {
  for (const [key, value] of Object.entries(map)) {
    const field = `${path}[${JSON.stringify(key)}]`;
    visitKey(key, field, found);
    visit?.(value, field, found);
  }
}

function visitJson(value: unknown, path: string, depth: number, found: Violation[]): void {
  if (typeof value === "string") visitText(value, path, found);
  else if (typeof value === "number") {
    if (!Number.isFinite(value)) found.push({ field: path, description: "must be a finite number" });
  } else if (typeof value === "object" && value !== null) {
    if (depth === MAX_DEPTH) found.push({ field: path, description: "is nested too deeply" });
    else if (Array.isArray(value)) visitList(value, path, found, (held, at) => visitJson(held, at, depth + 1, found));
    else {
      for (const [key, held] of Object.entries(value)) {
        const field = /^[A-Za-z_]\w*$/.test(key) ? member(path, key) : `${path}[${JSON.stringify(key)}]`;
        visitKey(key, field, found);
        visitJson(held, field, depth + 1, found);
      }
    }
  }
}

function visitKey(key: string, field: string, found: Violation[]): void {
  const fault = textFault(key);
  if (fault !== undefined) found.push({ field, description: `the key ${fault}` });
}

function visitText(value: unknown, path: string, found: Violation[]): void {
  const fault = textFault(value as string);
  if (fault !== undefined) found.push({ field: path, description: fault });
}

function textFault(text: string): string | undefined {
  if (text.includes("\0")) return "must not contain NUL characters";
  if (!text.isWellFormed()) return "must not contain half of a surrogate pair";
  return undefined;
}
