/** How gRPC says how a call ended: in its trailers. */
import type { OutgoingHttpHeaders } from "node:http";
import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack, AnySchema } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";

export const OK_TRAILERS: OutgoingHttpHeaders = { "grpc-status": "0" };

export function errorTrailers(error: ConnectError): OutgoingHttpHeaders {
  const trailers: OutgoingHttpHeaders = { "grpc-status": String(error.code) };
  if (error.rawMessage !== "") {
    trailers["grpc-message"] = percentEncoded(error.rawMessage);
  }
  if (error.details.length > 0) {
    const details = error.details.map((detail) =>
      "desc" in detail
        ? anyPack(detail.desc, create(detail.desc, detail.value))
        : create(AnySchema, { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value }),
    );
    const status = toBinary(
      StatusSchema,
      create(StatusSchema, { code: error.code, message: error.rawMessage, details }),
    );
    trailers["grpc-status-details-bin"] = Buffer.from(status).toString("base64").replace(/=+$/, "");
  }
  return trailers;
}

/** Printable ASCII but `%` as it is, all else as percent-encoded UTF-8. */
function percentEncoded(text: string): string {
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) {
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
