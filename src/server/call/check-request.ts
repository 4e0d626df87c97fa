/** The rules of the schema, and those every text and every piece of free data obeys, for each request of each method. */
import { isFieldSet, type DescMessage, type Message, type MessageShape } from "@bufbuild/protobuf";
import { createValidator, type Violation as RuleViolation } from "@bufbuild/protovalidate";
import { invalid } from "../../domain/error.ts";
import type { Violation } from "../../domain/violation.ts";
import { fieldPath } from "./field-path.ts";
import { textViolations } from "./text-violations.ts";

const validator = createValidator();

/**
 * @param prefix where the message stands in the request, for the names of fields.
 * @throws BelfryError INVALID_FIELD that names every field which breaks a rule.
 */
export function checkRequest<D extends DescMessage>(schema: D, request: MessageShape<D>, prefix = ""): void {
  const violations: Violation[] = textViolations(schema, request, prefix);
  const result = validator.validate(schema, request);
  switch (result.kind) {
    case "valid":
      break;
    case "invalid":
      for (const violation of result.violations) {
        if (!isLeftToMask(schema, request, violation)) violations.push(toViolation(violation, prefix));
      }
      break;
    case "error":
      throw result.error;
  }
  if (violations.length > 0) throw invalid(...violations);
}

/**
 * An update with a mask may leave out, inside the resource, what the mask does not name: whether something required is missing shows when the
 * named fields are in their places, and is checked there.
 */
function isLeftToMask(schema: DescMessage, request: Message, { ruleId, field }: RuleViolation): boolean {
  if (ruleId !== "required" || field.length < 2) return false;
  const mask = schema.fields.find(({ name }) => name === "update_mask");
  return mask !== undefined && isFieldSet(request, mask);
}

function toViolation(violation: RuleViolation, prefix: string): Violation {
  const { field, choices } = fieldPath(violation.field, prefix);
  if (choices !== undefined) return { field, description: `needs exactly one of ${choices.join(", ")}` };
  return { field, description: violation.forKey ? `the key ${violation.message}` : violation.message };
}
