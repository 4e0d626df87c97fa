import { describe, expect, it } from "vitest";
import { writeFields, writeTable } from "../../../../src/cli/format/table.ts";
import { textWidth } from "../../../../src/cli/format/width.ts";
import { screenOf } from "../paper.ts";

describe("a table", () => {
  it("aligns wide characters, and numbers at the right", () => {
    const { screen, lines } = screenOf();
    writeTable(
      screen,
      [{ title: "NAME" }, { title: "STATE" }, { title: "DONE", align: "right" }],
      [
        ["监控服务器", "ACTIVE", "7"],
        ["watch", { text: "PAUSED", style: "yellow" }, "1234"],
      ],
    );
    expect(lines()).toEqual([
      "NAME        STATE   DONE", //
      "监控服务器  ACTIVE     7",
      "watch       PAUSED  1234",
    ]);
  });

  it("gives way in its flexible columns on a narrow terminal", () => {
    const { screen, lines } = screenOf({ columns: 30 });
    writeTable(
      screen,
      [{ title: "ID" }, { title: "NAME", flexible: true }],
      [["0199a2b4-0000-7000", "a name that is too long"]],
    );
    expect(lines()).toEqual(["ID                  NAME", "0199a2b4-0000-7000  a name th…"]);
  });

  it("is as wide as it needs to be where nobody looks", () => {
    const { screen, lines } = screenOf();
    const long = "x".repeat(500);
    writeTable(screen, [{ title: "NAME", flexible: true }], [[long]]);
    expect(lines()[1]).toBe(long);
  });

  it("keeps its columns in colour", () => {
    const { screen, lines } = screenOf({ columns: 80, colours: true });
    writeTable(screen, [{ title: "STATE" }, { title: "N" }], [[{ text: "FAILED", style: "red" }, "1"]]);
    expect(lines()[1]).toBe("\u001B[31mFAILED\u001B[39m  1");
  });

  it("shows nothing that could steer the terminal", () => {
    const { screen, lines } = screenOf();
    writeTable(screen, [{ title: "NAME" }], [["a\u001B[31mb\nc\u202Ed"]]);
    expect(lines()).toEqual(["NAME", "a\uFFFD[31mb c\uFFFDd"]);
  });
});

describe("fields", () => {
  it("leave out what has no value", () => {
    const { screen, lines } = screenOf();
    writeFields(screen, [
      ["id", "1"],
      ["business id", ""],
      ["because", undefined],
      ["name", "监控"],
    ]);
    expect(lines()).toEqual(["id    1", "name  监控"]);
    expect(textWidth(lines()[1] ?? "")).toBe(10);
  });
});
