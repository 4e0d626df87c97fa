import { spawn } from "node:child_process";
import type { ServerUser } from "./server-user.ts";

/**
 * What PostgreSQL's programs see of the environment: nothing of ours. PG* variables would change what they do, and
 * LD_LIBRARY_PATH what they load.
 */
export const PROGRAM_ENVIRONMENT = { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C" };

export interface ProgramResult {
  /** 0 is success; absent when a signal ended the program. */
  exitCode?: number;
  output: string;
}

/**
 * Runs one of PostgreSQL's short programs as the server's user and waits for its end.
 *
 * @throws the error of the system (ENOENT, EACCES, …) when it cannot be started.
 */
export function runProgram(file: string, args: string[], user: ServerUser, folder = "/"): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      // Entered before the user changes, so it may lie where that user could not go.
      cwd: folder,
      env: PROGRAM_ENVIRONMENT,
      stdio: ["ignore", "pipe", "pipe"],
      ...(user.switched ? { uid: user.uid, gid: user.gid } : {}),
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.once("error", reject);
    child.once("close", (exitCode) => {
      const output = Buffer.concat(chunks).toString("utf8").trim();
      resolve(exitCode === null ? { output } : { exitCode, output });
    });
  });
}
