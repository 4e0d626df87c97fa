import { describe, expect, it } from "vitest";
import type { Surroundings } from "../../../src/cli/surroundings.ts";
import { belfryHere } from "./belfry-here.ts";

describe("help", () => {
  it("names every command and ends well", async () => {
    const { code, out } = await belfryHere(["--help"]);
    expect(code).toBe(0);
    for (const command of [
      "serve",
      "demo",
      "doctor",
      "migrate",
      "definitions",
      "instances",
      "executions",
      "dispatches",
      "destinations",
      "platforms",
      "pushes",
      "work-items",
      "config",
      "watch",
      "health",
    ]) {
      expect(out).toMatch(new RegExp(`^ {2}${command}`, "m"));
    }
  });

  const COMMANDS = [
    ["serve"],
    ["demo"],
    ["doctor"],
    ["migrate"],
    ["watch"],
    ["health"],
    ...[
      "list",
      "get",
      "create",
      "pause",
      "resume",
      "cancel",
      "trigger",
      "delete",
      "search",
      "explain",
      "occurrences",
      "preview",
    ].map((verb) => ["definitions", verb]),
    ...["list", "show", "register", "update", "stats", "sync"].map((verb) => ["executions", verb]),
    ...["list", "get", "set", "unset", "resolve"].map((verb) => ["config", verb]),
    ...["list", "get", "create", "replay"].map((verb) => ["dispatches", verb]),
    ...["list", "get", "reset", "isolate", "rotate-secret"].map((verb) => ["destinations", verb]),
    ...["list", "get", "cancel", "retry", "pause", "resume", "attempts", "explain", "stats"].map((verb) => [
      "instances",
      verb,
    ]),
  ];
  it.each(COMMANDS)("of %s %s has an example", async (...words) => {
    const { code, out } = await belfryHere([...words, "--help"]);
    expect(code).toBe(0);
    expect(out).toContain(`$ belfry ${words.join(" ")}`);
  });

  it("is what no command at all gets", async () => {
    const { code, err } = await belfryHere([]);
    expect(code).toBe(1);
    expect(err[0]).toBe("Usage: belfry [options] [command]");
  });
});

describe("a command line that is wrong", () => {
  it.each<[readonly string[], string]>([
    [["serv"], "error: unknown command 'serv'"],
    [["definitions", "get"], "error: missing required argument 'id'"],
    [["definitions", "create"], "error: required option '-f, --file <path>' not specified"],
    [["definitions", "list", "--state", "open"], "Known are: active, paused, completed, cancelled."],
    [["dispatches", "create"], "error: missing required argument 'url'"],
    [["dispatches", "create", "https://x.test/", "--evidence", "[]"], "It must be a JSON object"],
    [["dispatches", "create", "https://x.test/", "--evidence", '{"brand":"x"}'], "It is no evidence"],
    [["dispatches", "list", "--origin", "hooks.example.com"], "It must be an http:// or https:// URL."],
    [["destinations", "get", "hooks.example.com"], "It must be an http:// or https:// URL."],
    [["destinations", "rotate-secret", "https://x.test", "--overlap", "soon"], "It must be a length of time"],
    [["destinations", "list", "--breaker", "ajar"], "Known are: closed, open, half_open, isolated."],
    [["instances", "list", "--limit", "0"], "It must be a whole number from 1 to"],
    [["watch", "--server", "tower"], "It must be an http:// or https:// URL."],
    [["demo", "--seconds", "soon"], "It must be a whole number from 1 to"],
  ])("%j ends with 1 and says why", async (words, why) => {
    const { code, err } = await belfryHere(words);
    expect(code).toBe(1);
    expect(err.join("\n")).toContain(why);
  });

  it.each<[readonly string[], string]>([
    [
      ["definitions", "pause"],
      "belfry: Name one by its id, or select several by filters such as --user or --state (see --help).",
    ],
    [
      ["instances", "cancel", "0199", "--user", "u1"],
      "belfry: Name one by its id, or select several by filters, not both.",
    ],
    [["instances", "retry", "0199", "--dry-run"], "belfry: --dry-run goes with filters: it shows what they select."],
    [
      ["dispatches", "replay"],
      "belfry: Name one by its id, or select several by filters such as --user or --state (see --help).",
    ],
    [["dispatches", "create", "https://x.test/"], "belfry: Say one of --task-type and --evidence."],
    [
      ["dispatches", "create", "https://x.test/", "--task-type", "a", "--evidence", "{}"],
      "belfry: Say one of --task-type and --evidence.",
    ],
    [["definitions", "preview"], "belfry: Say one of --cron, --every, --rrule and --file."],
    [
      ["definitions", "preview", "--every", "1s", "--cron", "* * * * *"],
      "belfry: Say one of --cron, --every, --rrule and --file.",
    ],
    [["watch", "--from-start", "--resume-token", "x"], "belfry: Say --from-start or --resume-token, not both."],
  ])("%j is refused before anybody is called", async (words, line) => {
    expect(await belfryHere(words)).toMatchObject({ code: 1, out: "", err: [line] });
  });
});

describe("a file of a definition", () => {
  it.each<[Record<string, string>, string]>([
    [{}, "x.json cannot be read: ENOENT"],
    [{ "x.json": "{" }, "x.json holds no JSON: "],
    [
      { "x.json": '{"scheduel":{}}' },
      'x.json holds no definition: cannot decode message belfry.v1.Definition from JSON: key "scheduel" is unknown',
    ],
    [{ "x.json": '{"definition":{"name":1}}' }, "x.json holds no definition: "],
  ])("that cannot be used is told of in one line: %j", async (files, line) => {
    const { code, err } = await belfryHere(["definitions", "create", "-f", "x.json"], {}, files);
    expect(code).toBe(1);
    expect(err).toEqual([expect.stringContaining(line)]);
  });
});

describe("a wrong variable of the environment ends a command with 2 and one line", () => {
  it.each<[readonly string[], Surroundings["env"], string]>([
    [["serve"], { BELFRY_SHARDS: "none" }, 'belfry: BELFRY_SHARDS must be a whole number from 1 to 65536, got "none".'],
    [
      ["migrate"],
      { BELFRY_METRICS_LISTEN: "x" },
      "belfry: BELFRY_METRICS_LISTEN is not supported yet by this version of Belfry: unset it.",
    ],
    [
      ["instances", "list"],
      { BELFRY_SERVER: "tower" },
      'belfry: BELFRY_SERVER must be an http:// or https:// URL, such as http://127.0.0.1:8980, got "tower".',
    ],
  ])("%j", async (words, env, line) => {
    expect(await belfryHere(words, env)).toEqual({ code: 2, out: "", err: [line] });
  });
});
