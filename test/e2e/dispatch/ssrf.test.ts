/** A server as it is by default: it calls nobody's private network, however a URL is written. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BelfryErrorInfo } from "../../../src/client/index.ts";
import { belfryErrorOf, createBelfryClient } from "../../../src/client/index.ts";
import { FailureCause, InstanceState } from "../../../src/gen/belfry/v1/instance_pb.ts";
import type { Receiver } from "../../support/receiver.ts";
import { aReceiver } from "../../support/receiver.ts";
import type { DispatchSite } from "./site.ts";
import { openDispatchSite, present, retries } from "./site.ts";

/** What the names of the world outside point to for this server: somebody let a name of theirs point inside. */
const NAMES = {
  "loopback.example.com": ["127.0.0.1"],
  "loopback6.example.com": ["::1"],
  "mapped.example.com": ["::ffff:127.0.0.1"],
  "metadata.example.com": ["169.254.169.254"],
  "inside.example.com": ["10.0.0.7", "192.168.1.1", "fd00::7"],
};

/** Loaded before the server: its system then has these names, and no others. */
const SYSTEM_WITH_NAMES = `data:text/javascript,${encodeURIComponent(`
  import { promises } from "node:dns";
  import { syncBuiltinESMExports } from "node:module";
  const names = ${JSON.stringify(NAMES)};
  promises.lookup = async (name) => {
    if (!Object.hasOwn(names, name)) throw Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
    return names[name].map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  };
  syncBuiltinESMExports();
`)}`;

let site: DispatchSite;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await aReceiver();
  site = await openDispatchSite({
    env: { BELFRY_ALLOW_PRIVATE_TARGETS: undefined, NODE_OPTIONS: `--import=${SYSTEM_WITH_NAMES}` },
  });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

/** How a call was refused. */
async function refusal(call: Promise<unknown>): Promise<BelfryErrorInfo> {
  const error = await call.then(
    (answer) => expect.fail(`it was answered: ${JSON.stringify(answer)}`),
    (thrown: unknown) => thrown,
  );
  return belfryErrorOf(error);
}

/** `PORT` stands for that of a receiver that would answer. */
const LOOPBACK = [
  "http://127.0.0.1:PORT/",
  "http://127.8.9.1:PORT/",
  "http://127.1:PORT/",
  "http://2130706433:PORT/",
  "http://0x7f000001:PORT/",
  "http://0x7f.0.0.1:PORT/",
  "http://0177.0.0.1:PORT/",
  "http://0:PORT/",
  "http://0.0.0.0:PORT/",
  "http://127.0.0.1.:PORT/",
  "http://①②⑦.0.0.1:PORT/",
  "http://127。0。0。1:PORT/",
  "http://%31%32%37.0.0.1:PORT/",
  "http://localhost:PORT/",
  "http://LOCALHOST:PORT/",
  "http://localhost.:PORT/",
  "http://any.localhost:PORT/",
  "http://localhost.localdomain:PORT/",
  "https://127.0.0.1:PORT/",
  "HTTP://127.0.0.1:PORT/",
  "http:\\\\127.0.0.1:PORT\\",
  "http://[::1]:PORT/",
  "http://[0:0:0:0:0:0:0:1]:PORT/",
  "http://[::]:PORT/",
  "http://[::ffff:127.0.0.1]:PORT/",
  "http://[::ffff:7f00:1]:PORT/",
  "http://[::127.0.0.1]:PORT/",
  "http://[64:ff9b::7f00:1]:PORT/",
  "http://[2002:7f00:1::]:PORT/",
];
const PRIVATE = [
  "http://10.0.0.1/",
  "http://172.16.0.1/",
  "http://172.31.255.254/",
  "http://192.168.0.1/",
  "http://100.64.0.1/",
  "http://198.18.0.1/",
  "http://0.1.2.3/",
  "http://224.0.0.1/",
  "http://255.255.255.255/",
  "http://[fd00::1]/",
  "http://[fc00::1]/",
  "http://[fe80::1]/",
  "http://[fec0::1]/",
  "http://[ff02::1]/",
  "http://[::ffff:10.0.0.1]/",
  "http://printer.local/",
  "http://router.home.arpa/",
];
const METADATA = [
  "http://169.254.169.254/latest/meta-data/",
  "http://2852039166/",
  "http://0xa9fea9fe/",
  "http://0251.0376.0251.0376/",
  "http://[::ffff:169.254.169.254]/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[fd00:ec2::254]/",
  "http://metadata.google.internal/",
  "http://100.100.100.200/",
];
const NO_URL_TO_CALL = [
  "ftp://hooks.example.com/",
  "file:///etc/passwd",
  "gopher://127.0.0.1:6379/_FLUSHALL",
  "javascript:alert(1)",
  "//127.0.0.1:PORT/",
  "127.0.0.1:PORT",
  "http://",
  "http://user:password@hooks.example.com/",
  "http://hooks.example.com@127.0.0.1:PORT/",
  "http://hooks.example.com:0/",
  "http://hooks.example.com:99999/",
  "http://hooks.example.com/\r\nHost: 127.0.0.1",
];

describe("CreateDispatch refuses, and names webhookUrl (R-119):", () => {
  it.concurrent.each([...LOOPBACK, ...PRIVATE, ...METADATA, ...NO_URL_TO_CALL])("%j", async (form) => {
    const url = form.replace("PORT", String(receiver.port));
    const refused = await refusal(site.send(url));
    expect(refused).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
    expect(refused.violations.map(({ field }) => field)).toEqual(["webhookUrl"]);
  });
});

describe("Nothing private is called by", () => {
  it("SendTestEvent, which names the field that it was given", async () => {
    const { dispatches } = site;
    for (const [request, field] of [
      [{ webhookUrl: receiver.url("/") }, "webhookUrl"],
      [{ origin: receiver.origin }, "origin"],
    ] as const) {
      expect(await refusal(dispatches.sendTestEvent(request))).toMatchObject({
        code: "INVALID_ARGUMENT",
        violations: [{ field }],
      });
    }
  });

  it("a definition with the action webhook, which is refused when it is made", async () => {
    const client = createBelfryClient(site.server.url);
    const action = { kind: { case: "webhook" as const, value: { url: receiver.url("/") } } };
    const schedule = { timing: { case: "immediate" as const, value: {} } };
    const refused = await refusal(client.definitions.createDefinition({ definition: { name: "x", schedule, action } }));
    client.close();
    expect(refused).toMatchObject({
      code: "INVALID_ARGUMENT",
      violations: [{ field: "definition.action.webhook.url" }],
    });
  });

  it.each(Object.keys(NAMES))("a dispatch to %s, which is refused when it is dialled", async (name) => {
    const done = await site.carriedOut(`http://${name}:${receiver.port}/hook`, { retryPolicy: retries(3) });
    // The same request would be refused again.
    expect(done).toMatchObject({
      state: InstanceState.FAILED,
      attemptCount: 1,
      error: { code: "TARGET_FORBIDDEN", message: expect.stringContaining(name) },
    });
    const [attempt] = await site.attempts(done.id);
    expect(attempt?.exchange).toMatchObject({ failure: { cause: FailureCause.REFUSED } });
    expect(present(attempt?.exchange).response).toBeUndefined();
  });

  it("a dispatch to a name that nobody has", async () => {
    const done = await site.carriedOut("http://nobody.example.com/hook");
    expect(done).toMatchObject({ state: InstanceState.FAILED, error: { code: "CONNECTION_FAILED" } });
  });

  it("any of them: nothing ever came to what listens on 127.0.0.1", () => {
    expect(receiver.connections).toBe(0);
  });
});

describe("A header of the caller's is refused, and named (R-119),", () => {
  it.each([
    ["that would begin another", { "X-Team": "risk\r\nX-Admin: yes" }, 'headers["X-Team"]'],
    ["whose name would", { "X-Team: risk\r\nX-Admin": "yes" }, `headers[${JSON.stringify("X-Team: risk\r\nX-Admin")}]`],
    ["that ends the headers", { "X-Team": "risk\n\nbody" }, 'headers["X-Team"]'],
    ["with NUL", { "X-Team": "ri\0sk" }, 'headers["X-Team"]'],
    ["that names another host", { Host: "169.254.169.254" }, 'headers["Host"]'],
    ["that names another length", { "Content-Length": "0" }, 'headers["Content-Length"]'],
    ["that announces chunks", { "Transfer-Encoding": "chunked" }, 'headers["Transfer-Encoding"]'],
    ["that pretends to be a signature", { "webhook-signature": "v1,AAAA" }, 'headers["webhook-signature"]'],
  ])("%s", async (_claim, headers, field) => {
    const refused = await refusal(site.send("http://hooks.example.com/", { headers }));
    expect(refused.code).toBe("INVALID_ARGUMENT");
    expect(refused.violations.map((violation) => violation.field)).toContain(field);
  });
});
