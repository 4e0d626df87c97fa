import { afterEach, describe, expect, it, vi } from "vitest";
import type { Resolve } from "../../../src/system/http/lookup.ts";
import { createDial } from "../../../src/system/http/dial.ts";
import { DialError } from "../../../src/system/http/failures.ts";
import { aClosedPort, aRawListener, aReceiver } from "../../support/receiver.ts";
import { aSender, LOOPBACK, nothingEscapes } from "./sending.ts";

nothingEscapes();

const ok = { kind: "answered", status: 200 };
const refusedFor = (message: string): object => ({
  kind: "failed",
  cause: "REFUSED",
  isForbidden: true,
  message: expect.stringContaining(message),
});
const found =
  (...addresses: readonly string[]): Resolve =>
  async () =>
    addresses;

/** A lookup that fails as the system's does. */
const notFound =
  (code: string): Resolve =>
  () =>
    Promise.reject(Object.assign(new Error("getaddrinfo of a secret name"), { code }));

describe("A request to a name (R-119)", () => {
  it.each([
    ["a loopback address", "127.0.0.1"],
    ["a loopback address", "::1"],
    ["a loopback address", "::ffff:127.0.0.1"],
    ["a private address", "10.1.2.3"],
    ["a private address", "fd00::1"],
    ["a private address", "64:ff9b::10.1.2.3"],
    ["a link-local address", "fe80::1"],
    ["metadata service", "169.254.169.254"],
    ["an unspecified address", "0.0.0.0"],
    ["not an address", "127.1"],
    ["not an address", "fe80::1%lo"],
  ])("is refused when it leads to %s: %s", async (words, address) => {
    await using sender = aSender({ allowPrivate: [], resolve: found(address) });
    const reply = await sender.send("http://hooks.example.com/in?key=hunter2");
    expect(reply).toMatchObject(refusedFor(words));
    expect(reply).toMatchObject({ message: expect.stringContaining("hooks.example.com") });
    expect(JSON.stringify(reply)).not.toContain("hunter2");
    expect(sender.clock.pendingTimers).toBe(0);
  });

  it("dials only those of its addresses that may be", async () => {
    await using receiver = await aReceiver();
    await using sender = aSender({ resolve: found("10.0.0.1", "::1", "127.0.0.1", "169.254.169.254") });
    expect(await sender.send(`http://hooks.example.com:${receiver.port}/`)).toMatchObject(ok);
    expect(receiver.requests[0]!.headers.host).toBe(`hooks.example.com:${receiver.port}`);
  });

  it("dials an address of IPv4 also when the lookup writes it as one of IPv6", async () => {
    await using receiver = await aReceiver();
    await using sender = aSender({ resolve: found("::ffff:127.0.0.1") });
    expect(await sender.send(`http://hooks.example.com:${receiver.port}/`)).toMatchObject(ok);
  });

  it("is refused as soon as the name leads elsewhere", async () => {
    const answers = [["127.0.0.1"], ["10.0.0.1"]];
    await using receiver = await aReceiver();
    await using sender = aSender({ resolve: async () => answers.shift() ?? [] });
    const url = `http://hooks.example.com:${receiver.port}/`;
    expect(await sender.send(url)).toMatchObject(ok);
    receiver.breakConnections();
    await receiver.openFor(0);
    expect(await sender.send(url)).toMatchObject(refusedFor("10.0.0.1 is a private address"));
    expect(await sender.send(url)).toMatchObject({
      kind: "failed",
      cause: "CONNECTION",
      message: "the name of the host has no address",
    });
  });

  it.each([
    ["ENOTFOUND", "the name of the host has no address"],
    ["EAI_AGAIN", "the name of the host cannot be looked up now"],
    ["EAI_FAIL", "no connection could be made (EAI_FAIL)"],
  ])("fails when the lookup does: %s", async (code, message) => {
    await using sender = aSender({ resolve: notFound(code) });
    expect(await sender.send("http://hooks.example.com/")).toMatchObject({
      kind: "failed",
      cause: "CONNECTION",
      message,
    });
  });

  it("fails when the lookup fails in a way that none should", async () => {
    await using sender = aSender({
      resolve: () => {
        throw new Error("a defect");
      },
    });
    expect(await sender.send("http://hooks.example.com/")).toMatchObject({ kind: "failed", cause: "CONNECTION" });
    expect(sender.clock.pendingTimers).toBe(0);
  });

  it("shares its lookup with others of the same moment, and with none of another", async () => {
    await using receiver = await aReceiver();
    const resolve = vi.fn<Resolve>(found("127.0.0.1"));
    await using sender = aSender({ resolve });
    const url = `http://hooks.example.com:${receiver.port}/`;
    await Promise.all(Array.from({ length: 10 }, () => sender.send(url)));
    expect(resolve).toHaveBeenCalledTimes(1);
    receiver.breakConnections();
    await receiver.openFor(0);
    await sender.send(url);
    expect(resolve).toHaveBeenCalledTimes(2);
  });

  it("finds localhost by the system, when its address is allowed", async () => {
    await using receiver = await aReceiver();
    await using sender = aSender();
    expect(await sender.send(`http://localhost:${receiver.port}/`)).toMatchObject(ok);
  });
});

describe("A request to an address", () => {
  it("is refused before anything is dialled", async () => {
    await using receiver = await aReceiver();
    await using sender = aSender({ allowPrivate: [] });
    for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"]) {
      expect(sender.client.refusal(`http://${host}:${receiver.port}/`), host).not.toBeNull();
      expect(await sender.send(`http://${host}:${receiver.port}/`), host).toMatchObject(
        refusedFor("it may not be called"),
      );
    }
    expect(receiver.connections).toBe(0);
  });

  it("passes when a range allows it, however it is written", async () => {
    await using receiver = await aReceiver();
    await using sender = aSender();
    for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"]) {
      expect(sender.client.refusal(`http://${host}:${receiver.port}/`), host).toBeNull();
      expect(await sender.send(`http://${host}:${receiver.port}/`), host).toMatchObject(ok);
    }
  });

  it("is refused by whatever dials as well", async () => {
    await using receiver = await aReceiver();
    const dial = createDial({ allowPrivate: [], ca: undefined, resolve: found("127.0.0.1") });
    for (const hostname of ["127.0.0.1", "::ffff:127.0.0.1", "hooks.example.com"]) {
      const dialled = await new Promise((tell) => {
        dial({ protocol: "http:", hostname, port: String(receiver.port) }, tell);
      });
      expect(dialled, hostname).toBeInstanceOf(DialError);
      expect((dialled as DialError).failure).toMatchObject(refusedFor("a loopback address"));
    }
    expect(receiver.connections).toBe(0);
  });
});

describe("A dial", () => {
  it("tells of its end also when it was given up", async () => {
    await using listener = await aRawListener();
    const dial = createDial({ allowPrivate: LOOPBACK, ca: undefined, resolve: found("127.0.0.1") });
    const dialled = Promise.withResolvers<unknown>();
    const socket = dial(
      { protocol: "https:", hostname: "hooks.example.com", port: String(listener.port) },
      dialled.resolve,
    );
    await listener.spokenTo(1);
    socket?.destroy();
    expect(await dialled.promise).toMatchObject({
      failure: { cause: "CONNECTION", message: "the connection was given up" },
    });
    await listener.left();
  });
});

describe("A request that is none", () => {
  it.each([
    "",
    "/hook",
    "hooks.example.com",
    "ftp://example.com/",
    "http://user:hunter2@example.com/",
    "http://example.com:0/",
    "http://example.com:99999/",
  ])("is refused: %j", async (url) => {
    await using sender = aSender();
    expect(sender.client.refusal(url)).not.toBeNull();
    const reply = await sender.send(url);
    expect(reply).toMatchObject({ kind: "failed", cause: "REFUSED", isForbidden: true });
    expect(JSON.stringify(reply)).not.toContain("hunter2");
  });
});

describe("A proxy of the environment", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("is not asked", async () => {
    const proxy = `http://127.0.0.1:${await aClosedPort()}`;
    for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "ALL_PROXY"]) vi.stubEnv(name, proxy);
    vi.stubEnv("NODE_USE_ENV_PROXY", "1");
    await using receiver = await aReceiver();
    await using sender = aSender();
    expect(await sender.send(receiver.url("/"))).toMatchObject(ok);
  });
});
