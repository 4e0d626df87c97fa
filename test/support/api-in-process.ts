/** The API without a network: the same guarded methods, called through an in-memory transport. */
import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport, type Client } from "@connectrpc/connect";
import type { ErrorReason } from "../../src/domain/error.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../src/gen/google/rpc/error_details_pb.ts";
import { addRoutes } from "../../src/server/connect/routes.ts";
import { EventHub } from "../../src/server/events/event-hub.ts";
import { DEFAULT_LIMITS, type ServerLimits } from "../../src/server/limits.ts";
import { allMethods } from "../../src/server/services.ts";
import { FakeRuntime, type Answers } from "./fake-runtime.ts";
import { recordingLog, type RecordingLog } from "./log.ts";
import { ManualClock, sequentialIds } from "./manual-clock.ts";
import { FakeSecretBox } from "./fake-secret-box.ts";

export interface ApiInProcess {
  readonly runtime: FakeRuntime;
  readonly clock: ManualClock;
  readonly log: RecordingLog;
  readonly box: FakeSecretBox;
  client<S extends DescService>(service: S): Client<S>;
}

export function anApiInProcess(answers: Answers = {}, limits: Partial<ServerLimits> = {}): ApiInProcess {
  const runtime = new FakeRuntime(answers);
  const clock = new ManualClock();
  const log = recordingLog();
  const box = new FakeSecretBox();
  const { queries, actorStates, approvals } = runtime;
  const methods = allMethods({
    runtime,
    queries,
    actorStates,
    approvals,
    webhooks: { box, refusal: privateRefusal },
    clock,
    ids: sequentialIds(),
    log,
    limits: { ...DEFAULT_LIMITS, ...limits },
    hub: new EventHub({ runtime, queries, clock, log, pollMs: 500, tapLimit: 100 }),
    draining: new AbortController().signal,
    closing: new AbortController().signal,
  });
  const transport = createRouterTransport((router) => addRoutes(router, methods));
  return { runtime, clock, log, box, client: (service) => createClient(service, transport) };
}

/** What stands for the guard against private addresses: one address is. */
function privateRefusal(url: string): string | null {
  return new URL(url).hostname === "127.0.0.1" ? "leads to a private address" : null;
}

export interface Refusal {
  readonly code: string;
  readonly reason: ErrorReason | undefined;
  readonly message: string;
  readonly fields: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryDelayMs: number | undefined;
}

/** What a call that must be refused says. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConnectError)) throw new Error("The call was expected to be refused", { cause: error });
  const [info] = error.findDetails(ErrorInfoSchema);
  const [retry] = error.findDetails(RetryInfoSchema);
  return {
    code: Code[error.code] ?? "",
    reason: info?.reason as ErrorReason | undefined,
    message: error.rawMessage,
    fields: error
      .findDetails(BadRequestSchema)
      .flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field)),
    metadata: info?.metadata ?? {},
    retryDelayMs: retry?.retryDelay && Number(retry.retryDelay.seconds) * 1000 + retry.retryDelay.nanos / 1e6,
  };
}
