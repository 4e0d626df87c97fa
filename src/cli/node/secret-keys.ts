/**
 * The keys that seal stored secrets. On the embedded database nobody has to bring one: it is made at the first start and lies beside the database, so that it
 * is backed up and moved with it. Nodes that share a database need the same key, so there it has to be given.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../config/index.ts";
import { SECRET_KEY_BYTES, newSecretKey } from "../../system/secret-box.ts";
import { Failure, sentenceOf } from "../failure.ts";

const FILE = "secret-key";

/** @throws Failure when the file of the embedded database holds no key, or cannot be read or made. */
export async function secretKeys({ secretKeys: given, database }: Config): Promise<readonly Uint8Array[]> {
  if (database.kind !== "embedded") return given;
  const path = join(database.dataDir, FILE);
  const own = await keptKey(path, given.length === 0);
  // One that was made before another was given still opens what it sealed.
  return own === null ? given : [...given.filter((key) => !Buffer.from(key).equals(own)), own];
}

async function keptKey(path: string, isNeeded: boolean): Promise<Buffer | null> {
  try {
    return keyIn(await readFile(path, "utf8"), path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if ((error as { code?: string }).code !== "ENOENT") {
      throw new Failure(`The key file ${path} cannot be read: ${sentenceOf(error)}`, { cause: error });
    }
  }
  if (!isNeeded) return null;
  const key = newSecretKey();
  try {
    await writeFile(path, `${key.toString("base64")}\n`, { mode: 0o600, flag: "wx", flush: true });
  } catch (error) {
    throw new Failure(`The key file ${path} cannot be made: ${sentenceOf(error)}`, { cause: error });
  }
  return key;
}

/** What it holds is never shown. */
function keyIn(text: string, path: string): Buffer {
  const key = Buffer.from(text.trim(), "base64");
  if (key.length !== SECRET_KEY_BYTES || key.toString("base64") !== text.trim()) {
    throw new Failure(
      `The key file ${path} holds no key of ${SECRET_KEY_BYTES} bytes: put back what was in it. Without it stored secrets cannot be read.`,
    );
  }
  return key;
}
