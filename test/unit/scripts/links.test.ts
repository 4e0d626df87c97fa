import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { anchorsIn, brokenLinks } from "../../../scripts/check-links.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "belfry-links-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function problemsOf(files: Record<string, string>): Promise<readonly string[]> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return brokenLinks(folder);
}

describe("the check of links", () => {
  it("is content when files, folders, headings and lines are where they are said to be", async () => {
    const problems = await problemsOf({
      "README.md": [
        "# Belfry",
        "[a](docs/a.md) [b](docs/a.md#two-words) [self](#belfry) [folder](docs) [code](src/x.ts#L2) ![p](docs/p.png)",
        '[web](https://example.org/none) [mail](mailto:a@example.org) [title](docs/a.md "A title") [ref][r]',
        "The code is in `src/x.ts`, below `src/`; `src/**` and `npm test` are no paths.",
        "",
        "[r]: docs/a.md#twice-1",
      ].join("\n"),
      "docs/a.md": "# A\n## Two words!\n[up](../README.md) [root](/README.md)\n## Twice\n## Twice\n",
      "docs/p.png": "",
      "src/x.ts": "1\n2\n",
    });
    expect(problems).toEqual([]);
  });

  it("tells file and line of what leads nowhere", async () => {
    const problems = await problemsOf({
      "README.md": "# Belfry\n\n[a](gone.md) and [b](docs/a.md#gone)\n[c](#gone) [d](src/x.ts#L99)\n",
      "docs/a.md": "# A\n[ref]: ../gone.md\nIt is in `src/gone.ts`.\n",
      "src/x.ts": "1\n",
    });
    expect(problems).toEqual([
      "README.md:3: the link gone.md leads nowhere",
      "README.md:3: docs/a.md#gone: there is no such heading",
      "README.md:4: #gone: there is no such heading",
      "README.md:4: the link src/x.ts#L99 is past the end",
      "docs/a.md:2: the link ../gone.md leads nowhere",
      "docs/a.md:3: `src/gone.ts` does not exist",
    ]);
  });

  it("does not read code, comments and installed packages", async () => {
    const problems = await problemsOf({
      "README.md": "# B\n```md\n[a](gone.md)\n```\n`[b](gone.md)`\n<!-- [c](gone.md)\n[d](gone.md) -->\n",
      "node_modules/x/README.md": "[a](gone.md)",
    });
    expect(problems).toEqual([]);
  });

  it("lets decisions and the change log name paths that are gone", async () => {
    const past = "# Then\nWe removed `src/gone.ts`.\n";
    expect(await problemsOf({ "CHANGELOG.md": past, "docs/adr/0001-then.md": past })).toEqual([]);
  });

  it("makes anchors of headings as GitHub does", () => {
    const markdown = "# The one path: decide → commit → act\n## `BELFRY_LISTEN` & co.\n### [Linked](x.md) words\n";
    expect([...anchorsIn(markdown)]).toEqual(["the-one-path-decide--commit--act", "belfry_listen--co", "linked-words"]);
  });
});
