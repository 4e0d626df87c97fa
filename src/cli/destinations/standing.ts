/** The commands that open and shut destinations, and change what signs for them. */
import type { Duration } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  ResetDestinationResponseSchema,
  RotateSecretResponseSchema,
  UpdateDestinationResponseSchema,
} from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { lengthOfTime, originOf } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import { writeLine } from "../format/screen.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeDestination } from "./view.ts";

const ARGUMENT = ["<url>", "its origin, or any address there", originOf] as const;

export function addStandingCommands(destinations: Command, surroundings: Surroundings): void {
  addReset(destinations, surroundings);
  addIsolate(destinations, surroundings);
  addRotateSecret(destinations, surroundings);
}

function addReset(destinations: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(destinations, "reset", "Close the breaker and enable it: what waits is delivered.", [
    "destinations reset https://hooks.example.com",
  ])
    .argument(...ARGUMENT)
    .action(async (origin: string, options: ApiOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.dispatches.resetDestination({ origin });
        if (options.json) writeJson(out, ResetDestinationResponseSchema, answer);
        else if (answer.destination) writeDestination(out, answer.destination, clock.now());
      });
    });
}

function addIsolate(destinations: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  interface Options extends ApiOptions {
    readonly reason?: string;
  }
  apiCommand(destinations, "isolate", "Deliver nothing there until it is reset; what goes there waits.", [
    "destinations isolate https://hooks.example.com --reason 'they move house'",
  ])
    .argument(...ARGUMENT)
    .option("--reason <words>", "why, for people")
    .action(async (origin: string, options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.dispatches.updateDestination({
          destination: { origin, isolated: true },
          updateMask: { paths: ["isolated"] },
          reason: options.reason,
        });
        if (options.json) writeJson(out, UpdateDestinationResponseSchema, answer);
        else if (answer.destination) writeDestination(out, answer.destination, clock.now());
      });
    });
}

function addRotateSecret(destinations: Command, surroundings: Surroundings): void {
  const { out, err } = surroundings;
  interface Options extends ApiOptions {
    readonly overlap?: Duration;
  }
  apiCommand(destinations, "rotate-secret", "Sign with a new secret from now on, and print it.", [
    "destinations rotate-secret https://hooks.example.com --overlap 7d",
  ])
    .argument(...ARGUMENT)
    .option("--overlap <length>", "how long those before sign beside it (default: 24h)", lengthOfTime)
    .action(async (origin: string, options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.dispatches.rotateSecret({ origin, overlap: options.overlap });
        if (options.json) {
          writeJson(out, RotateSecretResponseSchema, answer);
          return;
        }
        writeLine(out, answer.secret);
        writeLine(err, "Give it to the receiver: it is not shown again.");
      });
    });
}
