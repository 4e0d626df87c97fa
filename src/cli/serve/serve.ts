import type { Config } from "../../config/index.ts";
import type { Log } from "../../ports/log.ts";
import { Failure } from "../failure.ts";
import { writeLine } from "../format/screen.ts";
import type { OpenedDatabase } from "../node/database.ts";
import { startNode } from "../node/node.ts";
import type { RunningNode } from "../node/node.ts";
import { stopSteps } from "../node/stopping.ts";
import type { Surroundings } from "../surroundings.ts";
import { activeLine, servingLine, writeFirstSteps } from "./banner.ts";
import { Lifetime } from "../node/lifetime.ts";
import { watchNpm } from "../node/orphan-watch.ts";
import { decidingWith, standingOf } from "../node/standing-by.ts";

export interface ServeOptions {
  readonly surroundings: Surroundings;
  readonly config: Config;
  readonly log: Log;
  readonly migrates: boolean;
}

/** As a shell says it of a command that Ctrl-C ended. */
const EXIT_AT_ONCE = 130;
const EXIT_DEFECT = 1;
/** How long the embedded database may take to stop after a defect. */
const LAST_CHANCE_MS = 10_000;

/**
 * Runs a node until the first signal, then drains it. A second signal ends the process at once with 130; so does a defect that nobody caught,
 * with 1, once the embedded database has had the chance to stop.
 *
 * @throws Failure when the node cannot start, or did not end well.
 */
export async function serve({ surroundings, config, log, migrates }: ServeOptions): Promise<void> {
  const { clock, out } = surroundings;
  let database: OpenedDatabase | undefined;
  const lifetime = new Lifetime(clock, () => {
    // Left alone the server would live on. SIGQUIT is its quickest end; what is committed is safe.
    const pid = database?.pid();
    if (pid !== undefined) surroundings.signal(pid, "SIGQUIT");
    surroundings.exit(EXIT_AT_ONCE);
  });
  const forgetSignals = surroundings.onStopSignal(() => lifetime.signal());
  const orphanWatch = watchNpm(surroundings, () => lifetime.signal());
  // Nobody need read what it says.
  const forgetUnread = surroundings.onUnread(() => {});
  const endAfter = async (defect: unknown): Promise<never> => {
    log.error("A defect that nobody caught ends the node", { error: defect });
    await Promise.race([database?.close(), clock.sleep(LAST_CHANCE_MS)]);
    return surroundings.exit(EXIT_DEFECT);
  };
  const forgetUncaught = surroundings.onUncaught((defect) => void endAfter(defect));

  try {
    const node = await startNode({ config, clock, log, migrates, opened: (opened) => (database = opened) });
    await Promise.race([announce(node, config, surroundings, lifetime), lifetime.stopped]);
    await lifetime.stopped;
    writeLine(out, "Draining; a second signal ends it at once.");
    const troubles = await stopSteps(node.stopSteps, clock, log);
    if (troubles.length > 0) throw new Failure(`The node did not end well: ${troubles.join("; ")}.`);
    writeLine(out, "Ended.");
  } finally {
    orphanWatch.end();
    forgetUnread();
    forgetSignals();
    forgetUncaught();
  }
}

async function announce(
  node: RunningNode,
  config: Config,
  { clock, out }: Surroundings,
  lifetime: Lifetime,
): Promise<void> {
  const standing = await standingOf(node.runtime, node.store.shards, clock, () => lifetime.isStopping);
  if (standing === undefined) return;
  writeLine(out, servingLine(node, config, standing));
  writeFirstSteps(out, node.url);
  if (standing.kind === "deciding") return;
  await node.runtime.ready();
  writeLine(out, activeLine(node, config, decidingWith(node.runtime)));
}
