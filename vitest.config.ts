import { defineConfig } from "vitest/config";

/** They kill nodes, connections and servers under load, and want the machine for themselves: one after the other. */
const storms = [
  "test/e2e/kill/**/*.test.ts",
  "test/e2e/nodes/**/*.test.ts",
  "test/e2e/dispatch/storm.test.ts",
  "test/e2e/platforms-storm/**/*.test.ts",
];

export default defineConfig({
  test: {
    // They end what hangs. A busy machine, and a disk that is slow to write things down, must not come near them.
    testTimeout: 180_000,
    hookTimeout: 240_000,
    // What is waited for comes late on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    pool: "forks",
    setupFiles: ["test/support/property-seed.ts"],
    projects: [
      {
        extends: true,
        test: {
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: storms,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      { extends: true, test: { name: "storms", include: storms, maxWorkers: 1, sequence: { groupOrder: 2 } } },
    ],
  },
});
