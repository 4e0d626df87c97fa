/** A client as another team writes it: grpc-js and proto-loader, the proto files from disk, and nothing that was generated here. */
import { resolve } from "node:path";
import * as grpc from "@grpc/grpc-js";
import type { Client, ClientDuplexStream, ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import * as loader from "@grpc/proto-loader";

/** What proto-loader makes of a message with the options below. */
export type Message = { readonly [field: string]: unknown };

export const LOADING = { longs: String, enums: String, defaults: false, oneofs: false } as const;
const PROTO_ROOT = resolve(import.meta.dirname, "../../../proto");
const FILES = [
  "belfry/v1/definition_service.proto",
  "belfry/v1/instance_service.proto",
  "belfry/v1/worker_service.proto",
  "belfry/v1/event_service.proto",
  "grpc/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto",
  "google/rpc/status.proto",
  "google/rpc/error_details.proto",
];
const fromDisk = loader.loadSync(FILES, { ...LOADING, includeDirs: [PROTO_ROOT] });

export interface CallOptions {
  /** Epoch milliseconds. */
  readonly deadline?: number;
}

export interface UnderWay {
  readonly answer: Promise<Message>;
  cancel(): void;
}

export class GrpcClient implements Disposable {
  readonly #address: string;
  readonly #schema: loader.PackageDefinition;
  readonly #clients = new Map<string, Client>();

  constructor(address: string, schema: loader.PackageDefinition = fromDisk) {
    this.#address = address;
    this.#schema = schema;
  }

  /** @param method `package.Service/Method`. Rejects with the ServiceError. */
  call(method: string, request: object, options: CallOptions = {}): Promise<Message> {
    return this.start(method, request, options).answer;
  }

  start(method: string, request: object, options: CallOptions = {}): UnderWay {
    const { promise: answer, resolve: answered, reject } = Promise.withResolvers<Message>();
    const onAnswer = (error: ServiceError | null, message: Message): void =>
      error ? reject(error) : answered(message);
    const call = this.#invoke(method, request, new grpc.Metadata(), options, onAnswer) as { cancel(): void };
    return { answer, cancel: () => call.cancel() };
  }

  /** The error of a call that must fail. */
  async refusal(method: string, request: object, options?: CallOptions): Promise<ServiceError> {
    const failed = await this.call(method, request, options).then(
      (answer) => new Error(`${method} was expected to fail, and answered ${JSON.stringify(answer)}`),
      (error: ServiceError) => error,
    );
    if ("code" in failed) return failed;
    throw failed;
  }

  watch(method: string, request: object): ClientReadableStream<Message> {
    return this.#invoke(method, request) as ClientReadableStream<Message>;
  }

  stream(method: string): ClientDuplexStream<Message, Message> {
    return this.#invoke(method) as ClientDuplexStream<Message, Message>;
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients.values()) client.close();
  }

  #invoke(path: string, ...args: unknown[]): unknown {
    const [service = "", method = ""] = path.split("/");
    const client = this.#client(service) as unknown as Record<string, ((...args: unknown[]) => unknown) | undefined>;
    const invoke = client[method];
    if (invoke === undefined) throw new Error(`The schema has no method ${path}`);
    return Reflect.apply(invoke, client, args);
  }

  #client(service: string): Client {
    let client = this.#clients.get(service);
    if (client === undefined) {
      const definition = this.#schema[service];
      if (definition === undefined || "format" in definition) throw new Error(`The schema has no service ${service}`);
      const Service = grpc.makeClientConstructor(definition, service);
      client = new Service(this.#address, grpc.credentials.createInsecure());
      this.#clients.set(service, client);
    }
    return client;
  }
}

/** The details of an error, decoded from `grpc-status-details-bin` with the proto files of google.rpc. */
export function detailsOf(error: ServiceError): readonly { readonly type: string; readonly value: Message }[] {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Buffer)) return [];
  const { details = [] } = decode("google.rpc.Status", bytes) as {
    readonly details?: readonly { readonly type_url: string; readonly value: Buffer }[];
  };
  return details.map(({ type_url: url, value }) => {
    const type = url.replace(/^.*\//, "");
    return { type, value: decode(type, value) };
  });
}

function decode(type: string, bytes: Buffer): Message {
  const definition = fromDisk[type] as loader.MessageTypeDefinition<object, object> | undefined;
  if (definition === undefined) throw new Error(`The schema has no message ${type}`);
  return definition.deserialize(bytes) as Message;
}

/** Messages of a stream in order, for tests that wait for the next one. */
export class Inbox {
  readonly #messages: Message[] = [];
  readonly #ended = Promise.withResolvers<never>();
  #wake = Promise.withResolvers<void>();

  constructor(stream: ClientReadableStream<Message> | ClientDuplexStream<Message, Message>) {
    this.#ended.promise.catch(() => {});
    stream.on("data", (message: Message) => {
      this.#messages.push(message);
      this.#wake.resolve();
    });
    stream.on("error", (error) => this.#ended.reject(error));
    stream.on("end", () => this.#ended.reject(new Error("The stream ended")));
  }

  /** The next message, or the next that has the field: then those before it are passed over. Rejects when the stream ends first. */
  async next(field?: string): Promise<Message> {
    for (;;) {
      const message = this.#messages.shift();
      if (message === undefined) {
        this.#wake = Promise.withResolvers();
        await Promise.race([this.#wake.promise, this.#ended.promise]);
      } else if (field === undefined || message[field] !== undefined) {
        return message;
      }
    }
  }

  /** Why the stream ended. */
  async end(): Promise<unknown> {
    return this.#ended.promise.catch((reason: unknown) => reason);
  }
}

/** A free-form object as google.protobuf.Struct. */
export function struct(object: Readonly<Record<string, string | number | boolean>>): Message {
  const kinds = { string: "stringValue", number: "numberValue", boolean: "boolValue" } as const;
  const fields = Object.entries(object).map(
    ([name, value]) => [name, { [kinds[typeof value as keyof typeof kinds]]: value }] as const,
  );
  return { fields: Object.fromEntries(fields) };
}
