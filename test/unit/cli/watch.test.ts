import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { Narrator } from "../../../src/cli/demo/narrator.ts";
import { eventLine } from "../../../src/cli/watch/event-line.ts";
import { subjectPattern } from "../../../src/cli/watch/subject-pattern.ts";
import { EventSchema } from "../../../src/client/index.ts";
import { screenOf } from "./paper.ts";

describe("what a person wants to watch", () => {
  it.each([
    ["instance", "belfry.events.instance.>"],
    ["instance.0199", "belfry.events.instance.0199.>"],
    ["instance.*.failed", "belfry.events.instance.*.failed"],
    ["definition.>", "belfry.events.definition.>"],
    ["belfry.events.instance.>", "belfry.events.instance.>"],
    ["*", "belfry.events.*.>"],
    [">", ">"],
  ])("%s means %s", (words, pattern) => {
    expect(subjectPattern(words)).toBe(pattern);
  });
});

const at = new Date(2026, 0, 31, 8, 0, 7).getTime();
const event = (subject: string, data: object, type = "belfry.instance.retrying") =>
  create(EventSchema, { type, subject, time: timestampFromMs(at), data: { ...data } });

describe("an event on a line", () => {
  it("has the time, what it is, whose it is and the rest", () => {
    const retrying = event("0199", {
      state: "BACKING_OFF",
      definitionId: "d1",
      attempt: 1,
      code: "BUSY",
      message: "忙",
      reason: "",
    });
    expect(eventLine(screenOf().screen, retrying)).toBe(
      "08:00:07 instance.retrying         0199  attempt=1  code=BUSY  message=忙",
    );
  });

  it("stays a line, and bounded, whatever the data hold", () => {
    const line = eventLine(screenOf().screen, event("0199", { message: `a\nb\u001B[2J${"x".repeat(500)}` }));
    expect(line).not.toContain("\n");
    expect(line).not.toContain("\u001B");
    expect(line.length).toBeLessThan(150);
  });
});

describe("the narrator of the demo", () => {
  it("numbers the instances of each definition, and stays with the number", () => {
    const narrator = new Narrator(new Map([["d1", "tick"]]));
    const names = [
      event("d1", { name: "tick" }),
      event("i1", { definitionId: "d1" }),
      event("i2", { definitionId: "d1" }),
      event("i1", { definitionId: "d1" }),
      event("i9", {}),
    ].map((each) => narrator.nameOf(each));
    expect(names).toEqual(["tick", "tick #1", "tick #2", "tick #1", "i9"]);
  });
});
