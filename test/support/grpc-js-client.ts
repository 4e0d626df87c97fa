/** A client as other languages have it: grpc-js with the proto files, knowing nothing of this project's generated code. */
import { resolve } from "node:path";
import { fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import * as loader from "@grpc/proto-loader";
import { StatusSchema } from "../../src/gen/google/rpc/status_pb.ts";

const PROTO_ROOT = resolve(import.meta.dirname, "../../proto");

export interface GrpcJsClient extends Disposable {
  /** A unary call that gives the answer, or rejects with the grpc.ServiceError. */
  unary(method: string, request: object, options?: { deadline?: number }): Promise<Record<string, unknown>>;
  /** The error of a unary call that must fail. */
  refusal(method: string, request: object, options?: { deadline?: number }): Promise<grpc.ServiceError>;
  /** The bare client, for streams: `client[method](…)`. */
  readonly bare: Record<string, (...args: unknown[]) => unknown>;
}

/** @param service full name, e.g. `belfry.v1.DefinitionService`. */
export function grpcJsClient(address: string, file: string, service: string): GrpcJsClient {
  const definition = loader.loadSync(file, {
    includeDirs: [PROTO_ROOT],
    longs: String,
    enums: String,
    defaults: false,
  });
  const packages = grpc.loadPackageDefinition(definition);
  const found = service.split(".").reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], packages);
  const Service = found as new (address: string, credentials: unknown) => grpc.Client;
  const client = new Service(address, grpc.credentials.createInsecure());
  const bare = client as unknown as GrpcJsClient["bare"];
  const unary: GrpcJsClient["unary"] = (method, request, options = {}) =>
    new Promise((resolveAnswer, reject) => {
      const onAnswer = (error: grpc.ServiceError | null, answer: Record<string, unknown>): void =>
        error ? reject(error) : resolveAnswer(answer);
      Reflect.apply(bare[method] ?? missing(method), client, [request, new grpc.Metadata(), options, onAnswer]);
    });
  return {
    bare,
    unary,
    refusal: async (method, request, options) => {
      try {
        await unary(method, request, options);
      } catch (error) {
        return error as grpc.ServiceError;
      }
      throw new Error(`${method} was expected to fail`);
    },
    [Symbol.dispose]: () => client.close(),
  };
}

/** The details that travel beside the status, as google.rpc.Status. */
export function richDetails<D extends DescMessage>(error: grpc.ServiceError, schema: D): MessageShape<D>[] {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Buffer)) return [];
  return fromBinary(StatusSchema, bytes).details.flatMap((detail) => anyUnpack(detail, schema) ?? []);
}

function missing(method: string): never {
  throw new Error(`The service has no method ${method}`);
}
