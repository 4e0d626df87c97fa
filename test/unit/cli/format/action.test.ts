import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { actionInWords } from "../../../../src/cli/format/words.ts";
import { ActionSchema } from "../../../../src/client/index.ts";

it("what an instance runs is said in a few words", () => {
  const actions: JsonObject[] = [
    { worker: { queue: "agents" } },
    { nats: { subject: "orders.check" } },
    { webhook: { url: "https://hooks.example.com/a" } },
    { external: {} },
  ];
  const inWords = actions.map((action) => actionInWords(fromJson(ActionSchema, action)));
  expect(inWords).toEqual([
    "worker queue agents",
    "NATS subject orders.check",
    "webhook https://hooks.example.com/a",
    "external",
  ]);
  expect(actionInWords(undefined)).toBe("");
});
