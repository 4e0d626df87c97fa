/** Signatures as receivers check them: with the library of Standard Webhooks, not with code of ours. */
import { randomBytes } from "node:crypto";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createBelfryClient } from "../../../src/client/index.ts";
import { InstanceState } from "../../../src/gen/belfry/v1/instance_pb.ts";
import { answers, changes } from "../../support/receiver-behaviours.ts";
import type { ReceivedRequest } from "../../support/receiver.ts";
import { aReceiver } from "../../support/receiver.ts";
import type { DispatchSite } from "./site.ts";
import { openDispatchSite, present, retries } from "./site.ts";

let site: DispatchSite;

beforeAll(async () => {
  site = await openDispatchSite();
});
afterAll(() => site[Symbol.asyncDispose]());

const DAY_MS = 86_400_000;

/** What the library makes of a request. @throws WebhookVerificationError */
function verified(secret: string, { body, headers }: ReceivedRequest): unknown {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}

function isVerified(secret: string, request: ReceivedRequest): boolean {
  try {
    verified(secret, request);
    return true;
  } catch {
    return false;
  }
}

/** The signatures of a request, one for each secret. */
function signaturesOf({ headers }: ReceivedRequest): readonly string[] {
  return String(headers["webhook-signature"] ?? "")
    .split(" ")
    .filter((signature) => signature !== "");
}

async function newSecret(origin: string, overlapMs = DAY_MS, secret = ""): Promise<string> {
  return (await site.dispatches.rotateSecret({ origin, secret, overlap: durationFromMs(overlapMs) })).secret;
}

it("A receiver verifies what it gets with the secret that RotateSecret gave", async () => {
  await using receiver = await aReceiver();
  const secret = await newSecret(receiver.origin);
  const { id } = await site.carriedOut(receiver.url("/hook"));
  const request = present(receiver.requests[0]);
  expect(verified(secret, request)).toMatchObject({
    task_type: "competitor_alert",
    data: { competitor: "ACME" },
    metadata: { dispatch_id: id },
  });
  expect(signaturesOf(request)).toHaveLength(1);
  // And it would notice.
  expect(isVerified(secret, { ...request, body: request.body.replace("ACME", "Acme") })).toBe(false);
  expect(isVerified(secret, { ...request, headers: { ...request.headers, "webhook-id": "wf_2" } })).toBe(false);
  expect(isVerified(`whsec_${randomBytes(32).toString("base64")}`, request)).toBe(false);
});

it("During a rotation the old secret and the new one both verify, and after it the new one alone", async () => {
  await using receiver = await aReceiver();
  const old = await newSecret(receiver.origin);
  const chosen = `whsec_${randomBytes(24).toString("base64")}`;
  expect(await newSecret(receiver.origin, DAY_MS, chosen)).toBe(chosen);
  await site.carriedOut(receiver.url("/during"));
  const newest = await newSecret(receiver.origin, 0);
  await site.carriedOut(receiver.url("/after"));

  const [during, after] = receiver.requests.map((request) => ({
    signatures: signaturesOf(request).length,
    verifiedBy: [old, chosen, newest].map((secret) => isVerified(secret, request)),
  }));
  expect(during).toEqual({ signatures: 2, verifiedBy: [true, true, false] });
  expect(after).toEqual({ signatures: 1, verifiedBy: [false, false, true] });
});

it("A dispatch with a secret of its own is signed with that alone", async () => {
  await using receiver = await aReceiver();
  const common = await newSecret(receiver.origin);
  const own = `whsec_${randomBytes(32).toString("base64")}`;
  await site.carriedOut(receiver.url("/hook"), { secret: own });
  const request = present(receiver.requests[0]);
  expect([own, common].map((secret) => isVerified(secret, request))).toEqual([true, false]);
});

it("Without any secret there is no signature, and the other headers are there all the same", async () => {
  await using receiver = await aReceiver();
  const { id } = await site.carriedOut(receiver.url("/hook"));
  const { headers } = present(receiver.requests[0]);
  expect(headers["webhook-signature"]).toBeUndefined();
  expect(headers).toMatchObject({ "webhook-id": id, "webhook-timestamp": expect.stringMatching(/^\d{10}$/u) });
});

it("All attempts have the same webhook-id and trace, and each is signed for itself", async () => {
  await using receiver = await aReceiver({ behaviour: changes(2, answers(500), answers()) });
  const secret = await newSecret(receiver.origin);
  const done = await site.carriedOut(receiver.url("/hook"), { retryPolicy: retries(3) });
  expect(done.state).toBe(InstanceState.COMPLETED);

  const { requests } = receiver;
  expect(requests.map((request) => isVerified(secret, request))).toEqual([true, true, true]);
  expect(requests.map(({ headers }) => [headers["webhook-id"], headers["belfry-attempt"]])).toEqual([
    [done.id, "1"],
    [done.id, "2"],
    [done.id, "3"],
  ]);
  const traces = requests.map(({ headers }) => String(headers["traceparent"]));
  for (const trace of traces) expect(trace).toMatch(/^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-01$/u);
  expect(new Set(traces.map((trace) => trace.split("-")[1])).size).toBe(1);
  expect(new Set(traces.map((trace) => trace.split("-")[2])).size).toBe(3);
});

it("A replay has the webhook-id of the dispatch, so that the receiver knows it again", async () => {
  await using receiver = await aReceiver({ behaviour: changes(1, answers(500), answers()) });
  const secret = await newSecret(receiver.origin);
  const { id, state } = await site.carriedOut(receiver.url("/hook"));
  expect(state).toBe(InstanceState.FAILED);
  await site.dispatches.replayDispatches({ dispatchId: id });
  expect(await site.ended(id)).toMatchObject({ state: InstanceState.COMPLETED, attemptCount: 2 });
  expect(receiver.requests.map((request) => [request.headers["webhook-id"], isVerified(secret, request)])).toEqual([
    [id, true],
    [id, true],
  ]);
});

it("A webhook action of a definition is signed the same", async () => {
  await using receiver = await aReceiver();
  const secret = await newSecret(receiver.origin);
  const client = createBelfryClient(site.server.url);
  try {
    const { definition } = await client.definitions.createDefinition({
      definition: {
        name: "weekly report",
        payload: { week: 47 },
        schedule: { timing: { case: "immediate", value: {} } },
        action: { kind: { case: "webhook", value: { url: receiver.url("/hook") } } },
      },
    });
    await receiver.received(1);
    const request = present(receiver.requests[0]);
    expect(verified(secret, request)).toMatchObject({
      task_type: "weekly report",
      data: { week: 47 },
      metadata: { definition_id: definition?.id },
    });
    expect(await site.ended(String(request.headers["webhook-id"]))).toMatchObject({ definitionId: definition?.id });
  } finally {
    client.close();
  }
});

it("Secrets are shown once, by RotateSecret, and nowhere else", async () => {
  await using receiver = await aReceiver();
  const secret = await newSecret(receiver.origin);
  const own = `whsec_${randomBytes(32).toString("base64")}`;
  const { id } = await site.carriedOut(receiver.url("/hook"), { secret: own });
  const shown = [await site.read(id), await site.attempts(id), await site.destination(receiver.origin)];
  const text = JSON.stringify(shown, (_name, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  for (const hidden of [secret, own]) expect(text).not.toContain(hidden.slice("whsec_".length));
  expect(site.server.output()).not.toContain(secret);
});
