/** The commands that look at locks. */
import type { Command } from "commander";
import { GetLockResponseSchema, ListLocksResponseSchema } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { addListOptions, writeList } from "../api/listing.ts";
import type { ListOptions } from "../api/listing.ts";
import { writeJson } from "../format/json.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeLock, writeLocks } from "./view.ts";

export function addReadingCommands(locks: Command, surroundings: Surroundings): void {
  addList(locks, surroundings);
  addGet(locks, surroundings);
}

function addList(locks: Command, surroundings: Surroundings): void {
  interface Options extends ListOptions {
    readonly prefix?: string;
  }
  const command = apiCommand(locks, "list", "List locks that are held, by name.", ["locks list --prefix import_"]);
  addListOptions(command)
    .option("--prefix <text>", "only those whose name begins so")
    .action((options: Options) =>
      writeList(surroundings, options, {
        schema: ListLocksResponseSchema,
        ask: (client, page) => client.locks.listLocks({ ...page, namePrefix: options.prefix }),
        itemsOf: (answer) => answer.locks,
        write: writeLocks,
        what: "locks",
      }),
    );
}

function addGet(locks: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  interface Options extends ApiOptions {
    readonly param?: string;
  }
  apiCommand(locks, "get", "Show one lock, held or free.", ["locks get import --param 42", "locks get import_42"])
    .argument("<name>", "its name")
    .option("--param <text>", "what of it is locked")
    .action(async (name: string, options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.locks.getLock({ name, param: options.param });
        if (options.json) writeJson(out, GetLockResponseSchema, answer);
        else if (answer.lock) writeLock(out, answer.lock, clock.now());
      });
    });
}
