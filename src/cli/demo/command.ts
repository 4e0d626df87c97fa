import type { Command } from "commander";
import { countFrom } from "../api/option-values.ts";
import { examplesText } from "../api/command.ts";
import { Lifetime } from "../node/lifetime.ts";
import { watchNpm } from "../node/orphan-watch.ts";
import type { Surroundings } from "../surroundings.ts";

const EXIT_AT_ONCE = 130;

export function addDemoCommand(program: Command, surroundings: Surroundings): void {
  const { clock } = surroundings;
  program
    .command("demo")
    .description(
      "Show Belfry at work: a node of its own in a temporary folder, a worker, and what happens, line by line.",
    )
    .option("--seconds <count>", "end after so many seconds (default: at Ctrl-C)", countFrom(1))
    .addHelpText("after", examplesText(["demo", "demo --seconds 20"]))
    .action(async ({ seconds }: { readonly seconds?: number }) => {
      const { demo } = await import("./demo.ts");
      const stop = new AbortController();
      let serverPid = (): number | undefined => undefined;
      const lifetime = new Lifetime(clock, () => {
        const pid = serverPid();
        if (pid !== undefined) surroundings.signal(pid, "SIGQUIT");
        surroundings.exit(EXIT_AT_ONCE);
      });
      const end = (): void => {
        lifetime.signal();
        stop.abort();
      };
      const forget = [surroundings.onStopSignal(end), surroundings.onUnread(() => stop.abort())];
      const orphanWatch = watchNpm(surroundings, end);
      try {
        await demo({
          surroundings,
          stop: stop.signal,
          lastsMs: seconds === undefined ? Infinity : seconds * 1000,
          opened: (database) => (serverPid = () => database.pid()),
        });
      } finally {
        orphanWatch.end();
        for (const each of forget) each();
      }
    });
}
