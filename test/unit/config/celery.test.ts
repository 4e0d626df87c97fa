import { describe, expect, it } from "vitest";
import { readConfig } from "../../../src/config/index.ts";
import type { CeleryConfig, Environment } from "../../../src/config/index.ts";
import { selfSigned } from "../../integration/client/self-signed.ts";

const { cert, key } = selfSigned();
const FILES: Readonly<Record<string, string>> = {
  "/ca.pem": cert,
  "/cert.pem": cert,
  "/key.pem": key,
  "/text.pem": "hello",
};
const machine = {
  hostname: "tower",
  pid: 7,
  readFile(path: string) {
    const text = FILES[path];
    if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return text;
  },
};

function read(environment: Environment) {
  const reading = readConfig(environment, machine);
  if (reading.kind === "wrong") throw new Error(reading.message);
  return reading;
}

function celeryOf(url: string, environment: Environment = {}): CeleryConfig | undefined {
  return read({ BELFRY_CELERY_RESULT_BACKEND: url, ...environment }).config.celery;
}

const REDIS = {
  kind: "redis",
  at: { host: "localhost", port: 6379, tls: undefined },
  username: undefined,
  password: undefined,
  database: 0,
  keyPrefix: "",
};

describe("Celery's result backend", () => {
  it("is not asked when none is set", () => {
    expect(read({}).config.celery).toBeUndefined();
  });

  it.each([
    ["redis://", {}, "redis://localhost:6379/0"],
    ["redis:///1", { database: 1 }, "redis://localhost:6379/1"],
    [
      "redis://ann:p%40ss@cache.example:7000/2",
      { at: { host: "cache.example", port: 7000, tls: undefined }, username: "ann", password: "p@ss", database: 2 },
      "redis://cache.example:7000/2",
    ],
    [
      "redis://:secret@[::1]/0",
      { at: { host: "::1", port: 6379, tls: undefined }, password: "secret" },
      "redis://[::1]:6379/0",
    ],
    ["redis://localhost?virtual_host=3", { database: 3 }, "redis://localhost:6379/3"],
    ["redis+socket:///run/redis.sock", { at: { path: "/run/redis.sock" } }, "redis+socket:///run/redis.sock"],
    [
      "socket:///run/redis.sock?virtual_host=2&password=secret",
      { at: { path: "/run/redis.sock" }, database: 2, password: "secret" },
      "redis+socket:///run/redis.sock?virtual_host=2",
    ],
  ])("is a Redis, written as Celery has it: %s", (url, differing, shown) => {
    expect(celeryOf(url)).toEqual({ ...REDIS, ...differing, shown });
  });

  it("is a Redis over TLS, whose certificate is checked unless Celery does not", () => {
    const tls = { ca: undefined, cert: undefined, key: undefined, verified: true };
    expect(celeryOf("rediss://cache.example/0")).toMatchObject({ at: { tls } });
    const files = "ssl_ca_certs=%2Fca.pem&ssl_certfile=/cert.pem&ssl_keyfile=/key.pem";
    expect(celeryOf(`rediss://cache.example/0?ssl_cert_reqs=CERT_REQUIRED&${files}`)).toMatchObject({
      at: { tls: { ca: cert, cert, key, verified: true } },
      shown: "rediss://cache.example:6379/0",
    });
    const unchecked = read({ BELFRY_CELERY_RESULT_BACKEND: "rediss://cache.example/0?ssl_cert_reqs=none" });
    expect(unchecked.config.celery).toMatchObject({ at: { tls: { verified: false } } });
    expect(unchecked.warnings).toContainEqual(expect.stringContaining("ssl_cert_reqs=CERT_NONE"));
  });

  it.each([
    "postgresql://ann:secret@db.example:5433/results?sslmode=require",
    "postgres://ann:secret@db.example:5433/results?sslmode=require",
    "db+postgresql://ann:secret@db.example:5433/results?sslmode=require",
    "db+postgresql+psycopg2://ann:secret@db.example:5433/results?sslmode=require",
  ])("is a PostgreSQL, also as SQLAlchemy writes it: %s", (url) => {
    expect(celeryOf(url)).toEqual({
      kind: "postgres",
      url: "postgresql://ann:secret@db.example:5433/results?sslmode=require",
      shown: "postgresql://db.example:5433/results",
    });
  });

  it("has keys that begin with a prefix, which other backends have not", () => {
    expect(celeryOf("redis://", { BELFRY_CELERY_KEY_PREFIX: "shop_" })).toMatchObject({ keyPrefix: "shop_" });
    expect(read({ BELFRY_CELERY_KEY_PREFIX: "shop_" }).warnings).toContain(
      "BELFRY_CELERY_KEY_PREFIX has no effect, for BELFRY_CELERY_RESULT_BACKEND is no Redis",
    );
  });

  it.each([
    ["mysql://ann:secret@db/results", "results cannot be read from mysql://"],
    ["db+sqlite:///results.sqlite", "results cannot be read from db+sqlite://"],
    ["sentinel://:secret@a:26379;sentinel://b:26379", "results cannot be read from sentinel://"],
    ["django-db", "it has no scheme"],
    ["redis://:sec#ret@localhost/0", "special characters in the password need %-escapes"],
    ["redis://:sec/ret@localhost/0", "special characters in the password need %-escapes"],
    ["redis://:secret%zz@localhost/0", "a % in it is no %-escape"],
    ["redis://:secret@localhost/shop", "a database of Redis is a number"],
    ["redis+socket:///", "it names no socket"],
    ["postgresql://ann:secret@db.example", "it names no database"],
    ["rediss://:secret@h/0?ssl_cert_reqs=perhaps", "ssl_cert_reqs must be"],
    ["rediss://:secret@h/0?ssl_ca_certs=/nowhere.pem", "ssl_ca_certs: ENOENT"],
    ["rediss://:secret@h/0?ssl_certfile=/text.pem", "its certificates: "],
  ])("stops the start when it is wrong, and is not shown: %s", (url, why) => {
    const reading = readConfig({ BELFRY_CELERY_RESULT_BACKEND: url }, machine);
    expect(reading).toMatchObject({
      kind: "wrong",
      variable: "BELFRY_CELERY_RESULT_BACKEND",
      message: expect.stringContaining(why),
    });
    expect(reading.kind === "wrong" ? reading.message.replace(":password@", "") : "").not.toMatch(/sec|ret@/);
  });
});
