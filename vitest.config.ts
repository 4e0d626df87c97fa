import { defineConfig } from "vitest/config";
import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

/** They kill nodes, connections and servers under load, and want the machine for themselves: one after the other. */
const storms = ["test/e2e/kill/**/*.test.ts", "test/e2e/nodes/**/*.test.ts", "test/e2e/dispatch/storm.test.ts"];

/** It takes minutes, some of them waiting, and judges no time: it comes first, so that the others run beside it. */
const LONGEST = "/test/e2e/platforms-storm/";

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification): number => Number(moduleId.includes(LONGEST));
    return sorted.toSorted((one, other) => isLongest(other) - isLongest(one));
  }
}

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is waited for comes late on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    pool: "forks",
    setupFiles: ["test/support/property-seed.ts"],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "tests",
          include: ["test/**/*.test.ts"],
          exclude: storms,
          // Most wait for processes, clocks and sockets half of the time: on two cores a third worker has something to run on.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      { extends: true, test: { name: "storms", include: storms, maxWorkers: 1, sequence: { groupOrder: 2 } } },
    ],
  },
});
