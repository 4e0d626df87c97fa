import { expect, onTestFinished } from "vitest";
import type { PublishingOptions } from "../../../src/runtime/publishing/options.ts";
import { type PublishingNode, PublishingWorld, disorders } from "./publishing-world.ts";

export const MINUTE = 60_000;

/** A world without nodes. When the test is over, nothing runs on and no call broke the rules of the stream. */
export function aWorld(shards: number, options: Partial<PublishingOptions> = {}): PublishingWorld {
  const world = new PublishingWorld(shards, options);
  onTestFinished(async () => {
    await world.end();
    expect(world.server.violations).toEqual([]);
    expect(world.clock.pendingTimers).toBe(0);
  });
  return world;
}

/** A node that owns all shards of a world. */
export async function given(
  options: { shards?: number; publishing?: Partial<PublishingOptions>; away?: boolean } = {},
): Promise<{ world: PublishingWorld; node: PublishingNode }> {
  const world = aWorld(options.shards ?? 1, options.publishing);
  world.server.away = options.away ?? false;
  const node = world.node("one");
  world.acquire(node, world.shards);
  await world.clock.advance(0);
  return { world, node };
}

export function ids(from: number, to: number, shard = 0): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${shard}-${from + index}`);
}

/** All is on the stream once, in order per resource, and nobody has anything left to publish. */
export function expectAllPublished(world: PublishingWorld): void {
  expect(world.server.life.ids.toSorted()).toEqual(world.ids.toSorted());
  expect(disorders(world.server.life)).toEqual([]);
  for (const { publisher } of world.living) expect(publisher.lag()).toBe(0);
}
