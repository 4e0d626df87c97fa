/**
 * Draws the state machines of the actors from the machine objects themselves: states, what they mean, and for each event where it leads.
 *
 * `node scripts/state-machines.ts` writes docs/state-machines.md; with `--check` it compares and ends with 1 when the page is not what the
 * machines are.
 */
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { breakerMachine } from "../src/actors/breaker/machine.ts";
import { destinationMachine } from "../src/actors/destination/machine.ts";
import { instanceMachine } from "../src/actors/instance/machine.ts";
import { lockMachine } from "../src/actors/lock/machine.ts";
import { platformMachine } from "../src/actors/platform/machine.ts";
import { sessionMachine } from "../src/actors/session/machine.ts";
import { supervisorMachine } from "../src/actors/supervisor/machine.ts";

const PAGE = resolve(import.meta.dirname, "../docs/state-machines.md");
/** How an eventless transition is shown. */
const ALWAYS = "(always)";

/** What is read off a machine; XState's own types say the same with many more parameters. */
interface Machine {
  readonly root: { readonly initial: { readonly target?: readonly Target[] | undefined } };
  readonly states: Readonly<Record<string, StateNode>>;
}

interface StateNode {
  readonly description?: string | undefined;
  readonly transitions: ReadonlyMap<string, readonly Candidate[]>;
  readonly always?: readonly Candidate[] | undefined;
}

interface Candidate {
  readonly target?: readonly Target[] | undefined;
  readonly guard?: unknown;
}

interface Target {
  readonly key: string;
}

/** One way in which one event may go. */
interface Way {
  readonly from: string;
  readonly event: string;
  /** Null: the state stays, and what it knows changes. */
  readonly to: string | null;
  readonly guarded: boolean;
  /** Which of the candidates of this event it is, from 1; they are tried in order. */
  readonly position: number;
  readonly candidates: number;
}

function waysOf({ states }: Machine): readonly Way[] {
  return Object.entries(states).flatMap(([from, { transitions, always = [] }]) =>
    [...transitions, [ALWAYS, always] as const].flatMap(([event, candidates]) =>
      candidates.map(({ target, guard }, index) => ({
        from,
        event,
        to: target?.[0]?.key ?? null,
        guarded: guard !== undefined,
        position: index + 1,
        candidates: candidates.length,
      })),
    ),
  );
}

/** `WAKE 2, 4 of 8`: the event, and which of its candidates when there are several. */
function label(ways: readonly Way[]): string {
  const [first] = ways;
  if (first === undefined) throw new Error("a label needs a way");
  if (first.candidates === 1) return first.event;
  return `${first.event} ${ways.map(({ position }) => position).join(", ")} of ${first.candidates}`;
}

function diagram(machine: Machine): string {
  const initial = machine.root.initial.target?.[0]?.key;
  if (initial === undefined) throw new Error("a machine needs an initial state");
  const states = Object.entries(machine.states).map(
    ([name, { description = "" }]) => `${name} : ${plain(description)}`,
  );
  const arrows = Map.groupBy(
    waysOf(machine).filter(({ to }) => to !== null),
    ({ from, to }) => `${from} --> ${to}`,
  );
  const drawn = [...arrows].map(([arrow, ways]) => {
    const labels = [...Map.groupBy(ways, ({ event }) => event).values()].map(label);
    return `${arrow} : ${labels.join("<br/>")}`;
  });
  const lines = [...states, `[*] --> ${initial}`, ...drawn];
  lines.forEach(requireSane);
  return ["```mermaid", "stateDiagram-v2", ...lines.map((line) => `    ${line}`), "```"].join("\n");
}

/** A text of a diagram ends at a colon or a semicolon. */
function plain(text: string): string {
  return text.replaceAll(":", " –").replaceAll(";", ",");
}

const NAME = String.raw`(?:\[\*\]|[A-Z][A-Z_]*)`;
const TEXT = String.raw`(?:<br/>|[^:;#"<>%{}\[\]])+`;
const STATEMENT = new RegExp(`^${NAME}(?: --> ${NAME}(?: : ${TEXT})?| : ${TEXT})$`);

/** The part of Mermaid's grammar that is used here, so that a new name or description cannot break the page unseen. */
function requireSane(line: string): void {
  if (!STATEMENT.test(line)) throw new Error(`Mermaid would not understand: ${line}`);
}

function table(machine: Machine): string {
  const rows = waysOf(machine).map(({ from, event, to, guarded, position, candidates }) => {
    const when =
      candidates === 1 ? (guarded ? "guarded" : "") : `${position} of ${candidates}${guarded ? "" : ", otherwise"}`;
    return `| ${from} | ${event} | ${when} | ${to ?? "stays"} |`;
  });
  return ["| in | on | when | goes to |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function section(title: string, source: string, machine: Machine): string {
  return `## ${title}\n\nSource: [\`${source}\`](../${source}).\n\n${diagram(machine)}\n\n${table(machine)}\n`;
}

const INTRODUCTION = `# State machines

Drawn from the machines by \`scripts/state-machines.ts\`; do not edit: run \`npm run machines\`.

The diagrams show the transitions that change the state; the tables show all. The candidates of an event are tried in order, and the first whose
guard holds is taken ("2 of 3" is the second; "guarded" has one candidate, with a guard). When none holds, or the state does not list the event,
nothing changes: the caller of a command gets FAILED_PRECONDITION, reason STATE_FORBIDS or STALE_ATTEMPT.

There are no timers in these machines. WAKE and TAKE say "look whether your time has come": see
[Time in a machine](architecture.md#time-in-a-machine).
`;

function page(): string {
  return [
    INTRODUCTION,
    section("Definition (任务定义): its supervisor", "src/actors/supervisor/machine.ts", supervisorMachine),
    section("Instance (任务实例)", "src/actors/instance/machine.ts", instanceMachine),
    section("Destination (推送目标)", "src/actors/destination/machine.ts", destinationMachine),
    section("Platform (第三方平台)", "src/actors/platform/machine.ts", platformMachine),
    section("Session (审批实例)", "src/actors/session/machine.ts", sessionMachine),
    section("Lock (任务锁)", "src/actors/lock/machine.ts", lockMachine),
    section("Breaker (熔断器): of a destination or a platform", "src/actors/breaker/machine.ts", breakerMachine),
  ].join("\n");
}

if (process.argv.includes("--check")) {
  const written = await readFile(PAGE, "utf8").catch(() => "");
  if (written !== page()) {
    console.error("docs/state-machines.md is not what the machines are: run `npm run machines`");
    process.exitCode = 1;
  }
} else {
  await writeFile(PAGE, page());
}
