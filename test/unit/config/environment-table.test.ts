import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { ALL_VARIABLES, environmentTable, withEnvironmentTable } from "../../../scripts/check-environment.ts";

describe("the table of environment variables", () => {
  it("has a row for each variable, with its default", () => {
    const lines = environmentTable().split("\n");
    expect(lines.slice(2).map((line) => /`(\w+)`/.exec(line)?.[1])).toEqual(ALL_VARIABLES.map(({ name }) => name));
    expect(lines[2]).toMatch(/^\| `BELFRY_LISTEN` +\| `127\.0\.0\.1:8980` +\| Where the API listens\./);
  });

  it("keeps bars from ending a cell", () => {
    const row = { name: "X", fallback: null, meaning: "a|b", allowed: "c" };
    expect(environmentTable([row]).split("\n")[2]).toContain("a\\|b");
  });

  it("stands between its two markers, whatever stood there before", () => {
    const before = "# Title\n<!-- environment -->\nold\n<!-- environment -->\nmore\n";
    const after = withEnvironmentTable(before, "| new |");
    expect(after).toBe("# Title\n<!-- environment -->\n\n| new |\n\n<!-- environment -->\nmore\n");
    expect(withEnvironmentTable(after ?? "", "| new |")).toBe(after);
  });

  it.each(["no marker", "<!-- environment --> only one"])("is not put where it has no place: %j", (text) => {
    expect(withEnvironmentTable(text, "| new |")).toBeUndefined();
  });

  it("is what the README says", async () => {
    const readme = await readFile(new URL("../../../README.md", import.meta.url), "utf8");
    expect(withEnvironmentTable(readme, environmentTable())).toBe(readme);
  });
});
