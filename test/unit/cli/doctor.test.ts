import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { nodeFinding } from "../../../src/cli/doctor/examine.ts";
import { checkPort } from "../../../src/cli/doctor/port-check.ts";
import { readConfig } from "../../../src/config/index.ts";
import { systemClock } from "../../../src/system/clock.ts";

function configFor(listen: string) {
  const reading = readConfig({ BELFRY_LISTEN: listen }, { hostname: "tower", pid: 1, readFile: () => "" });
  if (reading.kind === "wrong") throw new Error(reading.message);
  return reading.config;
}

describe("the doctor", () => {
  it.each([
    ["24.0.0", "ok"],
    ["25.1.0", "ok"],
    ["22.9.0", "fail"],
  ])("says of Node %s: %s", (version, status) => {
    expect(nodeFinding(version).status).toBe(status);
  });

  it("finds a port that something else has", async () => {
    const server = createServer((socket) => socket.end("hello\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expect(await checkPort(configFor(`127.0.0.1:${port}`), systemClock)).toMatchObject({
      status: "fail",
      message: `something that is no Belfry listens on 127.0.0.1:${port}`,
    });
  });

  it("has nothing against a port that the system chooses", async () => {
    expect(await checkPort(configFor("127.0.0.1:0"), systemClock)).toMatchObject({ status: "ok" });
  });

  it("finds an address that this machine does not have", async () => {
    expect(await checkPort(configFor("192.0.2.1:8980"), systemClock)).toMatchObject({ status: "fail", check: "port" });
  });
});
