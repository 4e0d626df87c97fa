import type { Command } from "commander";
import { examplesText } from "../api/command.ts";
import { Failure } from "../failure.ts";
import { printable } from "../format/printable.ts";
import { paint, writeLine } from "../format/screen.ts";
import type { Screen, Style } from "../format/screen.ts";
import { counted } from "../format/words.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Finding } from "./finding.ts";

const STYLES: Readonly<Record<Finding["status"], Style>> = { ok: "green", warn: "yellow", fail: "red" };
const CHECK_WIDTH = 12;

export function addDoctorCommand(program: Command, surroundings: Surroundings): void {
  const { out } = surroundings;
  program
    .command("doctor")
    .description("Check whether a node can run here: Node, settings, data folder, database, shards, clock, NATS, port.")
    .option("--json", "print the findings as JSON")
    .addHelpText(
      "after",
      `${examplesText(["doctor", "doctor --json | jq '.checks[] | select(.status != \"ok\")'"])}\n\nIt ends with 1 when a check fails.`,
    )
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { examine } = await import("./examine.ts");
      const findings: Finding[] = [];
      for await (const finding of examine(surroundings)) {
        findings.push(finding);
        if (json !== true) writeFinding(out, finding);
      }
      const failed = findings.filter(({ status }) => status === "fail").length;
      if (json === true) writeLine(out, JSON.stringify({ ok: failed === 0, checks: findings }, null, 2));
      if (failed > 0) throw new Failure(`${counted(failed, "check")} failed.`);
    });
}

function writeFinding(screen: Screen, { check, status, message, advice }: Finding): void {
  writeLine(
    screen,
    `${paint(screen, STYLES[status], status.padEnd(4))}  ${check.padEnd(CHECK_WIDTH)}  ${printable(message)}`,
  );
  if (advice !== undefined) writeLine(screen, `${" ".repeat(CHECK_WIDTH + 8)}${printable(advice)}`);
}
