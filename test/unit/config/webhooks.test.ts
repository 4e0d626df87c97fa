import { describe, expect, it } from "vitest";
import { publicUrl, readConfig } from "../../../src/config/index.ts";
import type { Config, Environment, Machine } from "../../../src/config/index.ts";
import { parseAddressRange } from "../../../src/domain/network/address-range.ts";
import { selfSigned } from "../../integration/client/self-signed.ts";

const { cert, key } = selfSigned();
const KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => 0xfb - index));
const OTHER = Buffer.from(KEY.toReversed());
const FILES: Readonly<Record<string, string>> = {
  "cert.pem": cert,
  "key.pem": key,
  "text.pem": "hello",
  "secret.key": `${KEY.toString("base64")}\n`,
  "secret.keys": ` ${KEY.toString("hex")} ,\n${OTHER.toString("base64url")}\n`,
  "wrong.key": "hunter2-hunter2-hunter2",
  "empty.key": "\n",
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

describe("keys for secrets", () => {
  const keys = (environment: Environment) => read(environment).config.secretKeys.map((one) => Buffer.from(one));

  it.each([
    ["base64", KEY.toString("base64")],
    ["base64 without padding", KEY.toString("base64").replace("=", "")],
    ["base64url", KEY.toString("base64url")],
    ["hex", KEY.toString("hex")],
    ["hex in capitals", KEY.toString("hex").toUpperCase()],
    ["anything of that with spaces around it", ` ${KEY.toString("hex")} `],
  ])("are read from %s", (_, text) => {
    expect(keys({ BELFRY_SECRET_KEY: text })).toEqual([KEY]);
  });

  it("may be several, the newest first", () => {
    const text = `${OTHER.toString("base64")}, ${KEY.toString("hex")}`;
    expect(keys({ BELFRY_SECRET_KEY: text })).toEqual([OTHER, KEY]);
  });

  it("may stand in a file", () => {
    expect(keys({ BELFRY_SECRET_KEY_FILE: "secret.key" })).toEqual([KEY]);
    expect(keys({ BELFRY_SECRET_KEY_FILE: "secret.keys" })).toEqual([KEY, OTHER]);
  });

  it("need not be there", () => {
    expect(keys({})).toEqual([]);
  });

  const GOOD = KEY.toString("base64");
  it.each<[string, Environment, string]>([
    ["BELFRY_SECRET_KEY", { BELFRY_SECRET_KEY: "hunter2-hunter2-hunter2" }, "it is none, having 23 characters"],
    [
      "BELFRY_SECRET_KEY",
      { BELFRY_SECRET_KEY: "hunter2-hunter2-hunter2-hunter2-" },
      "it is none, having 32 characters",
    ],
    ["BELFRY_SECRET_KEY", { BELFRY_SECRET_KEY: `${GOOD}hunter2` }, "it is none"],
    ["BELFRY_SECRET_KEY", { BELFRY_SECRET_KEY: `${GOOD},hunter2` }, "number 2 is none, having 7 characters"],
    ["BELFRY_SECRET_KEY", { BELFRY_SECRET_KEY: `${GOOD},` }, "number 2 is none, having 0 characters"],
    ["BELFRY_SECRET_KEY", { BELFRY_SECRET_KEY: `${GOOD},${KEY.toString("hex")}` }, "number 2 stands there twice"],
    ["BELFRY_SECRET_KEY", { BELFRY_SECRET_KEY: "0".repeat(64) }, "it is the same byte over and over"],
    ["BELFRY_SECRET_KEY_FILE", { BELFRY_SECRET_KEY_FILE: "wrong.key" }, "it is none, having 23 characters"],
    ["BELFRY_SECRET_KEY_FILE", { BELFRY_SECRET_KEY_FILE: "empty.key" }, "it is none, having 0 characters"],
    ["BELFRY_SECRET_KEY_FILE", { BELFRY_SECRET_KEY_FILE: "gone.key" }, "no such file"],
    ["BELFRY_SECRET_KEY_FILE", { BELFRY_SECRET_KEY_FILE: GOOD }, "goes to BELFRY_SECRET_KEY"],
    ["BELFRY_SECRET_KEY_FILE", { BELFRY_SECRET_KEY_FILE: `hunter2,${GOOD}` }, "goes to BELFRY_SECRET_KEY"],
    [
      "BELFRY_SECRET_KEY_FILE",
      { BELFRY_SECRET_KEY_FILE: "secret.key", BELFRY_SECRET_KEY: GOOD },
      "BELFRY_SECRET_KEY is set too",
    ],
  ])("are refused with a line that does not show them: %s", (variable, environment, part) => {
    const wrong = refusal(environment);
    expect(wrong.variable).toBe(variable);
    expect(wrong.message).toMatch(new RegExp(`^${variable} must be [^\\n]*\\.$`));
    expect(wrong.message).toContain(part);
    expect(wrong.message).not.toContain("hunter2");
    expect(wrong.message).not.toContain(GOOD.slice(0, 8));
  });
});

describe("private targets", () => {
  const allowed = (text: string) => read({ BELFRY_ALLOW_PRIVATE_TARGETS: text }).config.webhooks.allowedTargets;

  it.each([
    ["10.0.0.0/8", ["10.0.0.0/8"]],
    ["10.1.2.3", ["10.1.2.3/32"]],
    ["::1", ["::1/128"]],
    ["fd00::/8, 127.0.0.1/32", ["fd00::/8", "127.0.0.1/32"]],
    ["2001:db8:1:2:3:4:5:6", ["2001:db8:1:2:3:4:5:6/128"]],
    ["::ffff:10.0.0.0/104", ["::ffff:10.0.0.0/104"]],
    ["loopback", ["127.0.0.0/8", "::1/128"]],
    ["Private,10.0.0.0/8", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]],
    ["all", ["0.0.0.0/0", "::/0"]],
  ])("are ranges: %s", (text, ranges) => {
    expect(allowed(text)).toEqual(ranges);
    // What is taken here, the guard must be able to read.
    for (const range of ranges) expect(parseAddressRange(range)).not.toBeNull();
  });

  it.each([
    "localhost",
    "10.0.0.0/33",
    "10.0.0.0/8/8",
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.1.2.3/8",
    "10.0.0",
    "010.0.0.1",
    "fd00::1/8",
    "fd00::/129",
    "1::2::3",
    "fe80::1%eth0",
    "yes",
    "*",
    "10.0.0.0/8,",
  ])("are not %s", (text) => {
    const { variable, message } = refusal({ BELFRY_ALLOW_PRIVATE_TARGETS: text });
    expect(variable).toBe("BELFRY_ALLOW_PRIVATE_TARGETS");
    expect(message).toMatch(/^BELFRY_ALLOW_PRIVATE_TARGETS must be addresses and ranges [^\n]*, got ".*"\.$/);
  });

  it("that are all addresses are worth a warning", () => {
    const told = [expect.stringContaining("lets webhooks call every address")];
    expect(read({ BELFRY_ALLOW_PRIVATE_TARGETS: "all" }).warnings).toEqual(told);
    expect(read({ BELFRY_ALLOW_PRIVATE_TARGETS: "0.0.0.0/0" }).warnings).toEqual(told);
    expect(read({ BELFRY_ALLOW_PRIVATE_TARGETS: "private,loopback" }).warnings).toEqual([]);
  });
});

describe("authorities for webhooks", () => {
  it("are those of a file", () => {
    expect(read({ BELFRY_WEBHOOK_CA_FILE: "cert.pem" }).config.webhooks.ca).toBe(cert);
  });

  it.each([
    ["gone.pem", "no such file"],
    ["text.pem", "it holds no certificate"],
  ])("are not those of %s", (path, part) => {
    const { variable, message } = refusal({ BELFRY_WEBHOOK_CA_FILE: path });
    expect(variable).toBe("BELFRY_WEBHOOK_CA_FILE");
    expect(message).toContain(part);
  });
});

describe("the public URL", () => {
  const told = (environment: Environment, port = 8980) => publicUrl(read(environment).config, port);

  it.each([
    ["https://belfry.example.com", "https://belfry.example.com"],
    ["https://Belfry.example.com:443/api/", "https://belfry.example.com/api"],
    ["http://[fd00::1]:80//", "http://[fd00::1]"],
  ])("is what it is said to be: %s", (text, url) => {
    expect(told({ BELFRY_PUBLIC_URL: text })).toBe(url);
  });

  it("is the advertised address when nothing is said", () => {
    expect(told({})).toBe("http://127.0.0.1:8980");
    expect(told({ BELFRY_LISTEN: "0.0.0.0:9000" })).toBe("http://tower.example:9000");
    expect(told({ BELFRY_ADVERTISE: "[fd00::1]:80" })).toBe("http://[fd00::1]");
    expect(told({ BELFRY_LISTEN: "127.0.0.1:0" }, 4711)).toBe("http://127.0.0.1:4711");
    const tls = { BELFRY_TLS_CERT_FILE: "cert.pem", BELFRY_TLS_KEY_FILE: "key.pem" };
    expect(told({ ...tls, BELFRY_ADVERTISE: "belfry-1:8980" })).toBe("https://belfry-1:8980");
  });

  it.each(["belfry.example.com", "ftp://belfry", "http:belfry", "https://", "https://b/?a=b", "https://b/#c"])(
    "is no %s",
    (text) => {
      const { variable, message } = refusal({ BELFRY_PUBLIC_URL: text });
      expect(variable).toBe("BELFRY_PUBLIC_URL");
      expect(message).toMatch(/^BELFRY_PUBLIC_URL must be an http:\/\/ or https:\/\/ URL .*\.$/);
    },
  );

  it("has no password, and is not shown when it has", () => {
    const { message } = refusal({ BELFRY_PUBLIC_URL: "https://me:hunter2@b" });
    expect(message).toContain("it has a user or a password");
    expect(message).not.toContain("hunter2");
    expect(refusal({ BELFRY_PUBLIC_URL: "ftp://me:hunter2@b" }).message).not.toContain("hunter2");
  });
});
