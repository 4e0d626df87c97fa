/** `grpc.reflection`: v1 and v1alpha are the same messages under two names, so one implementation serves both. */
import type { DescFile } from "@bufbuild/protobuf";
import type { ServerReflection, ServerReflectionRequest } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import type {
  ServerReflection as AlphaServerReflection,
  ServerReflectionRequest as AlphaRequest,
} from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import type { Handlers } from "../call/handler.ts";
import type { DescriptorIndex } from "./descriptor-index.ts";

/** google.rpc.Code NOT_FOUND and INVALID_ARGUMENT, which this protocol carries inside its answers. */
const NOT_FOUND = 5;
const INVALID_ARGUMENT = 3;

export function reflectionHandlers(index: DescriptorIndex): Handlers<typeof ServerReflection> & Handlers<typeof AlphaServerReflection> {
  return {
    async *serverReflectionInfo(requests: AsyncIterable<ServerReflectionRequest | AlphaRequest>) {
      for await (const request of requests) {
        const originalRequest = { host: request.host, messageRequest: request.messageRequest };
        yield { validHost: request.host, originalRequest, messageResponse: answer(index, request.messageRequest) };
      }
    },
  };
}

function answer(index: DescriptorIndex, { case: kind, value }: ServerReflectionRequest["messageRequest"]) {
  switch (kind) {
    case "listServices": {
      const service = index.services.map((name) => ({ name }));
      return { case: "listServicesResponse", value: { service } } as const;
    }
    case "fileByFilename":
      return files(index, index.fileNamed(value), `file ${value}`);
    case "fileContainingSymbol":
      return files(index, index.fileWithSymbol(value), `symbol ${value}`);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = value;
      const what = `extension ${extensionNumber} of ${containingType}`;
      return files(index, index.fileWithExtension(containingType, extensionNumber), what);
    }
    case "allExtensionNumbersOfType": {
      const extensionNumber = index.extensionNumbers(value);
      if (extensionNumber === undefined) return refusal(NOT_FOUND, `There is no message ${value} here`);
      return { case: "allExtensionNumbersResponse", value: { baseTypeName: value, extensionNumber: [...extensionNumber] } } as const;
    }
    case undefined:
      return refusal(INVALID_ARGUMENT, "The request asks for nothing");
  }
}

function files(index: DescriptorIndex, file: DescFile | undefined, what: string) {
  if (file === undefined) return refusal(NOT_FOUND, `There is no ${what} here`);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: index.closureOf(file) } } as const;
}

function refusal(errorCode: number, errorMessage: string) {
  return { case: "errorResponse", value: { errorCode, errorMessage } } as const;
}
