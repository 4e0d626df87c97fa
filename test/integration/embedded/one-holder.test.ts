import { describe, expect, test } from "vitest";
import { isRunning, kill, open, openElsewhere, temporaryFolder } from "./opening.ts";

describe("one data folder has one Belfry", () => {
  test("a second is refused while the first lives, and let in once the first was killed", async () => {
    const dataDir = await temporaryFolder();
    const first = await openElsewhere(dataDir);

    await expect(open(dataDir)).rejects.toMatchObject({
      name: "EmbeddedPostgresError",
      code: "IN_USE",
      message: `The data folder ${dataDir} is in use by the process with pid ${first.child.pid}.`,
    });
    expect(isRunning(first.answer.pid ?? 0)).toBe(true);

    await kill(first.child);
    const second = await open(dataDir);
    expect(second.pid()).not.toBe(first.answer.pid);
  });

  test("a second one in the same process is refused as well, and does not free the folder by trying", async () => {
    const dataDir = await temporaryFolder();
    await open(dataDir);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(open(dataDir)).rejects.toMatchObject({ code: "IN_USE" });
    }
    const elsewhere = await openElsewhere(dataDir);
    expect(elsewhere.answer).toEqual({
      code: "IN_USE",
      message: `The data folder ${dataDir} is in use by the process with pid ${process.pid}.`,
    });
  });

  test("of several that start at once in a new folder exactly one wins, and the others name it", async () => {
    const dataDir = await temporaryFolder();
    const openers = await Promise.all([1, 2, 3, 4].map(() => openElsewhere(dataDir)));
    const winners = openers.filter(({ answer }) => answer.url !== undefined);
    expect(winners).toHaveLength(1);
    const others = openers.filter(({ answer }) => answer.url === undefined);
    expect(others.map(({ answer }) => answer)).toEqual(
      others.map(() => ({
        code: "IN_USE",
        message: `The data folder ${dataDir} is in use by the process with pid ${winners[0]?.child.pid}.`,
      })),
    );
  });
});
