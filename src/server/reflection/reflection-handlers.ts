/** `grpc.reflection`: v1 and v1alpha are the same messages under two names, so one implementation serves both. */
import type { DescFile } from "@bufbuild/protobuf";
import type { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import type { ServerReflection as AlphaServerReflection } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import type { Handlers } from "../call/handler.ts";
import type { DescriptorIndex } from "./descriptor-index.ts";

/** google.rpc.Code NOT_FOUND and INVALID_ARGUMENT, which this protocol carries inside its answers. */
const NOT_FOUND = 5;
const INVALID_ARGUMENT = 3;

interface ExtensionQuestion {
  readonly containingType: string;
  readonly extensionNumber: number;
}

/** What both versions ask. */
type Question =
  | {
      readonly case: "listServices" | "fileByFilename" | "fileContainingSymbol" | "allExtensionNumbersOfType";
      readonly value: string;
    }
  | { readonly case: "fileContainingExtension"; readonly value: ExtensionQuestion }
  | { readonly case: undefined; readonly value?: undefined };

type Answer =
  | { readonly case: "listServicesResponse"; readonly value: { readonly service: { name: string }[] } }
  | { readonly case: "fileDescriptorResponse"; readonly value: { readonly fileDescriptorProto: Uint8Array[] } }
  | {
      readonly case: "allExtensionNumbersResponse";
      readonly value: { readonly baseTypeName: string; readonly extensionNumber: number[] };
    }
  | { readonly case: "errorResponse"; readonly value: { readonly errorCode: number; readonly errorMessage: string } };

interface Request {
  readonly host: string;
  readonly messageRequest: Question;
}

export function reflectionHandlers(index: DescriptorIndex): Handlers<typeof ServerReflection> {
  return { serverReflectionInfo: (requests) => replies(index, requests) };
}

export function alphaReflectionHandlers(index: DescriptorIndex): Handlers<typeof AlphaServerReflection> {
  return { serverReflectionInfo: (requests) => replies(index, requests) };
}

async function* replies(index: DescriptorIndex, requests: AsyncIterable<Request>) {
  for await (const { host, messageRequest } of requests) {
    const originalRequest = { host, messageRequest: plain(messageRequest) };
    yield { validHost: host, originalRequest, messageResponse: answer(index, messageRequest) };
  }
}

/** The question without the version it came in. */
function plain(question: Question): Question {
  if (question.case !== "fileContainingExtension") return question;
  const { containingType, extensionNumber } = question.value;
  return { case: question.case, value: { containingType, extensionNumber } };
}

function answer(index: DescriptorIndex, question: Question): Answer {
  switch (question.case) {
    case "listServices": {
      const service = index.services.map((name) => ({ name }));
      return { case: "listServicesResponse", value: { service } };
    }
    case "fileByFilename":
      return files(index, index.fileNamed(question.value), `file ${question.value}`);
    case "fileContainingSymbol":
      return files(index, index.fileWithSymbol(question.value), `symbol ${question.value}`);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = question.value;
      const what = `extension ${extensionNumber} of ${containingType}`;
      return files(index, index.fileWithExtension(containingType, extensionNumber), what);
    }
    case "allExtensionNumbersOfType": {
      const baseTypeName = question.value;
      const numbers = index.extensionNumbers(baseTypeName);
      if (numbers === undefined) return refusal(NOT_FOUND, `There is no message ${baseTypeName} here`);
      return { case: "allExtensionNumbersResponse", value: { baseTypeName, extensionNumber: [...numbers] } };
    }
    case undefined:
      return refusal(INVALID_ARGUMENT, "The request asks for nothing");
  }
}

function files(index: DescriptorIndex, file: DescFile | undefined, what: string): Answer {
  if (file === undefined) return refusal(NOT_FOUND, `There is no ${what} here`);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: index.closureOf(file) } };
}

function refusal(errorCode: number, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
