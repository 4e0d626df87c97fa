import { constants } from "node:fs";
import { open, rename, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/** A log that has grown past this is put aside at the next start of the server; so two files of about this size remain. */
const LOG_LIMIT_BYTES = 4 * 1024 * 1024;
const TAIL_BYTES = 2_000;

/**
 * The file that takes what the server prints. A file, not a pipe: a pipe would end with this process, and a server that
 * outlives it would be hit by its own words.
 */
export interface ServerLog {
  path: string;
  /** For the server to write to. Close it once the server has it. */
  file: FileHandle;
  /** The end of what was written since this opening. */
  tail(): Promise<string>;
}

export async function openServerLog(path: string): Promise<ServerLog> {
  const size = await sizeOf(path);
  const rotated = size > LOG_LIMIT_BYTES;
  if (rotated) await rename(path, `${path}.1`);
  const begin = rotated ? 0 : size;
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
  const file = await open(path, O_APPEND | O_CREAT | O_NOFOLLOW | O_WRONLY, 0o600);
  return {
    path,
    file,
    async tail() {
      const end = await sizeOf(path);
      const length = Math.min(end - begin, TAIL_BYTES);
      if (length <= 0) return "";
      const reader = await open(path, O_RDONLY);
      try {
        const { buffer, bytesRead } = await reader.read(Buffer.alloc(length), 0, length, end - length);
        return buffer.toString("utf8", 0, bytesRead).trim();
      } finally {
        await reader.close();
      }
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    (found) => found.size,
    () => 0,
  );
}
