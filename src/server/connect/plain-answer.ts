import type { NodeRequest, NodeResponse } from "./node-http.ts";

const UNIMPLEMENTED = 12;
/** So much of a path is repeated to who asked for it. */
const MAX_PATH = 200;

/** An error as Connect writes it in JSON, for requests that no protocol handler takes. */
export function plainAnswer(
  response: NodeResponse,
  status: number,
  message: string,
  headers: Headers = new Headers(),
): void {
  const body = JSON.stringify({ code: status === 404 ? "unimplemented" : "unknown", message });
  for (const [name, value] of headers) response.setHeader(name, value);
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.setHeader("content-length", Buffer.byteLength(body));
  response.end(body);
}

/** gRPC callers hear of it in their own way: a status in the headers of an otherwise good response. */
export function unknownPath(request: NodeRequest, response: NodeResponse): void {
  const message = `There is no method ${(request.url ?? "").slice(0, MAX_PATH)} here; reflection lists those that are.`;
  const contentType = request.headers["content-type"] ?? "";
  if (!contentType.startsWith("application/grpc")) return plainAnswer(response, 404, message);
  response.statusCode = 200;
  response.setHeader("content-type", contentType);
  response.setHeader("grpc-status", String(UNIMPLEMENTED));
  response.setHeader("grpc-message", encodeURIComponent(message));
  response.end();
}
