import type { PlatformCommand } from "../../runtime/index.ts";
import { requestIdOf } from "./request-id.ts";

interface Commanding {
  readonly changedBy: string;
  readonly reason: string;
  readonly requestId: string;
  readonly etag?: string;
}

/** Who asks for a change of a platform, and under which conditions. */
export function platformCommandOf(request: Commanding): PlatformCommand {
  const { changedBy, reason, etag = "" } = request;
  return { changedBy, ...(reason !== "" && { reason }), ...(etag !== "" && { etag }), ...requestIdOf(request) };
}
