/** The commands that take locks, keep them and let them go. */
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Duration } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { AcquireLockResponseSchema, ReleaseLockResponseSchema, RenewLockResponseSchema } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { lengthOfTime } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeLock } from "./view.ts";

interface Options extends ApiOptions {
  readonly param?: string;
}

interface TokenOptions extends Options {
  readonly token: bigint;
}

/** Beside what the call waits for the lock. */
const CALL_MS = 30_000;

export function addHoldingCommands(locks: Command, surroundings: Surroundings): void {
  addAcquire(locks, surroundings);
  addRenew(locks, surroundings);
  addRelease(locks, surroundings);
}

function addAcquire(locks: Command, surroundings: Surroundings): void {
  const { out, clock, machine } = surroundings;
  interface AcquireOptions extends Options {
    readonly holder?: string;
    readonly ttl?: Duration;
    readonly wait?: Duration;
  }
  const description = "Take a lock. What is printed has the token by which it is renewed and released.";
  lockCommand(locks, "acquire", description, [
    "locks acquire import --param 42 --ttl 60s",
    "locks acquire nightly --wait 30s --json | jq -r .lock.token",
  ])
    .option("--holder <name>", "who takes it, for people (default: this machine's name)")
    .option("--ttl <length>", "how long it is held without a renewal (default: 1h)", lengthOfTime)
    .option("--wait <length>", "how long to wait for one that is held, up to 60s", lengthOfTime)
    .action(async (name: string, { param, ttl, wait, ...options }: AcquireOptions) => {
      await withClient(surroundings, options, async (client) => {
        const { holder = machine.hostname } = options;
        const answer = await client.locks.acquireLock(
          { name, param, holder, ttl, wait },
          { timeoutMs: CALL_MS + (wait ? durationMs(wait) : 0) },
        );
        if (options.json) writeJson(out, AcquireLockResponseSchema, answer);
        else if (answer.lock) writeLock(out, answer.lock, clock.now());
      });
    });
}

function addRenew(locks: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  interface RenewOptions extends TokenOptions {
    readonly ttl?: Duration;
  }
  withToken(lockCommand(locks, "renew", "Keep a lock for longer.", ["locks renew import_42 --token 7"]))
    .option("--ttl <length>", "how long from now on (default: as long as before)", lengthOfTime)
    .action(async (name: string, { param, token, ttl, ...options }: RenewOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.locks.renewLock({ name, param, token, ttl });
        if (options.json) writeJson(out, RenewLockResponseSchema, answer);
        else if (answer.lock) writeLock(out, answer.lock, clock.now());
      });
    });
}

function addRelease(locks: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  withToken(lockCommand(locks, "release", "Let a lock go.", ["locks release import_42 --token 7"])).action(
    async (name: string, { param, token, ...options }: TokenOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.locks.releaseLock({ name, param, token });
        if (options.json) writeJson(out, ReleaseLockResponseSchema, answer);
        else if (answer.lock) writeLock(out, answer.lock, clock.now());
      });
    },
  );
}

function lockCommand(locks: Command, words: string, description: string, examples: readonly string[]): Command {
  return apiCommand(locks, words, description, examples)
    .argument("<name>", "its name")
    .option("--param <text>", "what of it is locked");
}

function withToken(command: Command): Command {
  return command.requiredOption("--token <number>", "the token it was acquired with", tokenIn);
}

function tokenIn(text: string): bigint {
  if (!/^[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError("It must be the number that acquire printed.");
  return BigInt(text);
}
