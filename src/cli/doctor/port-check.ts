import { createServer } from "node:net";
import type { Config } from "../../config/index.ts";
import type { Clock } from "../../ports/clock.ts";
import { sentenceOf } from "../failure.ts";
import { askHealth } from "../health/ask-health.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

const CHECK = "port";
const ANSWER_MS = 3_000;

/** Whether the API may listen where it shall, or a Belfry serves there already. */
export async function checkPort(config: Config, clock: Clock): Promise<Finding> {
  const { listen, host, port } = config;
  if (port === 0) return ok(CHECK, "the start takes a free one");
  try {
    await listenOnce(host, port);
    return ok(CHECK, `${listen} is free`);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "EADDRINUSE")
      return fail(CHECK, `${listen} cannot be listened on: ${sentenceOf(error)}`, "Choose another BELFRY_LISTEN.");
  }
  const scheme = config.tls === undefined ? "http" : "https";
  const health = await askHealth(`${scheme}://${reachable(host)}:${port}`, clock, ANSWER_MS);
  if (health.kind === "no answer") {
    return fail(CHECK, `something that is no Belfry listens on ${listen}`, "End it, or choose another BELFRY_LISTEN.");
  }
  if (health.status === "SERVING") return ok(CHECK, `a Belfry serves on ${listen}`);
  return warn(
    CHECK,
    `a Belfry listens on ${listen} and says ${health.status}`,
    "It starts, drains, stands by, or lost its database: its log tells.",
  );
}

function listenOnce(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => resolve());
    });
  });
}

/** A host to call for one to listen on. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
