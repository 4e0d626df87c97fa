import { describe, expect, it } from "vitest";
import { Assembly } from "../../../src/bus/nats/assembly.ts";
import { FrameWriter, readFrame, type Frame } from "../../../src/bus/nats/frames.ts";
import { recordingLog } from "../../support/log.ts";
import { ManualClock } from "../../support/manual-clock.ts";

type Fragment = Extract<Frame, { kind: "fragment" }>;

const PIECE_LIMIT_BYTES = 200;
const PATIENCE_MS = 30_000;

function fragmentsOf(writer: FrameWriter, text: string): Fragment[] {
  return [...writer.frames(text, PIECE_LIMIT_BYTES)].map((bytes) => {
    expect(bytes.length).toBeLessThanOrEqual(PIECE_LIMIT_BYTES);
    const frame = readFrame(bytes);
    if (frame?.kind !== "fragment") throw new Error("It was expected to be cut");
    return frame;
  });
}

function anAssembly(maxBytes = 1_000_000) {
  const clock = new ManualClock();
  const log = recordingLog();
  const assembly = new Assembly({ clock, log, maxBytes, patienceMs: PATIENCE_MS });
  const take = (fragments: readonly Fragment[]): string[] =>
    fragments.map((fragment) => assembly.take(fragment)).filter((text) => text !== undefined);
  const told = (field: string) => log.lines.map(({ fields }) => fields[field]);
  return { assembly, clock, take, reasons: () => told("reason"), droppedBytes: () => told("bytes") };
}

const text = (name: string): string => `${name}任务`.repeat(100);

describe("a message in pieces", () => {
  it("is put together at its last piece", () => {
    const { take, clock } = anAssembly();
    const fragments = fragmentsOf(new FrameWriter("a", 1), text("a"));
    expect(fragments.length).toBeGreaterThan(3);
    expect(take(fragments.slice(0, -1))).toEqual([]);
    expect(take(fragments.slice(-1))).toEqual([text("a")]);
    expect(clock.pendingTimers).toBe(1);
  });

  it("is dropped when a piece is missing, repeated or out of order; the next message arrives", () => {
    const writer = new FrameWriter("a", 1);
    const spoils = [
      (pieces: Fragment[]) => pieces.toSpliced(1, 1),
      (pieces: Fragment[]) => pieces.slice(1),
      (pieces: Fragment[]) => pieces.slice(0, -1),
      (pieces: Fragment[]) => pieces.toSpliced(1, 0, pieces[1]!),
      (pieces: Fragment[]) => pieces.toReversed(),
    ];
    for (const spoil of spoils) {
      const { take } = anAssembly();
      expect(take(spoil(fragmentsOf(writer, text("spoilt"))))).toEqual([]);
      expect(take(fragmentsOf(writer, text("next")))).toEqual([text("next")]);
    }
  });

  it("is dropped when its sender begins another one", () => {
    const { take, reasons } = anAssembly();
    const writer = new FrameWriter("a", 1);
    take(fragmentsOf(writer, text("first")).slice(0, 2));
    expect(take(fragmentsOf(writer, text("second")))).toEqual([text("second")]);
    expect(reasons()).toEqual(["the sender began another one"]);
  });

  it("is not completed by the pieces of another life of its sender", () => {
    const { take } = anAssembly();
    const before = fragmentsOf(new FrameWriter("a", 1), text("before"));
    const after = fragmentsOf(new FrameWriter("a", 2), text("after!"));
    expect(before.length).toBe(after.length);
    take(before.slice(0, 2));
    expect(take(after.slice(2))).toEqual([]);
    expect(take(after)).toEqual([text("after!")]);
  });

  it("may be under way beside those of other senders", () => {
    const { take } = anAssembly();
    const [a, b] = ["a", "b"].map((name) => fragmentsOf(new FrameWriter(name, 1), text(name)));
    expect(take(a!.flatMap((piece, index) => [piece, b![index]!]))).toEqual([text("a"), text("b")]);
  });

  it("is dropped when its rest does not come in time; one that goes on coming is not", async () => {
    const { take, clock, reasons } = anAssembly();
    const [slow, stuck] = ["slow", "stuck"].map((name) => fragmentsOf(new FrameWriter(name, 1), text(name)));
    take(stuck!.slice(0, 1));
    for (const piece of slow!.slice(0, 3)) {
      take([piece]);
      await clock.advance(PATIENCE_MS / 2);
    }
    expect(reasons()).toEqual(["its rest did not come"]);
    expect(take(slow!.slice(3))).toEqual([text("slow")]);
    await clock.advance(2 * PATIENCE_MS);
    expect(take(stuck!.slice(1))).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("goes when unfinished ones take too much memory, the one first that waited longest", () => {
    const { take, reasons, droppedBytes } = anAssembly(700);
    const [a, b, c] = ["a", "b", "c"].map((name) => fragmentsOf(new FrameWriter(name, 1), text(name)));
    take(a!.slice(0, 1));
    take(b!.slice(0, 1));
    take(a!.slice(1, 2));
    take(c!.slice(0, 2));
    expect(reasons()).toEqual(["unfinished messages take too much memory"]);
    expect(droppedBytes()).toEqual([b![0]!.piece.length]);
    expect(take(b!.slice(1))).toEqual([]);
  });

  it("leaves no timer behind when the bus closes", () => {
    const { take, clock, assembly } = anAssembly();
    take(fragmentsOf(new FrameWriter("a", 1), text("a")).slice(0, 1));
    assembly.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
