import type { Command } from "commander";
import type { BulkResult } from "../../client/index.ts";
import { Failure } from "../failure.ts";
import { printable } from "../format/printable.ts";
import { writeLine } from "../format/screen.ts";
import { counted } from "../format/words.ts";
import type { Surroundings } from "../surroundings.ts";
import { label } from "./option-values.ts";

/** The filters that definitions and instances have in common. */
export interface FilterOptions {
  readonly user?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly businessId?: string;
}

export function addFilterOptions(command: Command): Command {
  return command
    .option("--user <id>", "only of this user")
    .option("--label <name=value>", "only with this label; may stand several times", label)
    .option("--business-id <id>", "only of this business object");
}

/** Which resources a command is for: the one that its argument names, or those that its filters select. */
export type Target<Selector> =
  | { readonly kind: "one"; readonly id: string }
  | { readonly kind: "selected"; readonly selector: Selector; readonly validateOnly: boolean };

/** @throws Failure when it is neither, or both. */
export function targetOf<Selector extends object>(
  id: string | undefined,
  selector: Selector,
  dryRun: boolean | undefined,
): Target<Selector> {
  const isSet = Object.values(selector).some((value) => value !== undefined);
  if (id !== undefined && isSet) throw new Failure("Name one by its id, or select several by filters, not both.");
  if (id !== undefined && dryRun === true) throw new Failure("--dry-run goes with filters: it shows what they select.");
  if (id !== undefined) return { kind: "one", id };
  if (!isSet)
    throw new Failure("Name one by its id, or select several by filters such as --user or --state (see --help).");
  return { kind: "selected", selector, validateOnly: dryRun === true };
}

/** Says what became of those that filters selected. `deed` is what was done to them, in the past tense. */
export function writeBulk(
  { out }: Surroundings,
  bulk: BulkResult | undefined,
  noun: string,
  deed: string,
  dryRun: boolean,
): void {
  if (bulk === undefined) return;
  const matched = counted(bulk.matchedCount, noun);
  writeLine(out, dryRun ? `${matched} would be ${deed}.` : `${matched} matched, ${bulk.changedCount} ${deed}.`);
  for (const id of bulk.sampleIds) writeLine(out, `  ${printable(id)}`);
  if (Number(bulk.matchedCount) > bulk.sampleIds.length && bulk.sampleIds.length > 0) writeLine(out, "  …");
}
