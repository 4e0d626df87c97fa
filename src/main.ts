/** The `belfry` command: `node src/main.ts --help`, or `npx belfry --help`. */
import { runBelfry } from "./cli/run.ts";
import { processSurroundings } from "./cli/surroundings.ts";

// A reader that has seen enough (`belfry … | head`) closes the pipe, which is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

const exitCode = await runBelfry(process.argv.slice(2), processSurroundings());
// All is written, then ended: a handle that somebody forgot must not keep the process.
process.stdout.write("", () => process.exit(exitCode));
