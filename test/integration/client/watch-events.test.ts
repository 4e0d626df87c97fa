import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { belfryErrorOf, createBelfryClient } from "../../../src/client/index.ts";
import { EventService } from "../../../src/gen/belfry/v1/event_service_pb.ts";
import type { WatchEventsRequest, WatchEventsResponseSchema } from "../../../src/gen/belfry/v1/event_service_pb.ts";
import { ErrorInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { Inbox, startFakeServer } from "./fake-server.ts";

type Response = MessageInitShape<typeof WatchEventsResponseSchema>;

/** One watch as its server sees it. */
interface Watch {
  readonly request: WatchEventsRequest;
  /** Resolves when the watcher has gone. */
  readonly gone: Promise<void>;
  send(response: Response): void;
  end(error?: Error): void;
}

async function startWatching() {
  const watches = new Inbox<Watch>();
  const server = await startFakeServer((router) => {
    router.service(EventService, {
      async *watchEvents(request, context) {
        const responses = new Inbox<Response | Error | "end">();
        const gone = new Promise<void>((resolve) => {
          context.signal.addEventListener("abort", () => {
            resolve();
            responses.put("end");
          });
        });
        watches.put({
          request,
          gone,
          send: (response) => {
            responses.put(response);
          },
          end: (error) => {
            responses.put(error ?? "end");
          },
        });
        for (;;) {
          const response = await responses.next();
          if (response === "end") return;
          if (response instanceof Error) throw response;
          yield response;
        }
      },
    });
  });
  const clock = new ManualClock();
  const client = createBelfryClient(server.url, { time: clock, fraction: () => 0 });
  onTestFinished(async () => {
    client.close();
    await server.stop();
  });
  return { server, client, clock, watches };
}

/** Turns the clock once the client waits for time. */
async function passDelay(clock: ManualClock): Promise<number | undefined> {
  while (clock.pendingTimers === 0) await new Promise(setImmediate);
  const delayMs = clock.nextDelayMs;
  await clock.advance(delayMs ?? 0);
  return delayMs;
}

test("a watch goes on after the last event that it handed out, over any number of broken connections", async () => {
  const { server, client, clock, watches } = await startWatching();
  const events = client.watchEvents({ subjects: ["belfry.events.instance.>"], from: "start" });
  const first = events.next();
  const one = await watches.next();
  expect(one.request).toMatchObject({ subjects: ["belfry.events.instance.>"], resumeToken: "", fromStart: true });
  one.send({ event: { id: "e1" }, resumeToken: "t1" });
  expect((await first).value).toMatchObject({ event: { id: "e1" }, resumeToken: "t1" });

  const second = events.next();
  server.cut();
  await passDelay(clock);
  const two = await watches.next();
  expect(two.request).toMatchObject({ subjects: ["belfry.events.instance.>"], resumeToken: "t1", fromStart: false });
  two.send({ event: { id: "e2" }, resumeToken: "t2" });
  expect((await second).value).toMatchObject({ event: { id: "e2" } });

  // A message without an event brings only a newer token.
  two.send({ resumeToken: "t3" });
  two.end();
  const third = events.next();
  await passDelay(clock);
  const three = await watches.next();
  expect(three.request.resumeToken).toBe("t3");
  three.send({ event: { id: "e3" }, resumeToken: "t4" });
  expect((await third).value).toMatchObject({ event: { id: "e3" }, resumeToken: "t4" });
  await events.return();
  await three.gone;
});

test("a watch begins now, or right after an event that was seen before", async () => {
  const { client, watches } = await startWatching();
  const now = client.watchEvents();
  const resumed = client.watchEvents({ from: { resumeToken: "seen" } });
  void now.next();
  expect((await watches.next()).request).toMatchObject({ subjects: [], resumeToken: "", fromStart: false });
  void resumed.next();
  expect((await watches.next()).request).toMatchObject({ resumeToken: "seen", fromStart: false });
});

test("tries follow each other more and more slowly until an answer comes", async () => {
  const { client, clock, watches } = await startWatching();
  const events = client.watchEvents();
  const next = events.next();
  const delays: (number | undefined)[] = [];
  for (let failure = 0; failure < 3; failure += 1) {
    (await watches.next()).end(new ConnectError("not now", Code.Unavailable));
    delays.push(await passDelay(clock));
  }
  const watch = await watches.next();
  watch.send({ event: { id: "e1" }, resumeToken: "t1" });
  await next;
  void events.next();
  watch.end();
  delays.push(await passDelay(clock));
  expect(delays).toEqual([50, 100, 200, 50]);
});

test("events that have left the log are an error, not a gap", async () => {
  const { client, watches } = await startWatching();
  const next = client.watchEvents({ from: { resumeToken: "old" } }).next();
  const details = [
    {
      desc: ErrorInfoSchema,
      value: create(ErrorInfoSchema, { domain: "belfry", reason: "RESUME_TOKEN_EXPIRED" }),
    },
  ];
  (await watches.next()).end(new ConnectError("too late", Code.OutOfRange, undefined, details));
  await expect(next.catch(belfryErrorOf)).resolves.toMatchObject({
    code: "OUT_OF_RANGE",
    reason: "RESUME_TOKEN_EXPIRED",
  });
});

test("leaving the loop ends the call", async () => {
  const { client, watches } = await startWatching();
  const seen: string[] = [];
  const watching = (async () => {
    for await (const { event } of client.watchEvents()) {
      seen.push(event.id);
      if (seen.length === 2) break;
    }
  })();
  const watch = await watches.next();
  for (const id of ["e1", "e2", "e3"]) watch.send({ event: { id }, resumeToken: id });
  await watching;
  await watch.gone;
  expect(seen).toEqual(["e1", "e2"]);
});

test("an aborted watch ends as if there were no more events, also between two connections", async () => {
  const { client, clock, watches } = await startWatching();
  const open = new AbortController();
  const next = client.watchEvents({ signal: open.signal }).next();
  const watch = await watches.next();
  open.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  await watch.gone;

  const broken = new AbortController();
  const waiting = client.watchEvents({ signal: broken.signal }).next();
  (await watches.next()).end();
  while (clock.pendingTimers === 0) await new Promise(setImmediate);
  broken.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(clock.pendingTimers).toBe(0);
});

test("a watch ends with its client", async () => {
  const { client, watches } = await startWatching();
  const next = client.watchEvents().next();
  await watches.next();
  client.close();
  expect(await next).toEqual({ done: true, value: undefined });
});
