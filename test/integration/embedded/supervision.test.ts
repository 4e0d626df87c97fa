import { describe, expect, test } from "vitest";
import type { Postmaster, PostmasterExit } from "../../../src/store/embedded/postmaster.ts";
import { supervise } from "../../../src/store/embedded/supervision.ts";
import { silentLog } from "../../support/log.ts";
import { ManualClock } from "../../support/manual-clock.ts";

describe("the supervision of the server", () => {
  test("waits twice as long after each failed start, up to ten seconds", async () => {
    const clock = new ManualClock();
    const startedAt: number[] = [];
    const first = server(1);
    const supervision = supervise(
      first,
      () => {
        startedAt.push(clock.monotonic());
        return Promise.reject(new Error("no space left on device"));
      },
      clock,
      silentLog,
    );
    first.die();
    await clock.advance(40_000);
    expect(startedAt).toEqual([100, 300, 700, 1_500, 3_100, 6_300, 12_700, 22_700, 32_700]);
    expect(supervision.pid()).toBeUndefined();

    await supervision.close();
    expect(clock.pendingTimers).toBe(0);
  });

  test("starts with short waits again once the server was well for a minute", async () => {
    const clock = new ManualClock();
    const servers = [server(1), server(2), server(3), server(4)];
    const [first, second, third, fourth] = servers;
    if (!first || !second || !third || !fourth) throw new Error("four servers");
    let next = 1;
    const supervision = supervise(first, () => Promise.resolve(servers[next++] ?? fourth), clock, silentLog);

    first.die();
    await clock.advance(100);
    expect(supervision.pid()).toBe(2);
    second.die();
    await clock.advance(199);
    expect(supervision.pid()).toBeUndefined();
    await clock.advance(1);
    expect(supervision.pid()).toBe(3);
    await clock.advance(60_000);
    third.die();
    await clock.advance(100);
    expect(supervision.pid()).toBe(4);

    await supervision.close();
    expect(servers.map(({ stops }) => stops)).toEqual([0, 0, 0, 1]);
  });

  test("gives up a start under way when it is closed", async () => {
    const clock = new ManualClock();
    const first = server(1);
    let begun = () => {};
    const starting = new Promise<void>((resolve) => (begun = resolve));
    const supervision = supervise(
      first,
      (signal) => {
        begun();
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
      clock,
      silentLog,
    );
    first.die();
    await clock.advance(100);
    await starting;
    await supervision.close();
    expect(supervision.pid()).toBeUndefined();
    expect(first.stops).toBe(0);
  });
});

interface FakeServer extends Postmaster {
  die(): void;
  stops: number;
}

function server(pid: number): FakeServer {
  let end = (_: PostmasterExit) => {};
  const exited = new Promise<PostmasterExit>((resolve) => (end = resolve));
  const fake: FakeServer = {
    pid,
    exited,
    stops: 0,
    die: () => end({ exitCode: null, signal: "SIGKILL" }),
    stop() {
      fake.stops += 1;
      end({ exitCode: 0, signal: null });
      return Promise.resolve();
    },
  };
  return fake;
}
