import { readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openServerLog } from "../../../src/store/embedded/server-log.ts";
import { temporaryFolder } from "./opening.ts";

describe("the server's log", () => {
  test("goes on in the same file, and its tail is only what was written since it was opened", async () => {
    const path = join(await temporaryFolder(), "postgres.log");
    await writeFile(path, "before\n");
    const log = await openServerLog(path);
    expect(await log.tail()).toBe("");
    await log.file.write("now\n");
    await log.file.close();
    expect(await log.tail()).toBe("now");
    expect(await readFile(path, "utf8")).toBe("before\nnow\n");
  });

  test("is put aside when it has grown large, so that two files remain", async () => {
    const path = join(await temporaryFolder(), "postgres.log");
    for (const filling of ["a", "b", "c"]) {
      await writeFile(path, filling.repeat(5 * 1024 * 1024));
      const log = await openServerLog(path);
      await log.file.write("fresh");
      await log.file.close();
      expect(await log.tail()).toBe("fresh");
      expect(await readFile(path, "utf8")).toBe("fresh");
      expect((await readFile(`${path}.1`, "utf8")).at(-1)).toBe(filling);
    }
  });

  test("is for its owner's eyes, and is not written through a symbolic link", async () => {
    const folder = await temporaryFolder();
    const log = await openServerLog(join(folder, "postgres.log"));
    await log.file.close();
    expect((await stat(log.path)).mode & 0o777).toBe(0o600);

    await symlink(join(folder, "elsewhere"), join(folder, "link.log"));
    await expect(openServerLog(join(folder, "link.log"))).rejects.toMatchObject({ code: "ELOOP" });
  });
});
