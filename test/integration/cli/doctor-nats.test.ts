import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { checkNats } from "../../../src/cli/doctor/nats-check.ts";
import type { Finding } from "../../../src/cli/doctor/finding.ts";
import { connectNats } from "../../../src/bus/nats/connect-nats.ts";
import { natsOptions } from "../../../src/cli/node/network.ts";
import { readConfig } from "../../../src/config/index.ts";
import type { Environment, NatsConfig } from "../../../src/config/index.ts";
import type { StatusEvent } from "../../../src/domain/event/status-event.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { recordingLog, silentLog } from "../../support/log.ts";
import { startNatsServer } from "../../support/nats-server.ts";

function natsOf(environment: Environment): NatsConfig {
  const reading = readConfig(environment, { hostname: "tower", pid: 1, readFile: () => "" });
  if (reading.kind === "wrong") throw new Error(reading.message);
  if (reading.config.nats === undefined) throw new Error("there is no NATS in it");
  return reading.config.nats;
}

async function findings(environment: Environment): Promise<readonly Finding[]> {
  return checkNats(natsOf(environment), systemClock, silentLog);
}

function summary(found: readonly Finding[]): readonly string[] {
  return found.map(({ check, status }) => `${check}: ${status}`);
}

describe("what the doctor says of NATS", () => {
  it("is all well on a server with JetStream, and makes no stream", async () => {
    await using server = await startNatsServer();
    for (const _ of ["once", "again"]) {
      const found = await findings({ BELFRY_NATS_URL: server.url, BELFRY_CLUSTER: "blue" });
      expect(summary(found)).toEqual(["NATS: ok", "nodes: ok", "JetStream: ok"]);
      expect(found[0]?.message).toMatch(new RegExp(`^127\\.0\\.0\\.1:${server.port} answers: NATS 2\\.\\d+`));
      expect(found[1]?.message).toBe("may talk to each other as cluster blue");
      expect(found[2]?.message).toBe("is on; BELFRY_EVENTS does not exist yet, the first start makes it");
    }
  });

  it("is how the stream of status events was made, once there is one", async () => {
    await using server = await startNatsServer();
    const settings = { BELFRY_NATS_URL: server.url, BELFRY_EVENTS_MAX_AGE: "12h" };
    const nats = await connectNats(natsOptions(natsOf(settings), "test", systemClock, silentLog));
    await nats.eventStream.open();
    await nats.close();
    const found = await findings(settings);
    expect(found.at(-1)).toMatchObject({
      status: "ok",
      message: "is on; BELFRY_EVENTS has 0 events and keeps them 12 h, each on 1 server",
    });
  });

  it("is a warning where JetStream is off: Belfry serves, and nobody keeps its events", async () => {
    await using server = await startNatsServer({ jetstream: false });
    expect(summary(await findings({ BELFRY_NATS_URL: server.url }))).toEqual([
      "NATS: ok",
      "nodes: ok",
      "JetStream: warn",
    ]);
  });

  it("is a warning where nobody answers: a node would start and work alone", async () => {
    const found = await findings({ BELFRY_NATS_URL: "nats://belfry:hunter2@127.0.0.1:1" });
    expect(summary(found)).toEqual(["NATS: warn"]);
    expect(found[0]?.message).toContain("NATS cannot be reached at 127.0.0.1:1");
    expect(JSON.stringify(found)).not.toContain("hunter2");
  });

  it("is a failure where the credentials are not taken", async () => {
    await using server = await startNatsServer({ config: `authorization { token: right }` });
    const found = await findings({ BELFRY_NATS_URL: server.url, BELFRY_NATS_TOKEN: "hunter2" });
    expect(summary(found)).toEqual(["NATS: fail"]);
    expect(JSON.stringify(found)).not.toContain("hunter2");
  });

  it("is a failure where the addresses cannot be those of one NATS", async () => {
    const found = await findings({ BELFRY_NATS_URL: "nats://a:hunter2@127.0.0.1:1,nats://b:hunter3@127.0.0.1:2" });
    expect(summary(found)).toEqual(["NATS: fail"]);
    expect(found[0]?.message).toMatch(
      /^The settings of NATS \(BELFRY_NATS_URL and its kin\) are wrong: .*different users/,
    );
    expect(JSON.stringify(found)).not.toMatch(/hunter\d/);
  });

  it("names what a user lacks that may not do what nodes do", async () => {
    await using server = await startNatsServer({
      config: `authorization { users: [{ user: u, password: p, permissions {
        publish: ["belfry.internal.blue.>", "$JS.API.>"], subscribe: ["belfry.internal.blue.node.>", "_INBOX.>"] } }] }`,
    });
    const found = await findings({
      BELFRY_NATS_URL: server.url,
      BELFRY_NATS_USER: "u",
      BELFRY_NATS_PASSWORD: "p",
      BELFRY_CLUSTER: "blue",
    });
    expect(summary(found)).toEqual(["NATS: ok", "nodes: fail", "JetStream: ok"]);
    expect(found[1]?.message).toBe(
      "cannot talk to each other as cluster blue: NATS refused the subscription of belfry.internal.blue.all",
    );
  });

  it("is a failure where JetStream may not be asked", async () => {
    await using server = await startNatsServer({
      config: `authorization { users: [{ user: u, password: p, permissions {
        publish: ["belfry.internal.>"], subscribe: ["belfry.internal.>", "_INBOX.>"] } }] }`,
    });
    const user = { BELFRY_NATS_USER: "u", BELFRY_NATS_PASSWORD: "p" };
    expect(summary(await findings({ BELFRY_NATS_URL: server.url, ...user }))).toEqual([
      "NATS: ok",
      "nodes: ok",
      "JetStream: fail",
    ]);
  });
});

describe("the permissions that docs/operations.md names", () => {
  it("are enough for what nodes do", async () => {
    const page = await readFile(new URL("../../../docs/operations.md", import.meta.url), "utf8");
    const [, config = ""] = /```conf\n(.*?)```/s.exec(page) ?? [];
    await using server = await startNatsServer({ config });
    const settings = {
      BELFRY_NATS_URL: server.url,
      BELFRY_NATS_USER: "belfry",
      BELFRY_NATS_PASSWORD: "change-me",
      BELFRY_CLUSTER: "blue",
    };
    const log = recordingLog();
    const nats = await connectNats(natsOptions(natsOf(settings), "test", systemClock, log));
    await nats.eventStream.open();
    const event: StatusEvent = {
      resource: "instance",
      resourceId: "01890a5d-ac96-774b-bcce-b302099a8057",
      name: "completed",
      at: 0,
      data: {},
      shard: 0,
      sequence: 1,
    };
    await nats.eventStream.publish([event], { repeated: false });
    // So old that the stream is asked whether it has it.
    await nats.eventStream.publish([event], { repeated: true });
    await nats.close();
    expect(log.lines.filter(({ level }) => level !== "info")).toEqual([]);

    const found = await findings(settings);
    expect(summary(found)).toEqual(["NATS: ok", "nodes: ok", "JetStream: ok"]);
    expect(found.at(-1)?.message).toContain("has 1 event ");
    const stranger = await findings({ ...settings, BELFRY_CLUSTER: "green" });
    expect(summary(stranger)).toContain("nodes: fail");
  });
});
