import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBelfryClient, createWorker } from "../../client/index.ts";
import type { BelfryClient } from "../../client/index.ts";
import { readConfig } from "../../config/index.ts";
import type { Config } from "../../config/index.ts";
import { createLog } from "../../system/log.ts";
import { callFailure } from "../api/call-failure.ts";
import { Failure } from "../failure.ts";
import { paint, writeLine } from "../format/screen.ts";
import { writeTable } from "../format/table.ts";
import { counted, instanceStateWord, scheduleInWords } from "../format/words.ts";
import type { OpenedDatabase } from "../node/database.ts";
import { startNode } from "../node/node.ts";
import type { RunningNode } from "../node/node.ts";
import { stopSteps } from "../node/stopping.ts";
import type { Surroundings } from "../surroundings.ts";
import { eventLine } from "../watch/event-line.ts";
import { DEMO_QUEUE, demoDefinitions } from "./definitions.ts";
import { Narrator } from "./narrator.ts";
import { demoHandler } from "./work.ts";

export interface DemoOptions {
  readonly surroundings: Surroundings;
  /** Ends it early. */
  readonly stop: AbortSignal;
  /** For how long it tells what happens; Infinity: until `stop`. */
  readonly lastsMs: number;
  readonly opened: (database: OpenedDatabase) => void;
}

/** Runs a whole Belfry of its own (node, database in a temporary folder, worker) and tells what happens. */
export async function demo({ surroundings, stop, lastsMs, opened }: DemoOptions): Promise<void> {
  const { clock, out, err } = surroundings;
  const folder = await mkdtemp(join(tmpdir(), "belfry-demo-"));
  const log = createLog({ level: "error", clock, sink: { write: (line) => err.write(line) }, format: "text" });
  try {
    writeLine(out, paint(out, "dim", `Starting a node of its own, with its database in ${folder} …`));
    const node = await startNode({ config: demoConfig(surroundings, folder), clock, log, migrates: true, opened });
    let troubles: readonly string[];
    try {
      await node.runtime.ready();
      await show(node, surroundings, stop, lastsMs);
    } finally {
      troubles = await stopSteps(node.stopSteps, clock, log);
    }
    if (troubles.length > 0) throw new Failure(`The demo's node did not end well: ${troubles.join("; ")}.`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  writeLine(out, paint(out, "dim", 'The demo is over and its folder removed. "belfry serve" runs a node that stays.'));
}

/** None of the user's own settings: the demo must not touch the user's database. */
function demoConfig({ machine }: Surroundings, folder: string): Config {
  const settings = {
    BELFRY_LISTEN: "127.0.0.1:0",
    BELFRY_DATA_DIR: folder,
    BELFRY_NODE_ID: "demo",
    BELFRY_SHARDS: "16",
  };
  const reading = readConfig(settings, machine);
  if (reading.kind === "wrong") throw new Error(reading.message);
  return reading.config;
}

async function show(node: RunningNode, surroundings: Surroundings, stop: AbortSignal, lastsMs: number): Promise<void> {
  const { clock } = surroundings;
  const client = createBelfryClient(node.url);
  const worker = createWorker({ client, queue: DEMO_QUEUE, workerId: "demo-worker", handler: demoHandler(clock) });
  try {
    await worker.start();
    const names = await createDefinitions(client);
    introduce(node, surroundings);
    const over = new AbortController();
    const timer = clock.schedule(lastsMs, () => over.abort());
    await tell(client, new Narrator(names), surroundings, AbortSignal.any([stop, over.signal]));
    timer.cancel();
    await worker.stop({ graceMs: 2_000 });
    await summarise(client, surroundings);
  } catch (error) {
    throw callFailure(error, node.url);
  } finally {
    await worker.stop({ graceMs: 0 });
    client.close();
  }
}

async function createDefinitions(client: BelfryClient): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const definition of demoDefinitions()) {
    const answer = await client.definitions.createDefinition({ definition });
    if (answer.definition) names.set(answer.definition.id, definition.name);
  }
  return names;
}

function introduce({ url }: RunningNode, { out }: Surroundings): void {
  writeLine(
    out,
    `${paint(out, "bold", "Belfry demo")} on ${url}: a worker and ${counted(demoDefinitions().length, "definition")}.`,
  );
  writeLine(out);
  const rows = demoDefinitions().map(({ name, schedule, content }) => [name, scheduleInWords(schedule), content]);
  writeTable(out, [{ title: "NAME" }, { title: "SCHEDULE" }, { title: "WHAT", flexible: true }], rows);
  writeLine(out);
  writeLine(out, paint(out, "dim", `From another terminal: npx belfry definitions list --server ${url}`));
  writeLine(out, paint(out, "dim", "What happens (Ctrl-C ends it):"));
}

async function tell(
  client: BelfryClient,
  narrator: Narrator,
  { out }: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  for await (const { event } of client.watchEvents({ from: "start", signal })) {
    writeLine(
      out,
      eventLine(out, event, (about) => narrator.nameOf(about)),
    );
  }
}

async function summarise(client: BelfryClient, { out }: Surroundings): Promise<void> {
  const { counts, total } = await client.instances.getInstanceStats({});
  const states = counts.map(
    ({ state, count }) => `${count} ${instanceStateWord(state).toLowerCase().replaceAll("_", " ")}`,
  );
  writeLine(out);
  writeLine(out, `${counted(total, "instance")}: ${states.join(", ")}.`);
}
