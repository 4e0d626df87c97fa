import { invalid } from "../../domain/error.ts";
import type { NodeRequest } from "../connect/node-http.ts";

export class BodyTooLong extends Error {
  constructor(maxBytes: number) {
    super(`The body is longer than ${maxBytes} bytes.`);
  }
}

/** The body as text. @throws BodyTooLong; BelfryError INVALID_FIELD when it is not UTF-8. */
export async function readBody(request: NodeRequest, maxBytes: number): Promise<string> {
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw new BodyTooLong(maxBytes);
  const chunks: Buffer[] = [];
  let length = 0;
  // Whoever sends too much shall hear of it: that the rest is not wanted must not end the connection before.
  const received: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of received) {
    length += chunk.length;
    if (length > maxBytes) throw new BodyTooLong(maxBytes);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw invalid({ field: "body", description: "must be UTF-8 text" });
  }
}
