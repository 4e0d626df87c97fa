import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);

test("R-124: the bridge of the guide is the file that the tests run", async () => {
  const guide = await readFile(new URL("docs/executions.md", root), "utf8");
  const bridge = await readFile(new URL("examples/celery/belfry_celery.py", root), "utf8");
  const [, shown] = guide.split("<!-- bridge -->");
  expect(shown).toBe(`\n\n\`\`\`python\n${bridge}\`\`\`\n\n`);
});
