import { describe, expect, it } from "vitest";
import { readConfig, readServerUrl } from "../../../src/config/index.ts";
import type { Config, Environment, Machine } from "../../../src/config/index.ts";
import { selfSigned } from "../../integration/client/self-signed.ts";

const { cert, key } = selfSigned();
const FILES: Readonly<Record<string, string>> = {
  "cert.pem": cert,
  "key.pem": key,
  "other-key.pem": selfSigned().key,
  "text.pem": "hello",
};

const machine: Machine = {
  hostname: "tower.example",
  pid: 77,
  readFile(path) {
    const text = FILES[path];
    if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return text;
  },
};

function read(environment: Environment): { config: Config; warnings: readonly string[] } {
  const reading = readConfig(environment, machine);
  if (reading.kind === "wrong") throw new Error(reading.message);
  return reading;
}

function refusal(environment: Environment): { variable: string; message: string } {
  const reading = readConfig(environment, machine);
  if (reading.kind === "read") throw new Error("it was read");
  return reading;
}

describe("an empty environment", () => {
  it("gives a node on the embedded database, on the loopback address, in cleartext (R-104)", () => {
    expect(read({})).toEqual({
      kind: "read",
      config: {
        listen: "127.0.0.1:8980",
        host: "127.0.0.1",
        port: 8980,
        advertise: { host: "127.0.0.1", port: 8980 },
        database: { kind: "embedded", dataDir: ".belfry" },
        nodeId: "tower.example-8980",
        shardCount: 128,
        leaseTtlMs: 3000,
        nats: undefined,
        tls: undefined,
        secretKeys: [],
        webhooks: { allowedTargets: [], ca: undefined },
        publicUrl: undefined,
        runtime: {},
        log: { level: "info", format: undefined },
      },
      warnings: [],
    });
  });

  it("is what variables that are set to nothing count as", () => {
    const nothing = {
      BELFRY_LISTEN: "",
      BELFRY_DATABASE_URL: " ",
      BELFRY_SHARDS: "",
      BELFRY_NATS_URL: "",
      BELFRY_TLS_KEY_FILE: "",
    };
    expect(read(nothing)).toEqual(read({}));
  });
});

describe("values", () => {
  it("are all taken", () => {
    const { config } = read({
      BELFRY_LISTEN: "[::1]:443",
      BELFRY_DATABASE_URL: "postgres://belfry:s3cret@db:5433/tasks?sslmode=require",
      BELFRY_NODE_ID: "node-1",
      BELFRY_SHARDS: "16",
      BELFRY_LEASE_TTL: "1.5s",
      BELFRY_TLS_CERT_FILE: "cert.pem",
      BELFRY_TLS_KEY_FILE: "key.pem",
      BELFRY_LOG_LEVEL: "DEBUG",
      BELFRY_LOG_FORMAT: "json",
    });
    expect(config).toEqual({
      listen: "[::1]:443",
      host: "::1",
      port: 443,
      advertise: { host: "::1", port: 443 },
      database: {
        kind: "url",
        url: "postgres://belfry:s3cret@db:5433/tasks?sslmode=require",
        shown: "postgres://belfry@db:5433/tasks",
      },
      nodeId: "node-1",
      shardCount: 16,
      leaseTtlMs: 1500,
      nats: undefined,
      tls: { cert, key },
      secretKeys: [],
      webhooks: { allowedTargets: [], ca: undefined },
      publicUrl: undefined,
      runtime: {},
      log: { level: "debug", format: "json" },
    });
  });

  it.each(["1s", "1000ms", "60s", "1m"])("at the bounds are allowed: a lease of %s", (ttl) => {
    expect(() => read({ BELFRY_LEASE_TTL: ttl })).not.toThrow();
  });

  it.each(["1", "65536"])("at the bounds are allowed: %s shards", (shards) => {
    expect(read({ BELFRY_SHARDS: shards }).config.shardCount).toBe(Number(shards));
  });
});

describe("the default name of a node", () => {
  it("tells nodes of one machine apart by their port, and is the same after a restart", () => {
    const afterRestart = readConfig({ BELFRY_LISTEN: "127.0.0.1:9000" }, { ...machine, pid: 78 });
    expect(afterRestart).toMatchObject({ config: { nodeId: "tower.example-9000" } });
  });

  it("is that of the process where the system chooses the port", () => {
    expect(read({ BELFRY_LISTEN: "127.0.0.1:0" }).config.nodeId).toBe("tower.example-pid77");
  });

  it.each([
    ["büro pc", "b-ro-pc-8980"],
    ["-", "node-8980"],
    ["", "node-8980"],
  ])("is a name whatever the machine is called: %j", (hostname, nodeId) => {
    const reading = readConfig({}, { ...machine, hostname });
    expect(reading).toMatchObject({ config: { nodeId } });
    expect(read({ BELFRY_NODE_ID: nodeId }).config.nodeId).toBe(nodeId);
  });
});

describe("the address that others are told", () => {
  const told = (environment: Environment) => read(environment).config.advertise;

  it("is the one that is listened on", () => {
    expect(told({ BELFRY_LISTEN: "10.0.0.7:9000" })).toEqual({ host: "10.0.0.7", port: 9000 });
  });

  it.each(["0.0.0.0:9000", "[::]:9000"])("has the host's name where %s stands for all of its addresses", (listen) => {
    expect(told({ BELFRY_LISTEN: listen })).toEqual({ host: "tower.example", port: 9000 });
  });

  it("is what it is said to be, with the port that is listened on for port 0", () => {
    expect(told({ BELFRY_LISTEN: "0.0.0.0:0", BELFRY_ADVERTISE: "belfry-1:443" })).toEqual({
      host: "belfry-1",
      port: 443,
    });
    expect(told({ BELFRY_ADVERTISE: "[fd00::1]:0" })).toEqual({ host: "fd00::1", port: 0 });
  });
});

describe("a wrong value stops the start with one line that names the variable", () => {
  it.each<[string, Environment, string]>([
    [
      "BELFRY_LISTEN",
      { BELFRY_LISTEN: "8980" },
      'host:port, such as 127.0.0.1:8980 or [::]:8980 (port 0 takes a free one), got "8980".',
    ],
    ["BELFRY_LISTEN", { BELFRY_LISTEN: ":8980" }, 'got ":8980"'],
    ["BELFRY_LISTEN", { BELFRY_LISTEN: "localhost:65536" }, 'got "localhost:65536"'],
    ["BELFRY_LISTEN", { BELFRY_LISTEN: "::1:8980" }, 'got "::1:8980"'],
    ["BELFRY_LISTEN", { BELFRY_LISTEN: "http://127.0.0.1:8980" }, "host:port"],
    ["BELFRY_ADVERTISE", { BELFRY_ADVERTISE: "belfry-1" }, 'got "belfry-1"'],
    ["BELFRY_ADVERTISE", { BELFRY_ADVERTISE: "0.0.0.0:8980" }, "nobody can call that address"],
    ["BELFRY_ADVERTISE", { BELFRY_ADVERTISE: "[::]:8980" }, "nobody can call that address"],
    ["BELFRY_DATABASE_URL", { BELFRY_DATABASE_URL: "mysql://db/x" }, "it begins with mysql://"],
    ["BELFRY_DATABASE_URL", { BELFRY_DATABASE_URL: "db.example" }, "this is no URL"],
    ["BELFRY_NODE_ID", { BELFRY_NODE_ID: "node 1" }, 'got "node 1"'],
    ["BELFRY_NODE_ID", { BELFRY_NODE_ID: "x".repeat(129) }, `got "${"x".repeat(60)}…"`],
    ["BELFRY_SHARDS", { BELFRY_SHARDS: "0" }, 'a whole number from 1 to 65536, got "0".'],
    ["BELFRY_SHARDS", { BELFRY_SHARDS: "65537" }, 'got "65537"'],
    ["BELFRY_SHARDS", { BELFRY_SHARDS: "12.5" }, 'got "12.5"'],
    ["BELFRY_SHARDS", { BELFRY_SHARDS: "1e3" }, 'got "1e3"'],
    [
      "BELFRY_LEASE_TTL",
      { BELFRY_LEASE_TTL: "999ms" },
      'a length of time from 1s to 60s, such as 3s or 2500ms, got "999ms".',
    ],
    ["BELFRY_LEASE_TTL", { BELFRY_LEASE_TTL: "61s" }, 'got "61s"'],
    ["BELFRY_LEASE_TTL", { BELFRY_LEASE_TTL: "3" }, 'got "3"'],
    ["BELFRY_LEASE_TTL", { BELFRY_LEASE_TTL: "-3s" }, 'got "-3s"'],
    ["BELFRY_TLS_CERT_FILE", { BELFRY_TLS_KEY_FILE: "key.pem" }, "BELFRY_TLS_KEY_FILE is set without it"],
    ["BELFRY_TLS_KEY_FILE", { BELFRY_TLS_CERT_FILE: "cert.pem" }, "BELFRY_TLS_CERT_FILE is set without it"],
    ["BELFRY_TLS_CERT_FILE", { BELFRY_TLS_CERT_FILE: "gone.pem", BELFRY_TLS_KEY_FILE: "key.pem" }, "no such file"],
    ["BELFRY_TLS_CERT_FILE", { BELFRY_TLS_CERT_FILE: "text.pem", BELFRY_TLS_KEY_FILE: "key.pem" }, 'got "text.pem"'],
    ["BELFRY_TLS_KEY_FILE", { BELFRY_TLS_CERT_FILE: "cert.pem", BELFRY_TLS_KEY_FILE: "text.pem" }, 'got "text.pem"'],
    [
      "BELFRY_TLS_KEY_FILE",
      { BELFRY_TLS_CERT_FILE: "cert.pem", BELFRY_TLS_KEY_FILE: "other-key.pem" },
      'got "other-key.pem"',
    ],
    ["BELFRY_LOG_LEVEL", { BELFRY_LOG_LEVEL: "verbose" }, 'one of debug, info, warn, error, got "verbose".'],
    ["BELFRY_LOG_FORMAT", { BELFRY_LOG_FORMAT: "xml" }, 'one of text, json, got "xml".'],
  ])("%s: %j", (variable, environment, part) => {
    const wrong = refusal(environment);
    expect(wrong.variable).toBe(variable);
    expect(wrong.message).toMatch(new RegExp(`^${variable} must be .*\\.$`));
    expect(wrong.message).toContain(part);
  });

  it("does not show what may be a password", () => {
    expect(refusal({ BELFRY_DATABASE_URL: "postgres//belfry:hunter2@db" }).message).not.toContain("hunter2");
    expect(refusal({ BELFRY_DATABASE_URL: "mysql://belfry:hunter2@db" }).message).not.toContain("hunter2");
  });
});

describe("variables that this version does not know", () => {
  it.each(["BELFRY_AUTH_TOKENS", "BELFRY_METRICS_LISTEN"])(
    "stop the start when their user would rely on them: %s",
    (name) => {
      expect(refusal({ [name]: "x" })).toMatchObject({
        variable: name,
        message: `${name} is not supported yet by this version of Belfry: unset it.`,
      });
    },
  );

  it("are warned of, with the one that was meant", () => {
    expect(read({ BELFRY_LISTN: "x", BELFRY_COLOUR: "red", OTHER: "y" }).warnings).toEqual([
      "BELFRY_COLOUR is not a variable of Belfry and has no effect",
      "BELFRY_LISTN is not a variable of Belfry and has no effect: did you mean BELFRY_LISTEN?",
    ]);
  });
});

describe("what is allowed and yet worth a warning", () => {
  it("is a folder that is not used", () => {
    expect(read({ BELFRY_DATABASE_URL: "postgres://db/x", BELFRY_DATA_DIR: "/data" }).warnings).toEqual([
      "BELFRY_DATA_DIR has no effect, for BELFRY_DATABASE_URL is set",
    ]);
  });

  it.each(["0.0.0.0:8980", "[::]:8980", "tower.example:8980"])("is an API that other machines reach: %s", (listen) => {
    expect(read({ BELFRY_LISTEN: listen }).warnings).toEqual([
      expect.stringContaining(`(${listen}): nothing is encrypted`),
    ]);
  });

  it.each(["localhost:1", "127.1.2.3:1", "[::1]:1"])("is not an address of the machine itself: %s", (listen) => {
    expect(read({ BELFRY_LISTEN: listen }).warnings).toEqual([]);
  });
});

describe("the server that commands talk to", () => {
  it("is the one of this machine unless named", () => {
    expect(readServerUrl({})).toEqual({ kind: "read", url: "http://127.0.0.1:8980" });
    expect(readServerUrl({ BELFRY_SERVER: "https://tower:443" })).toEqual({ kind: "read", url: "https://tower:443" });
  });

  it.each(["tower:8980", "ftp://tower", "http://"])("is a URL: not %s", (text) => {
    expect(readServerUrl({ BELFRY_SERVER: text })).toMatchObject({
      kind: "wrong",
      message: expect.stringMatching(/^BELFRY_SERVER must be an http:\/\/ or https:\/\/ URL/),
    });
  });
});
