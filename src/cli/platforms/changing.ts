import type { Command } from "commander";
import type { ApiOptions } from "../api/command.ts";

/** The options of commands that change a platform. */
export interface ChangeOptions extends ApiOptions {
  readonly by?: string;
  readonly reason?: string;
  readonly requestId?: string;
}

export interface EtagOptions extends ChangeOptions {
  readonly etag?: string;
}

export function addChangeOptions(command: Command): Command {
  return command
    .option("--by <name>", "who does it, for the record of changes")
    .option("--reason <words>", "why, for the record of changes")
    .option("--request-id <id>", "the same id within 24 h does it once and gives the same answer");
}

export function addEtagOption(command: Command): Command {
  return command.option("--etag <etag>", "only if it has not changed since this etag was read");
}

/** What a request says of whoever asks for it. */
export function whoAndWhy({ by, reason, requestId }: ChangeOptions) {
  return { changedBy: by, reason, requestId };
}
