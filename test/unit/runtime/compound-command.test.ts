import { expect, it } from "vitest";
import { given } from "./given.ts";

it("a command made of others answers a repetition as the first time, after a restart too", async () => {
  const world = await given();
  let carriedOut = 0;
  const carryOut = async (): Promise<{ changed: number }> => ({ changed: ++carriedOut });
  const command = { method: "PauseAll", requestId: "r1", asked: { userId: "u1" } };
  const both = await Promise.all([world.node.repeatable(command, carryOut), world.node.repeatable(command, carryOut)]);
  expect(both).toEqual([{ changed: 1 }, { changed: 1 }]);
  await world.node.crash();
  const next = await world.start("b");
  await world.clock.advance(5000);
  expect(await next.repeatable(command, carryOut)).toEqual({ changed: 1 });
  await expect(next.repeatable({ ...command, asked: { userId: "u2" } }, carryOut)).rejects.toMatchObject({
    reason: "REQUEST_ID_REUSED",
  });
  expect(carriedOut).toBe(1);
  expect(await next.repeatable({ method: "PauseAll", asked: {} }, carryOut)).toEqual({ changed: 2 });
});

it("one that breaks off is not remembered: a repetition carries it out", async () => {
  const { node } = await given();
  const command = { method: "PauseAll", requestId: "r1", asked: {} };
  await expect(node.repeatable(command, () => Promise.reject(new Error("broke off")))).rejects.toThrow("broke off");
  expect(await node.repeatable(command, async () => ({ changed: 3 }))).toEqual({ changed: 3 });
});
