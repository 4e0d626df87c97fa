import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { headers, type Msg, type NatsConnection } from "@nats-io/transport-node";
import type { ServiceReply, ServiceRequest } from "../../../src/ports/requester.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { startNatsServer, type NatsServer } from "../../support/nats-server.ts";
import { natsUnderTest, plainClient, until, type NatsUnderTest } from "./nats-under-test.ts";

const NEVER = new AbortController().signal;

let server: NatsServer;
let service: NatsConnection;
let nats: NatsUnderTest;

beforeAll(async () => {
  server = await startNatsServer({ jetstream: false });
  service = await plainClient(server.url);
  nats = await natsUnderTest({ servers: server.url });
});

afterAll(async () => {
  await nats.close();
  await service.close();
  await server[Symbol.asyncDispose]();
});

function aRequest(given: Partial<ServiceRequest> = {}): ServiceRequest {
  return { subject: "shop.orders", headers: {}, payload: { order: 7 }, timeoutMs: 5_000, ...given };
}

/** What comes of a request that a service answers so. */
async function replyTo(
  answer: (message: Msg) => void,
  request: Partial<ServiceRequest> = {},
  subject = "shop.orders",
): Promise<ServiceReply> {
  const subscription = service.subscribe(subject, { callback: (_, message) => answer(message) });
  await service.flush();
  try {
    return await nats.requester.request(aRequest(request), NEVER);
  } finally {
    subscription.unsubscribe();
    await service.flush();
  }
}

function withHeaders(given: Record<string, string>) {
  const sent = headers();
  for (const [name, value] of Object.entries(given)) sent.append(name, value);
  return { headers: sent };
}

describe("a request", () => {
  it("carries its payload as JSON and its headers as they are", async () => {
    let heard: Msg | undefined;
    const reply = await replyTo(
      (message) => {
        heard = message;
        message.respond("{}");
      },
      { headers: { "belfry-attempt": "1", "X-Name": "a b: c" }, payload: { 订单: [1, null, "é😀"] } },
    );
    expect(reply).toEqual({ kind: "replied", payload: {} });
    expect(heard?.json()).toEqual({ 订单: [1, null, "é😀"] });
    expect(heard?.headers?.get("belfry-attempt")).toBe("1");
    expect(heard?.headers?.get("X-Name")).toBe("a b: c");
  });

  it.each<[string, string | Uint8Array, ServiceReply]>([
    ["an object", '{"total":3}', { kind: "replied", payload: { total: 3 } }],
    ["nothing", "", { kind: "replied", payload: null }],
    ["a list", "[1,2]", { kind: "replied", payload: { value: [1, 2] } }],
    ["a number", "42", { kind: "replied", payload: { value: 42 } }],
    ["null", "null", { kind: "replied", payload: { value: null } }],
    ["text", "done: 完成", { kind: "replied", payload: { value: "done: 完成" } }],
    ["broken JSON", '{"total":', { kind: "replied", payload: { value: '{"total":' } }],
    [
      "bytes",
      Uint8Array.of(0xff, 0xfe),
      { kind: "unreadable", message: "The reply is neither JSON nor text in UTF-8" },
    ],
  ])("that is answered by %s", async (_, answer, expected) => {
    expect(await replyTo((message) => message.respond(answer))).toEqual(expected);
  });

  it("may be answered by 256 KiB and no more", async () => {
    const most = await replyTo((message) => message.respond("x".repeat(262_144)));
    expect(most).toMatchObject({ kind: "replied", payload: { value: expect.stringMatching(/^x{100}/) } });
    const more = await replyTo((message) => message.respond("x".repeat(262_145)));
    expect(more).toEqual({ kind: "unreadable", message: expect.stringContaining("262145 bytes") });
  });

  it("leaves no timer behind when it is answered", async () => {
    const clock = new ManualClock();
    await using own = await natsUnderTest({ servers: server.url, clock });
    await own.requester.request(aRequest({ subject: "shop.nobody" }), NEVER);
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes the first answer of several", async () => {
    const reply = await replyTo((message) => {
      message.respond("1");
      message.respond("2");
    });
    expect(reply).toEqual({ kind: "replied", payload: { value: 1 } });
  });

  it("is refused by the headers of NATS services, in any case of letters", async () => {
    const refused = { "Nats-Service-Error-Code": "409", "Nats-Service-Error": "out of stock" };
    expect(await replyTo((message) => message.respond("ignored", withHeaders(refused)))).toEqual({
      kind: "refused",
      code: "409",
      message: "out of stock",
    });
    const other = { "nats-service-error": "closed" };
    expect(await replyTo((message) => message.respond("", withHeaders(other)))).toEqual({
      kind: "refused",
      code: "",
      message: "closed",
    });
  });

  it("many at once get each their own answer", async () => {
    const subscription = service.subscribe("shop.echo", {
      callback: (_, message) => void message.respond(message.data),
    });
    await service.flush();
    const asked = Array.from({ length: 500 }, (_, index) => ({ index }));
    const replies = await Promise.all(
      asked.map((payload) => nats.requester.request(aRequest({ subject: "shop.echo", payload }), NEVER)),
    );
    expect(replies).toEqual(asked.map((payload) => ({ kind: "replied", payload })));
    subscription.unsubscribe();
  });

  it("nobody listens for is told at once", async () => {
    expect(await nats.requester.request(aRequest({ subject: "shop.nobody" }), NEVER)).toEqual({
      kind: "no-responders",
    });
  });

  it.each(["", " ", "shop orders", "shop.*", "shop.>", "shop..orders", ".shop", "shop.", "shop\r\nPUB x 0"])(
    "for %j can have no listeners",
    async (subject) => {
      expect(await nats.requester.request(aRequest({ subject }), NEVER)).toEqual({ kind: "no-responders" });
    },
  );

  it.each<Record<string, string>>([{ "bad name": "1" }, { "a:b": "1" }, { name: "two\r\nlines" }])(
    "with the header %j is not sent",
    async (given) => {
      const reply = await nats.requester.request(aRequest({ headers: given }), NEVER);
      expect(reply).toEqual({ kind: "unavailable", message: expect.stringContaining("header") });
    },
  );

  it("larger than the server takes is not sent", async () => {
    const payload = { much: "x".repeat(1_100_000) };
    const reply = await nats.requester.request(aRequest({ payload }), NEVER);
    expect(reply).toEqual({ kind: "unavailable", message: expect.stringContaining("max_payload") });
  });
});

describe("a request without an answer", () => {
  it("is over after its time, and not before", async () => {
    const clock = new ManualClock();
    await using own = await natsUnderTest({ servers: server.url, clock });
    let heard = 0;
    const subscription = service.subscribe("shop.silent", { callback: () => void heard++ });
    await service.flush();
    let reply: ServiceReply | undefined;
    const asked = own.requester
      .request(aRequest({ subject: "shop.silent", timeoutMs: 2_000 }), NEVER)
      .then((given) => (reply = given));
    await until(() => heard === 1);
    await clock.advance(1_999);
    expect(reply).toBeUndefined();
    await clock.advance(1);
    expect(await asked).toEqual({ kind: "timed-out" });
    expect(clock.pendingTimers).toBe(0);
    subscription.unsubscribe();
  });

  it("can be called off, before and after it was sent", async () => {
    let heard = 0;
    const subscription = service.subscribe("shop.silent", { callback: () => void heard++ });
    await service.flush();
    const request = aRequest({ subject: "shop.silent" });
    expect(await nats.requester.request(request, AbortSignal.abort())).toMatchObject({ kind: "unavailable" });
    const calling = new AbortController();
    const asked = nats.requester.request(request, calling.signal);
    await until(() => heard === 1);
    calling.abort();
    expect(await asked).toEqual({ kind: "unavailable", message: "The request was called off" });
    expect(heard).toBe(1);
    subscription.unsubscribe();
  });

  it("is over when the connection breaks; without one it is not sent", async () => {
    await using own = await startNatsServer({ jetstream: false });
    await using lost = await natsUnderTest({ servers: own.url });
    const plain = await plainClient(own.url);
    const changes: boolean[] = [];
    lost.requester.onChange(() => changes.push(lost.requester.connected));
    let heard = 0;
    plain.subscribe("shop.silent", { callback: () => void heard++ });
    await plain.flush();
    const request = aRequest({ subject: "shop.silent" });
    const asked = lost.requester.request(request, NEVER);
    await until(() => heard === 1);
    await own.kill();
    expect(await asked).toEqual({ kind: "unavailable", message: "There is no connection to NATS" });
    expect(await lost.requester.request(request, NEVER)).toMatchObject({ kind: "unavailable" });

    await own.restart();
    await until(() => changes.length === 2);
    expect(changes).toEqual([false, true]);
    expect(await lost.requester.request(aRequest({ subject: "shop.nobody" }), NEVER)).toEqual({
      kind: "no-responders",
    });
    expect(heard).toBe(1);
    await plain.close();
  });

  it("that the user may not send is told so, and those beside it are answered", async () => {
    const user = `{ user: a, password: a, permissions: { publish: { deny: "secret.>" } } }`;
    await using own = await startNatsServer({ jetstream: false, config: `authorization { users: [ ${user} ] }` });
    await using nobody = await natsUnderTest({ servers: own.url, user: "a", password: "a" });
    const [forbidden, allowed] = await Promise.all(
      ["secret.orders", "shop.orders"].map((subject) => nobody.requester.request(aRequest({ subject }), NEVER)),
    );
    expect(forbidden).toEqual({
      kind: "unavailable",
      message: expect.stringContaining("may not send requests to secret.orders"),
    });
    expect(allowed).toEqual({ kind: "no-responders" });
  });
});
