import type { Command } from "commander";
import { apiCommand, serverOf } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { Failure } from "../failure.ts";
import { writeLine } from "../format/screen.ts";
import type { Surroundings } from "../surroundings.ts";
import { askHealth } from "./ask-health.ts";

/** Those who ask by a clock, such as a container's health check, ask again soon. */
const ANSWER_MS = 3_000;

export function addHealthCommand(program: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(program, "health", "Ask a server whether it serves: ends with 0 when it does, with 1 when not.", [
    "health",
    "health --server http://127.0.0.1:8981",
  ]).action(async (options: ApiOptions) => {
    const url = serverOf(surroundings, options);
    const health = await askHealth(url, clock, ANSWER_MS);
    if (health.kind === "no answer") throw new Failure(`${url} does not answer: ${health.reason}.`);
    writeLine(out, options.json === true ? JSON.stringify({ status: health.status }) : health.status);
    if (health.status !== "SERVING") throw new Failure(`The node at ${url} does not serve now.`);
  });
}
