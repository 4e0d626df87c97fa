import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Outbox } from "../../../src/client/worker/outbox.ts";
import { WorkSession } from "../../../src/client/worker/work-session.ts";
import { WorkRequestSchema } from "../../../src/gen/belfry/v1/worker_service_pb.ts";
import { ManualClock } from "../../support/manual-clock.ts";

test("a stream that broke takes nothing more out of the outbox: the next one sends it", async () => {
  const outbox = new Outbox();
  const broken = Promise.withResolvers<never>();
  const said: AsyncIterator<MessageInitShape<typeof WorkRequestSchema>>[] = [];
  const workers = {
    async *work(requests: AsyncIterable<MessageInitShape<typeof WorkRequestSchema>>) {
      said.push(requests[Symbol.asyncIterator]());
      yield await broken.promise;
    },
  };
  const clock = new ManualClock();
  const session = new WorkSession(workers, outbox, clock);
  const over = session.run(create(WorkRequestSchema, { hello: { queue: "q", workerId: "w" } }), () => {});
  const [requests] = said;
  expect(await requests?.next()).toMatchObject({ value: { hello: { queue: "q" } } });

  // Something is to be sent, and in the same turn the stream breaks.
  const next = requests?.next();
  outbox.setSlots(3);
  const reason = new Error("the wire is cut");
  broken.reject(reason);
  expect(await over).toBe(reason);
  expect(await next).toEqual({ done: true, value: undefined });
  expect(outbox.take().slots).toBe(3);
  expect(clock.pendingTimers).toBe(0);
});
