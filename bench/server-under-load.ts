/** A Belfry server in a process of its own, on an embedded PostgreSQL in a temporary folder, and what it costs. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus } from "../src/gen/grpc/health/v1/health_pb.ts";
import { processorTime, tryRead } from "./processor-time.ts";

export interface Usage {
  readonly serverCpuMs: number;
  readonly postgresCpuMs: number;
}

export interface ServerUnderLoad {
  readonly url: string;
  usage(): Usage;
  /** Resident memory of the server in MB: now, and the most it ever had. */
  memory(): { readonly now: number; readonly peak: number };
  close(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;

/** `BENCH_SERVER` is the program (default `src/main.ts`), `BENCH_NODE_FLAGS` what Node gets before it, e.g. `--cpu-prof`. */
export async function startServerUnderLoad(): Promise<ServerUnderLoad> {
  const dataDir = await mkdtemp(join(tmpdir(), "belfry-bench-"));
  const listen = `127.0.0.1:${await freePort()}`;
  const program = process.env["BENCH_SERVER"] ?? fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const flags = (process.env["BENCH_NODE_FLAGS"] ?? "").split(" ").filter((flag) => flag !== "");
  const child = spawn(process.execPath, [...flags, program, "serve"], {
    env: { ...process.env, BELFRY_LISTEN: listen, BELFRY_DATA_DIR: dataDir, BELFRY_LOG_LEVEL: "warn" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const exited = once(child, "exit");
  const pid = child.pid ?? 0;
  const url = `http://${listen}`;
  await Promise.race([
    ready(url),
    exited.then(([code]) => {
      throw new Error(`The server ended with ${String(code)} before it was ready`);
    }),
  ]);
  return {
    url,
    usage: () => usageOf(pid),
    memory: () => ({ now: memoryOf(pid, "VmRSS"), peak: memoryOf(pid, "VmHWM") }),
    close: async () => {
      child.kill("SIGTERM");
      await exited;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function ready(url: string): Promise<void> {
  const health = createClient(Health, createGrpcTransport({ baseUrl: url }));
  for (const from = performance.now(); ;) {
    try {
      const { status } = await health.check({});
      if (status === HealthCheckResponse_ServingStatus.SERVING) return;
    } catch (error) {
      if (performance.now() - from > READY_WITHIN_MS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** CPU time of the server, and of its PostgreSQL: whatever descends from the server. */
function usageOf(server: number): Usage {
  const now = processorTime();
  return { serverCpuMs: now.of(server), postgresCpuMs: now.ofDescendants(server) };
}

function memoryOf(pid: number, name: string): number {
  const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(tryRead(`/proc/${pid}/status`) ?? "") ?? [];
  return Math.round(Number(kilobytes) / 1024);
}
