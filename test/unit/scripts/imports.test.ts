import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");

/** File by file what a small house imports; nothing in it is wrong. */
const GOOD_HOUSE: Record<string, string[]> = {
  "src/domain/instance.ts": ["croner"],
  "src/ports/store.ts": ["../domain/instance.ts"],
  "src/actors/machine.ts": ["../domain/instance.ts", "xstate"],
  "src/runtime/index.ts": ["../actors/machine.ts", "../ports/store.ts", "./inner.ts"],
  "src/runtime/inner.ts": ["../domain/instance.ts"],
  "src/store/rows.ts": ["../ports/store.ts", "kysely", "pg", "node:fs"],
  "src/gen/thing_pb.ts": ["@bufbuild/protobuf"],
  "src/server/service.ts": ["../runtime/index.ts", "../gen/thing_pb.ts", "@connectrpc/connect"],
  "src/client/index.ts": ["../gen/thing_pb.ts", "@connectrpc/connect"],
  "src/system/clock.ts": ["../ports/store.ts"],
  "src/config/environment.ts": [],
  "src/main.ts": ["./server/service.ts", "./store/rows.ts", "./config/environment.ts", "./gen/thing_pb.ts"],
  "test/rows.test.ts": ["../src/store/rows.ts", "../src/runtime/inner.ts", "vitest", "kysely"],
};

/** One wrong import for each rule: the file, what it imports besides, the rule that must say so. */
const WRONG_IMPORTS: readonly [file: string, imported: string, rule: string][] = [
  ["src/domain/instance.ts", "../gen/thing_pb.ts", "domain-imports"],
  ["src/ports/store.ts", "../config/environment.ts", "ports-imports"],
  ["src/actors/machine.ts", "../ports/store.ts", "actors-imports"],
  ["src/platforms/jira.ts", "../config/environment.ts", "platforms-imports"],
  ["src/runtime/inner.ts", "../config/environment.ts", "runtime-imports"],
  ["src/store/rows.ts", "../actors/machine.ts", "store-imports"],
  ["src/bus/nats.ts", "../config/environment.ts", "bus-imports"],
  ["src/celery/redis.ts", "../config/environment.ts", "celery-imports"],
  ["src/server/service.ts", "../runtime/inner.ts", "server-imports"],
  ["src/client/index.ts", "../domain/instance.ts", "client-imports"],
  ["src/system/clock.ts", "../config/environment.ts", "system-imports"],
  ["src/config/environment.ts", "../domain/instance.ts", "config-imports"],
  ["src/gen/thing_pb.ts", "../domain/instance.ts", "gen-imports"],
  ["src/runtime/inner.ts", "kysely", "the-database-only-in-store"],
  ["src/main.ts", "@mikro-orm/core", "the-database-only-in-store"],
  ["src/runtime/inner.ts", "pg", "pg-in-store-and-celery"],
  ["src/store/rows.ts", "@redis/client", "redis-only-in-celery"],
  ["src/runtime/inner.ts", "@connectrpc/connect", "connect-only-in-server-and-client"],
  ["src/actors/machine.ts", "@bufbuild/protobuf", "protobuf-only-at-the-border"],
  ["src/runtime/inner.ts", "xstate", "xstate-only-in-actors"],
  ["src/runtime/inner.ts", "undici", "undici-only-in-system"],
  ["src/runtime/inner.ts", "@nats-io/transport-node", "nats-only-in-bus"],
  ["src/config/environment.ts", "../gen/thing_pb.ts", "gen-only-at-the-border"],
  ["src/runtime/inner.ts", "./index.ts", "no-cycles"],
  ["src/domain/instance.ts", "node:fs/promises", "decisions-touch-nothing"],
  ["src/server/service.ts", "../../test/rows.test.ts", "source-stands-alone"],
  ["src/system/clock.ts", "fast-check", "only-shipped-packages-in-source"],
  ["src/system/clock.ts", "chai", "declared-packages-only"],
  ["src/system/clock.ts", "./missing.ts", "imports-resolve"],
];

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

/** Builds the house in a folder of its own, runs the checker there, and tells what it found. */
async function violationsOf(house: Record<string, string[]>): Promise<readonly Violation[]> {
  const folder = await mkdtemp(join(parent, "house-"));
  for (const [file, imports] of Object.entries(house)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    // Between files only types are imported, which must count like anything else.
    const lines = imports.map((name, index) =>
      name.startsWith(".") ? `import type * as i${index} from "${name}";` : `import "${name}";`,
    );
    await writeFile(join(folder, file), `${lines.join("\n")}\nexport const here: true = true;\n`);
  }
  await linkPackages(folder);
  const command = join(ROOT, "node_modules/.bin/depcruise");
  const args = ["--config", join(ROOT, ".dependency-cruiser.js"), "--output-type", "json", "src", "test"];
  const output = await new Promise<string>((done, fail) => {
    // The JSON report comes on standard output however many violations there are.
    execFile(process.execPath, [command, ...args], { cwd: folder, maxBuffer: 2 ** 26 }, (error, stdout) => {
      if (stdout.startsWith("{")) done(stdout);
      else fail(error ?? new Error(`no report: ${stdout}`));
    });
  });
  return JSON.parse(output).summary.violations;
}

/** The real packages, and a stand-in for each that the house must refuse though the project may not have it. */
async function linkPackages(folder: string): Promise<void> {
  const real = [
    "@bufbuild",
    "@connectrpc",
    "@mikro-orm",
    "chai",
    "croner",
    "fast-check",
    "kysely",
    "pg",
    "vitest",
    "xstate",
  ];
  const standIns = ["undici", "@nats-io/transport-node", "@redis/client"];
  await mkdir(join(folder, "node_modules"));
  for (const name of real) await symlink(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  for (const name of standIns) {
    await mkdir(join(folder, "node_modules", name), { recursive: true });
    await writeFile(join(folder, "node_modules", name, "package.json"), JSON.stringify({ name, main: "index.js" }));
    await writeFile(join(folder, "node_modules", name, "index.js"), "export {};\n");
  }
  const shipped = [...real, ...standIns].filter((name) => !["chai", "fast-check", "vitest"].includes(name));
  const shippedNames = shipped.flatMap((name) => SCOPE_MEMBERS[name] ?? [name]);
  const manifest = {
    name: "house",
    type: "module",
    dependencies: Object.fromEntries(shippedNames.map((name) => [name, "*"])),
    devDependencies: { "fast-check": "*", vitest: "*" },
  };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
}

const SCOPE_MEMBERS: Record<string, string[]> = {
  "@bufbuild": ["@bufbuild/protobuf"],
  "@connectrpc": ["@connectrpc/connect"],
  "@mikro-orm": ["@mikro-orm/core"],
};

let parent = "";
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "belfry-imports-"));
});
afterAll(async () => {
  await rm(parent, { recursive: true, force: true });
});

describe("the import rules", () => {
  it("leave a house alone that keeps to the table", async () => {
    expect(await violationsOf(GOOD_HOUSE)).toEqual([]);
  });

  it("name every wrong import by its rule", async () => {
    const house = structuredClone(GOOD_HOUSE);
    for (const [file, imported] of WRONG_IMPORTS) (house[file] ??= []).push(imported);
    const violations = await violationsOf(house);
    // A cycle is reported once, at whichever end.
    const found = new Set(
      violations.flatMap(({ from, to, rule }) => {
        const ends = rule.name === "no-cycles" ? [from, to] : [from];
        return ends.map((end) => `${end} breaks ${rule.name}`);
      }),
    );
    const missed = WRONG_IMPORTS.map(([file, , rule]) => `${file} breaks ${rule}`).filter((claim) => !found.has(claim));
    expect(missed).toEqual([]);
  });

  it("have a wrong import in this test for each rule there is", async () => {
    const { default: config } = await import(join(ROOT, ".dependency-cruiser.js"));
    const rules: string[] = config.forbidden.map((rule: { name: string }) => rule.name);
    expect(rules.filter((name) => !WRONG_IMPORTS.some(([, , rule]) => rule === name))).toEqual([]);
  });
});
