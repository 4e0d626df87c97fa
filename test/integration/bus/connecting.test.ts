import { describe, expect, it } from "vitest";
import { NatsError } from "../../../src/bus/nats/nats-error.ts";
import type { NatsOptions } from "../../../src/bus/nats/nats-options.ts";
import { Ear, acquaint } from "../../contract/bus/ear.ts";
import { recordingLog } from "../../support/log.ts";
import { startNatsServer } from "../../support/nats-server.ts";
import { makeCertificates } from "./certificates.ts";
import { natsUnderTest, until } from "./nats-under-test.ts";
import { makeOperator } from "./operator.ts";

const PASSWORD = "s3cr3t p@ss:word/%";
const NOT_THERE = "nats://127.0.0.1:9";

/** What connecting with these options is refused by, with everything that was said about it. */
async function refusalOf(given: Parameters<typeof natsUnderTest>[0]): Promise<{ code: string; said: string }> {
  const log = recordingLog();
  const error = await natsUnderTest({ ...given, log }).then(
    async (nats) => {
      await nats.close();
      return undefined;
    },
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof NatsError)) throw new Error("Connecting was expected to be refused", { cause: error });
  const said = `${error.message} ${error.stack ?? ""} ${String(error.cause)} ${JSON.stringify(log.lines)}`;
  return { code: error.code, said };
}

async function expectConnected(options: Parameters<typeof natsUnderTest>[0]): Promise<void> {
  await using nats = await natsUnderTest(options);
  expect(nats.status).toBe("connected");
  expect(nats.serverVersion).toMatch(/^2\.\d+/);
  expect(nats.requester.connected).toBe(true);
  await nats.close();
  expect(nats.status).toBe("closed");
}

describe("who may connect", () => {
  it("a user with a password, given beside the address or in it", async () => {
    await using server = await startNatsServer({
      jetstream: false,
      config: `authorization { user: belfry, password: ${JSON.stringify(PASSWORD)} }`,
    });
    const inUrl = server.url.replace("//", `//belfry:${encodeURIComponent(PASSWORD)}@`);
    await expectConnected({ servers: server.url, user: "belfry", password: PASSWORD });
    await expectConnected({ servers: inUrl });
    await expectConnected({ servers: `${inUrl},${server.url}` });
    expect(await refusalOf({ servers: server.url })).toMatchObject({ code: "UNAUTHORIZED" });
  });

  it("a token, given beside the address or in it", async () => {
    await using server = await startNatsServer({ jetstream: false, config: `authorization { token: "t0ken" }` });
    await expectConnected({ servers: server.url, token: "t0ken" });
    await expectConnected({ servers: server.url.replace("//", "//t0ken@") });
    expect(await refusalOf({ servers: server.url, token: "other" })).toMatchObject({ code: "UNAUTHORIZED" });
  });

  it("a user of a server that is run by JWTs, with the contents of a creds file", async () => {
    const operator = makeOperator();
    await using server = await startNatsServer({ jetstream: false, config: operator.config });
    await expectConnected({ servers: server.url, credentials: operator.credentials });

    const stranger = makeOperator();
    const refusal = await refusalOf({ servers: server.url, credentials: stranger.credentials });
    expect(refusal.code).toBe("UNAUTHORIZED");
    expect(refusal.said).not.toContain(stranger.seed);
  });

  it("credentials that are none are told from a server that refuses them", async () => {
    const refusal = await refusalOf({ servers: NOT_THERE, credentials: "SUACRET not a creds file" });
    expect(refusal.code).toBe("WRONG_OPTIONS");
    expect(refusal.said).not.toContain("SUACRET");
  });

  it("no secret is in what is said about a refusal; the server is", async () => {
    await using server = await startNatsServer({ jetstream: false, config: `authorization { token: "t0ken" }` });
    const inUrl = server.url.replace("//", `//belfry:${encodeURIComponent(PASSWORD)}@`);
    for (const options of [{ servers: inUrl }, { servers: server.url, user: "belfry", password: PASSWORD }]) {
      const refusal = await refusalOf(options);
      expect(refusal.code).toBe("UNAUTHORIZED");
      expect(refusal.said).toContain(`127.0.0.1:${server.port}`);
      for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) expect(refusal.said).not.toContain(secret);
    }
  });
});

describe("TLS", () => {
  it("a server is trusted by the authority that was given, also at an address without a name", async () => {
    await using files = await makeCertificates();
    const { certFile, keyFile } = files.server;
    const config = `tls { cert_file: "${certFile}", key_file: "${keyFile}" }`;
    await using server = await startNatsServer({ jetstream: false, config });
    await expectConnected({ servers: server.url, tls: { ca: files.ca } });
    await expectConnected({ servers: server.url.replace("nats:", "tls:"), tls: { ca: files.ca } });
    expect(await refusalOf({ servers: server.url })).toMatchObject({ code: "UNREACHABLE" });
    expect(await refusalOf({ servers: server.url.replace("nats:", "tls:") })).toMatchObject({ code: "UNREACHABLE" });
    // The certificate is for the address, not for this name of it.
    const byName = server.url.replace("127.0.0.1", "localhost");
    expect(await refusalOf({ servers: byName, tls: { ca: files.ca } })).toMatchObject({ code: "UNREACHABLE" });
  });

  it("a server that asks for a certificate gets the one that was given", async () => {
    await using files = await makeCertificates();
    const { certFile, keyFile } = files.server;
    const config = `tls { cert_file: "${certFile}", key_file: "${keyFile}", ca_file: "${files.caFile}", verify: true }`;
    await using server = await startNatsServer({ jetstream: false, config });
    const { cert, key } = files.client;
    await expectConnected({ servers: server.url, tls: { ca: files.ca, cert, key } });
    // The client learns of this refusal only by not getting on.
    const refusal = await refusalOf({ servers: server.url, tls: { ca: files.ca }, timing: { connectTimeoutMs: 300 } });
    expect(refusal.code).toBe("UNREACHABLE");
  });

  it("an address that asks for TLS is not content with less", async () => {
    await using server = await startNatsServer({ jetstream: false });
    expect(await refusalOf({ servers: server.url.replace("nats:", "tls:") })).toMatchObject({ code: "UNREACHABLE" });
    expect(await refusalOf({ servers: server.url, tls: {} })).toMatchObject({ code: "UNREACHABLE" });
  });
});

describe("addresses", () => {
  it.each([
    ["", "There is no address"],
    [" , ", "There is no address"],
    ["nats://a,http://belfry:hunter2@b", "Address 2"],
    ["nats://belfry:hunter2@", "Address 1"],
    ["nats://belfry:hunter2%@a", "written as URLs are"],
    ["nats://belfry:hunter2@a,nats://belfry:hunter3@b", "name different users"],
  ])("%j is refused without repeating it", async (servers, reason) => {
    const refusal = await refusalOf({ servers });
    expect(refusal.code).toBe("WRONG_OPTIONS");
    expect(refusal.said).toContain(reason);
    expect(refusal.said).not.toMatch(/hunter\d/);
  });

  it.each(["", "a.b", "a b", "*", ">", "x".repeat(101)])("the cluster name %j is refused", async (cluster) => {
    expect(await refusalOf({ servers: NOT_THERE, cluster })).toMatchObject({ code: "WRONG_OPTIONS" });
  });

  it("a server that is not there is named in the error", async () => {
    const refusal = await refusalOf({ servers: `${NOT_THERE},nats://belfry:hunter2@127.0.0.1:10` });
    expect(refusal.code).toBe("UNREACHABLE");
    expect(refusal.said).toContain("127.0.0.1:9, 127.0.0.1:10");
    expect(refusal.said).not.toContain("hunter2");
  });

  it("one server of several is enough, and the others count when it goes", async () => {
    await using first = await startNatsServer({ jetstream: false });
    await using second = await startNatsServer({ jetstream: false });
    await second.stop();
    await using nats = await natsUnderTest({ servers: `${second.url},${first.url}` });
    const ear = new Ear(nats.bus("a"));
    await second.restart();
    await first.stop();
    await ear.until(() => ear.changes.length === 2);
    expect(ear.changes).toEqual([false, true]);
    expect(nats.status).toBe("connected");
  });
});

describe("a first connection in the background", () => {
  it("starts disconnected and says when it is there", async () => {
    await using server = await startNatsServer({ jetstream: false });
    await server.stop();
    const options: Pick<NatsOptions, "servers" | "firstConnection"> = {
      servers: server.url,
      firstConnection: "background",
    };
    await using nats = await natsUnderTest(options);
    const [a, b] = ["a", "b"].map((node) => {
      const bus = nats.bus(node);
      return { bus, ear: new Ear(bus) };
    });
    expect(nats.status).toBe("disconnected");
    expect(nats.serverVersion).toBeUndefined();
    expect(a!.bus.connected).toBe(false);
    a!.bus.send("b", "lost");
    await expect(nats.eventStream.open()).rejects.toMatchObject({ name: "EventStreamUnavailable" });

    await until(() => nats.log.lines.some(({ level }) => level === "warn"));
    await server.restart();
    await a!.ear.until(() => a!.ear.changes.length > 0);
    expect(a!.ear.changes).toEqual([true]);
    expect(nats.status).toBe("connected");
    await acquaint([a!, b!]);
    a!.bus.send("b", "heard");
    expect(await b!.ear.atLeast(1)).toEqual(["heard"]);
    // The reason is told once, not at every attempt.
    expect(nats.log.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  });

  it("can be given up", async () => {
    const nats = await natsUnderTest({ servers: NOT_THERE, firstConnection: "background" });
    await until(() => nats.log.lines.some(({ level }) => level === "warn"));
    await nats.close();
    expect(nats.status).toBe("closed");
  });
});
