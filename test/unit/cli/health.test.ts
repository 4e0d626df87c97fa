import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { belfryHere } from "./belfry-here.ts";

/** A server on a free port, gone after the test. */
async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const saying = (status: string): Promise<string> =>
  answering((request, response) => {
    const known = request.method === "POST" && request.url === "/grpc.health.v1.Health/Check";
    response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(known ? { status } : { code: "not_found" }));
  });

describe("belfry health", () => {
  it("ends with 0 when the node serves", async () => {
    const url = await saying("SERVING");
    expect(await belfryHere(["health", "--server", url])).toEqual({ code: 0, out: "SERVING\n", err: [] });
    expect(await belfryHere(["health"], { BELFRY_SERVER: url })).toMatchObject({ code: 0 });
    expect(await belfryHere(["health", "--json", "--server", url])).toMatchObject({ out: '{"status":"SERVING"}\n' });
  });

  it("ends with 1 when it does not", async () => {
    const url = await saying("NOT_SERVING");
    expect(await belfryHere(["health", "--server", url])).toEqual({
      code: 1,
      out: "NOT_SERVING\n",
      err: [`belfry: The node at ${url} does not serve now.`],
    });
  });

  it("ends with 1 when nobody is there", async () => {
    const { code, err } = await belfryHere(["health", "--server", "http://127.0.0.1:1"]);
    expect(code).toBe(1);
    expect(err).toEqual([expect.stringContaining("belfry: http://127.0.0.1:1 does not answer: ")]);
  });

  it("ends with 1 when somebody else is there", async () => {
    const url = await answering((_, response) => response.writeHead(404).end('"who?"'));
    expect(await belfryHere(["health", "--server", url])).toMatchObject({
      code: 1,
      err: [`belfry: ${url} does not answer: what listens there has no health service (HTTP 404).`],
    });
  });
});
