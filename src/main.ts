/** The `belfry` command: `node src/main.ts --help`, or `npx belfry --help`. */
import { runBelfry } from "./cli/run.ts";
import { processSurroundings } from "./cli/surroundings.ts";

const exitCode = await runBelfry(process.argv.slice(2), processSurroundings());
// All is written, then ended: a handle that somebody forgot must not keep the process.
process.stdout.write("", () => process.exit(exitCode));
