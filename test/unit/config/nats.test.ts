import { describe, expect, it } from "vitest";
import { readConfig } from "../../../src/config/index.ts";
import type { Environment, NatsConfig } from "../../../src/config/index.ts";
import { selfSigned } from "../../integration/client/self-signed.ts";

const { cert, key } = selfSigned();
const CREDENTIALS =
  "-----BEGIN NATS USER JWT-----\nj.w.t\n------END NATS USER JWT------\n-----BEGIN USER NKEY SEED-----\nSUSEED\n------END USER NKEY SEED------\n";
const FILES: Readonly<Record<string, string>> = {
  "belfry.creds": CREDENTIALS,
  "seedless.creds": CREDENTIALS.slice(0, CREDENTIALS.indexOf("-----BEGIN USER")),
  "cert.pem": cert,
  "key.pem": key,
  "text.pem": "hello",
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

const NATS = "nats://nats.example:4222";

function natsOf(environment: Environment): NatsConfig {
  const reading = readConfig({ BELFRY_NATS_URL: NATS, ...environment }, machine);
  if (reading.kind === "wrong") throw new Error(reading.message);
  if (reading.config.nats === undefined) throw new Error("there is no NATS in it");
  return reading.config.nats;
}

function refusal(environment: Environment): { readonly variable: string; readonly message: string } {
  const reading = readConfig(environment, machine);
  if (reading.kind === "read") throw new Error("it was read");
  return reading;
}

describe("a NATS server", () => {
  it("is enough by itself", () => {
    expect(natsOf({})).toEqual({
      servers: NATS,
      shown: "nats.example:4222",
      account: { kind: "addresses" },
      tls: undefined,
      cluster: "belfry",
      events: { maxAgeMs: 7 * 86_400_000, replicas: 1 },
    });
  });

  it("may be one of several, with what else there is to say", () => {
    const config = natsOf({
      BELFRY_NATS_URL: "tls://n1:4223, tls://[fd00::1]",
      BELFRY_NATS_USER: "belfry",
      BELFRY_NATS_PASSWORD: "hunter2",
      BELFRY_NATS_TLS_CA_FILE: "cert.pem",
      BELFRY_NATS_TLS_CERT_FILE: "cert.pem",
      BELFRY_NATS_TLS_KEY_FILE: "key.pem",
      BELFRY_CLUSTER: "blue-2",
      BELFRY_EVENTS_MAX_AGE: "12h",
      BELFRY_EVENTS_REPLICAS: "3",
    });
    expect(config).toEqual({
      servers: "tls://n1:4223, tls://[fd00::1]",
      shown: "n1:4223, [fd00::1]:4222",
      account: { kind: "user", user: "belfry", password: "hunter2" },
      tls: { ca: cert, cert, key },
      cluster: "blue-2",
      events: { maxAgeMs: 12 * 3_600_000, replicas: 3 },
    });
  });

  it.each<[Environment, NatsConfig["account"]]>([
    [{ BELFRY_NATS_CREDS_FILE: "belfry.creds" }, { kind: "credentials", credentials: CREDENTIALS }],
    [{ BELFRY_NATS_TOKEN: "t0ken" }, { kind: "token", token: "t0ken" }],
    [{ BELFRY_NATS_URL: "nats://belfry:hunter2@nats" }, { kind: "addresses" }],
  ])("is told who comes: %j", (environment, account) => {
    expect(natsOf(environment).account).toEqual(account);
  });

  it("is shown without what is secret in its address", () => {
    expect(natsOf({ BELFRY_NATS_URL: "nats://belfry:hunter2@n1:4222,nats://t0ken@n2" }).shown).toBe("n1:4222, n2:4222");
  });

  it("that is only trusted by an authority of its own must be spoken to encrypted", () => {
    expect(natsOf({ BELFRY_NATS_TLS_CA_FILE: "cert.pem" }).tls).toEqual({ ca: cert });
  });
});

describe("a wrong setting of NATS stops the start with one line that names the variable", () => {
  const withNats = (environment: Environment): Environment => ({ BELFRY_NATS_URL: NATS, ...environment });
  const CREDS = { BELFRY_NATS_CREDS_FILE: "belfry.creds" };
  const USER = { BELFRY_NATS_USER: "belfry", BELFRY_NATS_PASSWORD: "hunter2" };

  it.each<[string, Environment, string]>([
    ["BELFRY_NATS_URL", { BELFRY_NATS_URL: "nats.example" }, "it is no URL"],
    ["BELFRY_NATS_URL", { BELFRY_NATS_URL: "nats.example:4222" }, "it is no URL"],
    ["BELFRY_NATS_URL", { BELFRY_NATS_URL: "ws://nats:8080" }, "it begins with ws://"],
    ["BELFRY_NATS_URL", { BELFRY_NATS_URL: "nats://a,http://b" }, "number 2 begins with http://"],
    ["BELFRY_NATS_URL", { BELFRY_NATS_URL: "nats://a,,nats://b" }, "number 2 is no URL"],
    ["BELFRY_NATS_URL", { BELFRY_NATS_URL: "nats://" }, "it has more than a user, a host and a port"],
    ["BELFRY_NATS_URL", { BELFRY_NATS_URL: "nats://belfry:1/hunter2@a" }, "special characters in a password"],
    ["BELFRY_NATS_URL", { BELFRY_NATS_URL: "nats://belfry:1#hunter2@a" }, "special characters in a password"],
    ["BELFRY_NATS_URL", { BELFRY_NATS_URL: "nats://u:hunter2@a", ...CREDS }, "BELFRY_NATS_CREDS_FILE is set too"],
    [
      "BELFRY_NATS_URL",
      { BELFRY_NATS_URL: "nats://hunter2@a", BELFRY_NATS_TOKEN: "x" },
      "BELFRY_NATS_TOKEN is set too",
    ],
    ["BELFRY_NATS_URL", { BELFRY_NATS_URL: "nats://u:p@a", ...USER }, "BELFRY_NATS_USER is set too"],
    ["BELFRY_NATS_TOKEN", withNats({ ...CREDS, BELFRY_NATS_TOKEN: "hunter2" }), "BELFRY_NATS_CREDS_FILE is set too"],
    ["BELFRY_NATS_USER", withNats({ ...CREDS, ...USER }), "BELFRY_NATS_CREDS_FILE is set too"],
    ["BELFRY_NATS_USER", withNats({ ...USER, BELFRY_NATS_TOKEN: "x" }), "BELFRY_NATS_TOKEN is set too"],
    ["BELFRY_NATS_USER", withNats({ BELFRY_NATS_USER: "belfry" }), "it is set without BELFRY_NATS_PASSWORD"],
    ["BELFRY_NATS_PASSWORD", withNats({ BELFRY_NATS_PASSWORD: "hunter2" }), "it is set without BELFRY_NATS_USER"],
    ["BELFRY_NATS_CREDS_FILE", withNats({ BELFRY_NATS_CREDS_FILE: "gone.creds" }), "no such file"],
    ["BELFRY_NATS_CREDS_FILE", withNats({ BELFRY_NATS_CREDS_FILE: "seedless.creds" }), 'got "seedless.creds"'],
    ["BELFRY_NATS_TLS_CA_FILE", withNats({ BELFRY_NATS_TLS_CA_FILE: "gone.pem" }), "no such file"],
    ["BELFRY_NATS_TLS_CA_FILE", withNats({ BELFRY_NATS_TLS_CA_FILE: "text.pem" }), "it holds no certificate"],
    ["BELFRY_NATS_TLS_CERT_FILE", withNats({ BELFRY_NATS_TLS_KEY_FILE: "key.pem" }), "KEY_FILE is set without it"],
    ["BELFRY_NATS_TLS_KEY_FILE", withNats({ BELFRY_NATS_TLS_CERT_FILE: "cert.pem" }), "CERT_FILE is set without it"],
    ["BELFRY_CLUSTER", { BELFRY_CLUSTER: "blue.2" }, 'got "blue.2"'],
    ["BELFRY_CLUSTER", { BELFRY_CLUSTER: ">" }, 'got ">"'],
    ["BELFRY_CLUSTER", { BELFRY_CLUSTER: "x".repeat(101) }, "1 to 100 letters"],
    ["BELFRY_EVENTS_MAX_AGE", { BELFRY_EVENTS_MAX_AGE: "59s" }, 'from 1m to 3650d, such as 7d or 12h, got "59s"'],
    ["BELFRY_EVENTS_MAX_AGE", { BELFRY_EVENTS_MAX_AGE: "week" }, 'got "week"'],
    ["BELFRY_EVENTS_REPLICAS", { BELFRY_EVENTS_REPLICAS: "0" }, 'a whole number from 1 to 5, got "0"'],
    ["BELFRY_EVENTS_REPLICAS", { BELFRY_EVENTS_REPLICAS: "6" }, 'got "6"'],
    ["BELFRY_EVENTS_REPLICAS", { BELFRY_EVENTS_REPLICAS: "three" }, 'got "three"'],
  ])("%s: %j", (variable, environment, part) => {
    const wrong = refusal(environment);
    expect(wrong.variable).toBe(variable);
    expect(wrong.message).toMatch(new RegExp(`^${variable} must be [^\\n]*\\.$`));
    expect(wrong.message).toContain(part);
    expect(wrong.message).not.toContain("hunter2");
  });

  it.each(["1", "5"])("but %s replicas are right", (count) => {
    expect(natsOf({ BELFRY_EVENTS_REPLICAS: count }).events.replicas).toBe(Number(count));
  });

  it.each(["1m", "3650d"])("but %s is a right age", (age) => {
    expect(() => natsOf({ BELFRY_EVENTS_MAX_AGE: age })).not.toThrow();
  });
});

describe("settings of NATS without a server", () => {
  it("are warned of, without their values", () => {
    const reading = readConfig({ BELFRY_NATS_TOKEN: "hunter2", BELFRY_CLUSTER: "blue" }, machine);
    expect(reading).toMatchObject({
      kind: "read",
      config: { nats: undefined },
      warnings: [
        "BELFRY_NATS_TOKEN has no effect, for BELFRY_NATS_URL is not set",
        "BELFRY_CLUSTER has no effect, for BELFRY_NATS_URL is not set",
      ],
    });
  });
});
