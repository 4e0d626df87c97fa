import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WRONG_COMMANDS } from "./commands.ts";
import { WRONG_DEFINITIONS } from "./definitions.ts";
import { WRONG_SCHEDULES } from "./schedules.ts";
import { WRONG_TEXTS } from "./texts.ts";
import { WRONG_TOKENS_AND_IDS } from "./tokens-and-ids.ts";
import { aDefinition, aWorld, everything, type World } from "./world.ts";
import type { WrongInput } from "./wrong-input.ts";

let world: World;
beforeAll(async () => {
  world = await aWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** It is refused as it should be, says so to a person, and nothing has changed. */
async function expectRefusal({ method, request, code, reason, fields = [], metadata }: WrongInput): Promise<void> {
  const before = await everything(world);
  const refusal = await world.api.refusal(method, request(world));
  expect(refusal).toMatchObject({ code, reason, metadata: metadata?.(world) ?? {} });
  // A field that breaks two rules is named with each.
  expect([...new Set(refusal.fields)].toSorted()).toEqual([...fields].toSorted());
  expect(refusal.message).toMatch(/\w+ \w+/);
  expect(await everything(world)).toEqual(before);
}

const inTable = (inputs: readonly WrongInput[]) =>
  inputs.map((input) => [input.method.replace(/^\w+\//, ""), input.wrong, input] as const);

describe("wrong schedules", () => {
  it.each(WRONG_SCHEDULES.map((each) => [each.wrong, each] as const))("%s", async (wrong, { schedule, fields }) => {
    const at = (path: string) => fields.map((field) => (field === "" ? path : `${path}.${field}`));
    const refused = { wrong, code: "invalid_argument", reason: "INVALID_FIELD" };
    await expectRefusal({
      ...refused,
      method: "DefinitionService/CreateDefinition",
      request: () => ({ definition: aDefinition({ schedule }) }),
      fields: at("definition.schedule"),
    });
    await expectRefusal({
      ...refused,
      method: "DefinitionService/UpdateDefinition",
      request: ({ idle }) => ({ definition: { id: idle, schedule } }),
      fields: at("definition.schedule"),
    });
    await expectRefusal({
      ...refused,
      method: "DefinitionService/PreviewSchedule",
      request: () => ({ schedule }),
      fields: at("schedule"),
    });
  });
});

describe("wrong definitions", () => {
  it.each(inTable(WRONG_DEFINITIONS))("%s: %s", (_method, _wrong, input) => expectRefusal(input));
});

describe("wrong commands", () => {
  it.each(inTable(WRONG_COMMANDS))("%s: %s", (_method, _wrong, input) => expectRefusal(input));
});

describe("wrong ids and tokens", () => {
  it.each(inTable(WRONG_TOKENS_AND_IDS))("%s: %s", (_method, _wrong, input) => expectRefusal(input));
});

describe("wrong texts and messages", () => {
  it.each(inTable(WRONG_TEXTS))("%s: %s", (_method, _wrong, input) => expectRefusal(input));
});
