import { stripVTControlCharacters } from "node:util";

import { describe, expect, it } from "vitest";

import type { LogFields, LogLevel } from "../../../src/ports/log.ts";
import { createLog } from "../../../src/system/log.ts";
import { ManualClock } from "../../support/manual-clock.ts";

function capture(level: LogLevel = "info", terminal = false) {
  const lines: string[] = [];
  const sink = { write: (line: string) => lines.push(line), isTTY: terminal };
  return { lines, log: createLog({ level, sink, clock: new ManualClock() }) };
}

/** The fields of one JSON line that says `fields`. */
function logged(fields: LogFields, level: LogLevel = "info"): Record<string, unknown> {
  const { lines, log } = capture(level);
  log.error("it happened", fields);
  expect(lines).toHaveLength(1);
  expect(lines[0]?.endsWith("\n")).toBe(true);
  return JSON.parse(lines[0] ?? "");
}

describe("the log", () => {
  it("writes one JSON object a line when nobody sits at a terminal", () => {
    expect(logged({ shard: 7 })).toEqual({
      time: "2026-01-01T00:00:00.000Z",
      level: "error",
      message: "it happened",
      shard: 7,
    });
  });

  it("writes readable lines to a terminal, with the stack of an error below", () => {
    const { lines, log } = capture("debug", true);
    log.info("listening", { address: "127.0.0.1:8980", name: "two words", error: new TypeError("broken") });
    const plain = stripVTControlCharacters(lines[0] ?? "");
    expect(plain).toMatch(/^00:00:00\.000 info {2}listening address=127\.0\.0\.1:8980 name="two words" error=\{/);
    expect(plain).toContain("\nTypeError: broken\n    at ");
  });

  it("drops what lies below its level", () => {
    const { lines, log } = capture("warn");
    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d");
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(["c", "d"]);
  });

  it("adds a child's fields to its lines, where the line's own win", () => {
    const { lines, log } = capture();
    log.child({ node: "a", shard: 1 }).child({ shard: 2 }).info("moved", { node: "b" });
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ node: "b", shard: 2 });
  });

  it("does not let a field pose as the line's level, time or message", () => {
    expect(logged({ level: "debug", message: "other" })).toMatchObject({
      level: "error",
      message: "it happened",
      level_: "debug",
      message_: "other",
    });
  });

  it("masks what lies under a key that looks like a secret, at any depth", () => {
    const secret = "hunter2-hunter2";
    const fields = {
      password: secret,
      db_passwd: secret,
      accessToken: secret,
      clientSecret: secret,
      Authorization: secret,
      "x-api-key": secret,
      apiKey: 12_345_678,
      credentials: { user: "u", pass: secret },
      headers: new Map([["Set-Cookie", secret]]),
      list: [{ privateKey: secret }],
    };
    const line = logged(fields);
    expect(JSON.stringify(line)).not.toContain(secret);
    expect(JSON.stringify(line)).not.toContain("12345678");
    expect(line).toMatchObject({ password: "***", credentials: "***", list: [{ privateKey: "***" }] });
  });

  it("masks a child's secrets too", () => {
    const { lines, log } = capture();
    log.child({ token: "hunter2" }).info("called");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ token: "***" });
  });

  it("shows flags and times about a secret", () => {
    const fields = { hasToken: false, tokenExpiresAt: 5, secretRotationMs: 9, password: null };
    expect(logged(fields)).toMatchObject(fields);
  });

  it("masks passwords in URLs and credentials in quoted headers", () => {
    const error = new Error(
      "cannot reach postgres://belfry:hunter2@db:5432/belfry with Authorization: Bearer abc.def.ghi",
    );
    const line = JSON.stringify(logged({ error, url: new URL("https://u:hunter2@example.org/x") }));
    expect(line).not.toContain("hunter2");
    expect(line).not.toContain("abc.def.ghi");
    expect(line).toContain("postgres://belfry:***@db:5432/belfry");
  });

  it("masks what signs webhooks, and the tokens in the paths of callbacks", () => {
    const line = logged({
      error: new Error(
        "cannot use whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw/+=, sent to https://b.example/callbacks/abc.1.def?x=1",
      ),
      headers: { "webhook-signature": "v1,hunter2", "webhook-id": "wf_1" },
    });
    expect(line).toMatchObject({
      error: { message: "cannot use whsec_***, sent to https://b.example/callbacks/***?x=1" },
      headers: { "webhook-signature": "***", "webhook-id": "wf_1" },
    });
  });

  it("shows an error's name, code, message and cause, and its stack only at debug level", () => {
    const cause = Object.assign(new Error("connection refused"), { code: "ECONNREFUSED", config: { secret: "s" } });
    const error = new TypeError("cannot acquire the shard", { cause });
    expect(logged({ error }).error).toEqual({
      name: "TypeError",
      message: "cannot acquire the shard",
      cause: { name: "Error", code: "ECONNREFUSED", message: "connection refused" },
    });
    expect(logged({ error }, "debug").error).toHaveProperty("stack");
  });

  it("never throws, whatever it is given", () => {
    const circular: Record<string, unknown> = { size: 10n ** 20n, not: Number.NaN, when: new Date(Number.NaN) };
    circular.self = circular;
    const trap = {
      get boom(): string {
        throw new Error("getter");
      },
      fine: 1,
    };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const deep = JSON.parse(`${'{"a":'.repeat(50)}1${"}".repeat(50)}`);
    const poisoned = JSON.parse('{"__proto__": {"polluted": true}}');
    const line = logged({
      circular,
      trap,
      proxy,
      deep,
      poisoned,
      run: () => 1,
      sym: Symbol("s"),
      raw: Buffer.alloc(9),
    });
    expect(line).toMatchObject({
      circular: { size: "100000000000000000000", not: "NaN", self: "[circular]" },
      trap: { boom: "[unreadable]", fine: 1 },
      proxy: "[unreadable]",
      raw: "[9 bytes]",
    });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    const fieldsOfHorror = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("keys");
        },
      },
    );
    expect(logged(fieldsOfHorror)).toMatchObject({ fields: "[unreadable]" });
  });

  it("bounds long texts and long lists", () => {
    const line = logged({ text: "x".repeat(1_000_000), list: Array.from({ length: 10_000 }, () => 1) });
    expect(JSON.stringify(line).length).toBeLessThan(6_000);
  });

  it("survives a sink that throws", () => {
    const sink = {
      write: (): void => {
        throw new Error("disk full");
      },
    };
    const log = createLog({ sink, clock: new ManualClock() });
    expect(() => log.error("lost")).not.toThrow();
  });
});
