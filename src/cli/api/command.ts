import type { Command } from "commander";
import { createBelfryClient } from "../../client/index.ts";
import type { BelfryClient } from "../../client/index.ts";
import { readServerUrl } from "../../config/index.ts";
import { EXIT_WRONG_CONFIG, Failure } from "../failure.ts";
import type { Surroundings } from "../surroundings.ts";
import { callFailure } from "./call-failure.ts";
import { serverUrl } from "./option-values.ts";

/** The options of every command that talks to a server. */
export interface ApiOptions {
  readonly server?: string;
  readonly json?: boolean;
}

/** Adds a command that talks to a server. @param examples lines for its help, without the leading `belfry`. */
export function apiCommand(parent: Command, words: string, description: string, examples: readonly string[]): Command {
  return parent
    .command(words)
    .description(description)
    .option("--server <url>", "the server (default: BELFRY_SERVER, or http://127.0.0.1:8980)", serverUrl)
    .option("--json", "print the answer as JSON")
    .addHelpText("after", examplesText(examples));
}

export function examplesText(examples: readonly string[]): string {
  return `\nExample${examples.length === 1 ? "" : "s"}:\n${examples.map((example) => `  $ belfry ${example}`).join("\n")}`;
}

/** Opens a client to the server that the options name, for as long as `work` takes. @throws Failure for a call that fails. */
export async function withClient(
  surroundings: Surroundings,
  options: ApiOptions,
  work: (client: BelfryClient, url: string) => Promise<void>,
): Promise<void> {
  const url = serverOf(surroundings, options);
  const client = createBelfryClient(url);
  try {
    await work(client, url);
  } catch (error) {
    throw callFailure(error, url);
  } finally {
    client.close();
  }
}

/** The URL of the server that the options or the environment name. @throws Failure when that is none. */
export function serverOf({ env }: Surroundings, { server }: ApiOptions): string {
  if (server !== undefined) return server;
  const reading = readServerUrl(env);
  if (reading.kind === "wrong") throw new Failure(reading.message, { exitCode: EXIT_WRONG_CONFIG });
  return reading.url;
}
