/** A server with a little of everything in it, and nothing that changes by itself: what refused requests must leave as it is. */
import { startServerProcess, type ServerProcess } from "../../support/server-process.ts";
import { apiAt, type Api, type JsonObject } from "./api.ts";

export interface World extends AsyncDisposable {
  readonly server: ServerProcess;
  readonly api: Api;
  /** Active, due tomorrow, without instances. Its etag has been another one before. */
  readonly idle: string;
  readonly oldEtag: string;
  /** Active, and has a running and a waiting instance. */
  readonly busy: string;
  readonly cancelled: string;
  /** Paused by its user. */
  readonly paused: string;
  readonly running: string;
  readonly runningToken: string;
  /** Has the unique key `order-7` of `busy`. */
  readonly waiting: string;
  readonly completed: string;
  /** Of the attempt that completed it. */
  readonly staleToken: string;
  /** Of ListDefinitions with pageSize 1 and nothing else. */
  readonly pageToken: string;
  /** Request ids that were used, by command: for `idle` or in it. */
  readonly used: { readonly create: string; readonly pause: string; readonly trigger: string; readonly update: string };
}

const TOMORROW = { every: { interval: "86400s" } };

/** A definition that may be created as it is, but for what is given. */
export function aDefinition(given: JsonObject = {}): JsonObject {
  return { name: "nightly", userId: "u1", schedule: TOMORROW, action: { worker: { queue: "nobody-polls" } }, ...given };
}

export async function aWorld(): Promise<World> {
  const server = await startServerProcess();
  const api = apiAt(server.url);
  const create = async (given: JsonObject, requestId?: string): Promise<string> =>
    idOf(
      await api.ask("DefinitionService/CreateDefinition", { definition: aDefinition(given), requestId }),
      "definition",
    );
  const trigger = async (definitionId: string, more: JsonObject = {}): Promise<string> =>
    idOf(
      await api.ask("DefinitionService/TriggerDefinition", { definitionId, ignoreOverlap: true, ...more }),
      "instance",
    );
  const take = async (): Promise<string> =>
    idOf(
      await api.ask("WorkerService/PollInstance", { queue: "busy", workerId: "w1", wait: "10s" }),
      "attempt",
      "token",
    );
  const used = { create: "made-once", pause: "paused-once", trigger: "triggered-once", update: "renamed-once" };

  const idle = await create({}, used.create);
  const { definition } = await api.ask("DefinitionService/GetDefinition", { definitionId: idle });
  const oldEtag = (definition as JsonObject)["etag"] as string;
  await api.ask("DefinitionService/UpdateDefinition", {
    definition: { id: idle, name: "nightly report" },
    requestId: used.update,
  });

  const cancelled = await create({});
  await api.ask("DefinitionService/CancelDefinition", { definitionId: cancelled });
  const paused = await create({});
  await api.ask("DefinitionService/PauseDefinition", { definitionId: paused, requestId: used.pause });

  const busy = await create({ action: { worker: { queue: "busy" } } });
  const completed = await trigger(busy, { requestId: used.trigger });
  const staleToken = await take();
  await api.ask("WorkerService/CompleteInstance", { attemptToken: staleToken });
  const running = await trigger(busy);
  const runningToken = await take();
  const waiting = await trigger(busy, { overrides: { uniqueKey: { key: "order-7" } } });

  const { nextPageToken } = await api.ask("DefinitionService/ListDefinitions", { pageSize: 1 });
  return {
    server,
    api,
    idle,
    oldEtag,
    busy,
    cancelled,
    paused,
    running,
    runningToken,
    waiting,
    completed,
    staleToken,
    pageToken: nextPageToken as string,
    used,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Everything that the API shows: definitions and instances with all their fields, and how far the log of events goes. */
export async function everything({ api }: World): Promise<JsonObject> {
  const [definitions, instances, events] = await Promise.all([
    api.ask("DefinitionService/ListDefinitions", { pageSize: 500 }),
    api.ask("InstanceService/ListInstances", { pageSize: 500 }),
    api.ask("EventService/ListEvents", { pageSize: 500 }),
  ]);
  return { definitions, instances, events };
}

function idOf(answer: JsonObject, what: string, field = "id"): string {
  const id = (answer[what] as JsonObject | undefined)?.[field];
  if (typeof id !== "string") throw new Error(`no ${what}.${field} in ${JSON.stringify(answer)}`);
  return id;
}
