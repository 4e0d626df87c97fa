import type { Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createWebhookClient } from "../../../src/system/http/webhook-client.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { anAuthority, type CertificateOptions } from "../../support/receiver-certificates.ts";
import { aRawListener, aReceiver, type Receiver } from "../../support/receiver.ts";
import { aSender, nothingEscapes } from "./sending.ts";

nothingEscapes();

const authority = anAuthority();
const DAY_MS = 24 * 3_600_000;
const ok = { kind: "answered", status: 200 };
const failed = (message: string): object => ({ kind: "failed", cause: "TLS", message });

const withCertificate = (options: CertificateOptions): Promise<Receiver> =>
  aReceiver({ certificate: authority.issue(options) });

describe("TLS", () => {
  it("is spoken with a receiver whose authority is given, and its connection is kept", async () => {
    await using receiver = await withCertificate({ names: ["127.0.0.1"] });
    await using sender = aSender({ ca: authority.ca });
    for (let count = 0; count < 3; count += 1) expect(await sender.send(receiver.url("/"))).toMatchObject(ok);
    expect(receiver.connections).toBe(1);
  });

  it("compares the certificate with the name that was called", async () => {
    await using receiver = await withCertificate({ names: ["hooks.example.com"] });
    await using sender = aSender({ ca: authority.ca, resolve: async () => ["127.0.0.1"] });
    expect(await sender.send(`https://hooks.example.com:${receiver.port}/`)).toMatchObject(ok);
    expect(await sender.send(`https://hooks.example.com.:${receiver.port}/`)).toMatchObject(ok);
    expect(await sender.send(`https://other.example.com:${receiver.port}/`)).toMatchObject(
      failed("the certificate is for another name"),
    );
    expect(await sender.send(receiver.url("/"))).toMatchObject(failed("the certificate is for another name"));
  });

  it("trusts several authorities in one text", async () => {
    await using receiver = await withCertificate({ names: ["127.0.0.1"] });
    await using sender = aSender({ ca: anAuthority().ca + authority.ca });
    expect(await sender.send(receiver.url("/"))).toMatchObject(ok);
  });

  it.each<[string, CertificateOptions]>([
    ["the certificate has expired", { names: ["127.0.0.1"], to: new Date(Date.now() - DAY_MS) }],
    ["the certificate is not valid yet", { names: ["127.0.0.1"], from: new Date(Date.now() + DAY_MS) }],
  ])("fails when %s", async (message, options) => {
    await using receiver = await withCertificate(options);
    await using sender = aSender({ ca: authority.ca });
    expect(await sender.send(receiver.url("/"))).toMatchObject(failed(message));
    expect(receiver.requests).toHaveLength(0);
    await receiver.openFor(0);
    expect(sender.clock.pendingTimers).toBe(0);
  });

  it("fails when nobody knows the authority", async () => {
    await using receiver = await withCertificate({ names: ["127.0.0.1"] });
    const message = "the certificate is from an authority that is not trusted here";
    await using none = aSender();
    expect(await none.send(receiver.url("/"))).toMatchObject(failed(message));
    await using other = aSender({ ca: anAuthority().ca });
    expect(await other.send(receiver.url("/"))).toMatchObject(failed(message));
  });

  it("fails when the other side does not speak it", async () => {
    await using listener = await aRawListener(undefined, (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await using sender = aSender();
    expect(await sender.send(`https://127.0.0.1:${listener.port}/`)).toMatchObject(
      failed("what listens there does not speak TLS"),
    );
  });

  it.each<[string, (socket: Socket) => void]>([
    ["closed", (socket) => socket.end()],
    ["reset", (socket) => socket.resetAndDestroy()],
  ])("fails when the connection is %s in the handshake", async (_claim, treat) => {
    await using listener = await aRawListener(undefined, treat);
    await using sender = aSender();
    expect(await sender.send(`https://127.0.0.1:${listener.port}/`)).toMatchObject(
      failed("the connection broke off in the TLS handshake"),
    );
  });

  it("is not left out where the URL leaves it out", async () => {
    await using receiver = await withCertificate({ names: ["127.0.0.1"] });
    await using sender = aSender({ ca: authority.ca });
    expect(await sender.send(`http://127.0.0.1:${receiver.port}/`)).toMatchObject({ kind: "failed" });
    expect(receiver.requests).toHaveLength(0);
  });

  it("needs an authority that is one", () => {
    expect(() => createWebhookClient({ clock: new ManualClock(), allowPrivate: [], ca: "no certificate" })).toThrow(
      /./u,
    );
  });
});

describe("An environment that turns verification off", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("does not turn it off here", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    await using receiver = await withCertificate({ names: ["127.0.0.1"] });
    await using sender = aSender();
    expect(await sender.send(receiver.url("/"))).toMatchObject({ kind: "failed", cause: "TLS" });
  });
});
