import { execFile } from "node:child_process";
import { beforeAll, expect, it } from "vitest";
import { simulate } from "./simulate.ts";

/** What CI runs: within a minute or so on two slow cores. */
const SEEDS = Number(process.env["SIM_SEEDS"] ?? 300);
const FROM = Number(process.env["SIM_FROM"] ?? 1);

/** As `npm run simulate` does it, on all cores. */
let ran: { readonly failed: boolean; readonly output: string };

beforeAll(async () => {
  ran = await simulated(["--seeds", String(SEEDS), "--from", String(FROM)]);
  console.log(ran.output.trim().split("\n").slice(-2).join("\n"));
}, 1_800_000);

it(`in ${SEEDS} simulated clusters that are crashed, cut apart, held up and lied to, every promise is kept`, () => {
  expect(ran.failed, ran.output).toBe(false);
  expect(ran.output).toContain(`${SEEDS} seeds from ${FROM}`);
});

it("R-129: never do two hold a lock in them, no update of what it protects is lost, and stale tokens are refused by it", () => {
  expect(ran.failed, ran.output).toBe(false);
  // It is about something, when there are enough of them.
  const [granted, refused] = SEEDS < 100 ? [-1, -1] : [SEEDS, 10];
  expect(sumOf("locksGranted")).toBeGreaterThan(granted);
  expect(sumOf("staleTokensRefused")).toBeGreaterThan(refused);
});

it("a seed replays identically, watched or not", async () => {
  for (const seed of [FROM, FROM + 7, FROM + 13]) {
    const first = await simulate(seed);
    const second = await simulate(seed, { traced: true });
    const third = await simulate(seed, { traced: true });
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(second.stats).toEqual(first.stats);
    expect(third.trace).toEqual(second.trace);
    expect(second.trace.length).toBeGreaterThan(100);
  }
});

it("another seed is another run", async () => {
  const [one, other] = [await simulate(FROM), await simulate(FROM + 1)];
  expect(other.fingerprint).not.toBe(one.fingerprint);
});

function sumOf(stat: string): number {
  return Number(new RegExp(String.raw`(\d+) ${stat}`, "u").exec(ran.output)?.[1]);
}

function simulated(args: readonly string[]): Promise<{ readonly failed: boolean; readonly output: string }> {
  const program = new URL("main.ts", import.meta.url).pathname;
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ failed: error !== null, output: `${stdout}${stderr}` });
    });
  });
}
