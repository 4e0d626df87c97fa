import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import { shardOf } from "../../../src/domain/routing.ts";
import { decodeResumeToken, encodeResumeToken } from "../../../src/server/events/resume-token.ts";
import { selectionOf, subjectMatches } from "../../../src/server/events/subject-pattern.ts";
import { anEvent } from "../../support/records.ts";

describe("subject patterns", () => {
  it.each([
    ["belfry.events.instance.i1.completed", "belfry.events.instance.i1.completed", true],
    ["belfry.events.instance.i1.completed", "belfry.events.instance.i2.completed", false],
    ["belfry.events.*.i1.completed", "belfry.events.instance.i1.completed", true],
    ["belfry.events.*", "belfry.events.instance.i1.completed", false],
    ["belfry.events.instance.*.*", "belfry.events.instance.i1.completed", true],
    ["belfry.>", "belfry.events.instance.i1.completed", true],
    [">", "belfry.events.instance.i1.completed", true],
    ["belfry.events.instance.i1.completed.>", "belfry.events.instance.i1.completed", false],
    ["belfry.events", "belfry.events.instance", false],
  ])("%s against %s: %s", (pattern, subject, expected) => {
    expect(subjectMatches(pattern, subject)).toBe(expected);
  });

  it("name no shard of configuration, whose events are where their user's values are, under the key", () => {
    expect(selectionOf(["belfry.events.config.retention.changed"], 128).shards).toBeNull();
    const event = anEvent({ resource: "config", resourceId: "retention_days", name: "changed" });
    expect(selectionOf(["belfry.events.config.retention_days.changed"], 128).matches(event)).toBe(true);
  });

  it("name shards only when each names one resource", () => {
    const shardsOf = (...patterns: string[]) => selectionOf(patterns, 128).shards;
    expect(shardsOf("belfry.events.instance.i1.>", "belfry.events.definition.i2.paused")).toEqual(
      new Set([shardOf("i1", 128), shardOf("i2", 128)]),
    );
    for (const wide of [
      "belfry.events.>",
      "belfry.events.instance.*.completed",
      "belfry.events.instance.>",
      "*.events.instance.i1.>",
      // A push is under the id of a work item, in the shard of its session.
      "belfry.events.push.i1.>",
      "belfry.events.*.i1.completed",
      ">",
    ]) {
      expect(shardsOf("belfry.events.instance.i1.>", wide)).toBeNull();
    }
    expect(shardsOf()).toBeNull();
    const dispatch = "wf_1767225600000_7c1fe2a4b90d3e58a1c6";
    expect(shardsOf(`belfry.events.instance.${dispatch}.>`)).toEqual(new Set([shardOf(dispatch, 128)]));
  });

  it("find a resource whose id a subject cannot hold as it is", () => {
    const selection = selectionOf(["belfry.events.instance.order_1_2.>"], 128);
    expect(selection.shards).toBeNull();
    expect(selection.matches(anEvent({ resourceId: "order.1 2" }))).toBe(true);
  });
});

describe("resume tokens", () => {
  it("hold the position of each shard, however far it has come", () => {
    const positions = [0, 1, 127, 128, 300_000, 2 ** 31, 2 ** 40 + 7, Number.MAX_SAFE_INTEGER];
    expect(decodeResumeToken(encodeResumeToken(positions), positions.length)).toEqual(positions);
  });

  it("are small: 128 shards of a million events each take less than 600 characters", () => {
    expect(encodeResumeToken(Array.from({ length: 128 }, () => 1_000_000)).length).toBeLessThan(600);
  });

  it("are refused when anything about them is not right", () => {
    const token = encodeResumeToken([1, 2, 3]);
    const wrong = ["", "AAAA", token.slice(1), token.slice(0, -2), `${token}AAAA`, token.replace(/^./, "B"), "ünïcode"];
    for (const text of wrong) expect(() => decodeResumeToken(text, 3)).toThrow(BelfryError);
    expect(() => decodeResumeToken(token, 4)).toThrow(BelfryError);
  });
});
