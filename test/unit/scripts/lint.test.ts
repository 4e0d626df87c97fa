import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");

/** Each line reaches past the ports. */
const AMBIENT = [
  "export const a1 = Date.now();",
  "export const a2 = new Date();",
  "export const a3 = Date();",
  "export const a4 = performance.now();",
  "export const a5 = Math.random();",
  "export const a6 = setTimeout(() => {}, 1);",
  "export const a7 = setInterval(() => {}, 1);",
  "export const a8 = setImmediate(() => {});",
  "export const a9 = globalThis.setTimeout(() => {}, 1);",
  "export const a10 = crypto.randomUUID();",
  "export const a11 = process.hrtime.bigint();",
  "export const a12 = AbortSignal.timeout(1);",
  'export { a13 } from "./other.ts"; import { randomUUID } from "node:crypto"; void randomUUID;',
  'import { setTimeout as sleep } from "node:timers/promises"; void sleep;',
  'import { randomBytes as bytes } from "crypto"; void bytes;',
  'import { performance as clock } from "node:perf_hooks"; void clock;',
];

/** Each line only looks like it. */
const HARMLESS = [
  "export const b1 = new Date(0).getTime() + Date.parse('2026-01-01') + Date.UTC(2026, 0);",
  "export const b2 = (clock: { now(): number; schedule(ms: number): void }): number => clock.now();",
  "export const b3 = Math.floor(1.5); // Date.now() in a comment",
  'export const b4 = "Math.random()";',
  "export const b5 = { setTimeout: 1, random: 2 }.setTimeout;",
  'import { createHash, timingSafeEqual } from "node:crypto"; void [createHash, timingSafeEqual];',
];

interface Finding {
  readonly code: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

let folder = "";
let findings: readonly Finding[] = [];

function linesThatBreak(rule: string, filename: string): readonly number[] {
  const hits = findings.filter((finding) => finding.code === rule && finding.filename === filename);
  return [...new Set(hits.map((hit) => hit.labels[0]?.span.line ?? 0))].toSorted((a, b) => a - b);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "belfry-lint-"));
  for (const part of [".oxlintrc.json", "scripts/lint", "tsconfig.json", "package.json"]) {
    await cp(join(ROOT, part), join(folder, part), { recursive: true });
  }
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const files: Record<string, readonly string[]> = {
    "src/runtime/ambient.ts": AMBIENT,
    "src/runtime/other.ts": ["export const a13 = 1;"],
    "src/runtime/harmless.ts": HARMLESS,
    "src/system/ambient.ts": AMBIENT,
    "src/system/other.ts": ["export const a13 = 1;"],
    "test/ambient.ts": AMBIENT,
    "test/other.ts": ["export const a13 = 1;"],
    "src/domain/types.ts": [
      "export function f(x: any): Promise<unknown> { return Promise.resolve(x); }",
      "export function g(): void { f(1); }",
      "[1].forEach(async () => { await f(1); });",
      'console.log("x");',
    ],
  };
  for (const [name, lines] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), `${lines.join("\n")}\n`);
  }
  const command = join(ROOT, "node_modules/.bin/oxlint");
  const output = await new Promise<string>((done, fail) => {
    execFile(
      process.execPath,
      [command, "--format", "json", "src", "test"],
      { cwd: folder, maxBuffer: 2 ** 26 },
      (error, stdout) => {
        if (stdout.startsWith("{")) done(stdout);
        else fail(error ?? new Error(`no report: ${stdout}`));
      },
    );
  });
  findings = JSON.parse(output).diagnostics;
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the lint rules", () => {
  it("refuse every reach for ambient time, chance and ids in src", () => {
    expect(linesThatBreak("belfry(no-ambient)", "src/runtime/ambient.ts")).toEqual(
      AMBIENT.map((_, index) => index + 1),
    );
  });

  it("let pass what only looks like it", () => {
    expect(linesThatBreak("belfry(no-ambient)", "src/runtime/harmless.ts")).toEqual([]);
  });

  it("let src/system and the tests reach for the real thing", () => {
    expect(linesThatBreak("belfry(no-ambient)", "src/system/ambient.ts")).toEqual([]);
    expect(linesThatBreak("belfry(no-ambient)", "test/ambient.ts")).toEqual([]);
  });

  it("refuse any, forgotten promises and the console", () => {
    expect(linesThatBreak("typescript(no-explicit-any)", "src/domain/types.ts")).toEqual([1]);
    expect(linesThatBreak("typescript(no-floating-promises)", "src/domain/types.ts")).toEqual([2]);
    expect(linesThatBreak("typescript(no-misused-promises)", "src/domain/types.ts")).toEqual([3]);
    expect(linesThatBreak("eslint(no-console)", "src/domain/types.ts")).toEqual([4]);
  });
});
