import { describe, expect, it } from "vitest";
import { belfryHere, jsonHere } from "../../unit/cli/belfry-here.ts";
import { serve, temporaryFolder } from "./belfry-process.ts";

describe("the verbs against a server", () => {
  it("lead a definition and its instance through their lives (R-096, R-098 to R-102, R-122)", async () => {
    const node = await serve({ BELFRY_DATA_DIR: await temporaryFolder() });
    const server = { BELFRY_SERVER: node.url };
    const file = JSON.stringify({
      definition: {
        name: "监控服务器",
        labels: { team: "ops" },
        schedule: { cron: { expressions: ["0 8 * * *"] }, timeZone: "Asia/Shanghai" },
        action: { worker: { queue: "agents" } },
      },
    });
    const created = await belfryHere(["definitions", "create", "-f", "-"], server, { "-": file });
    expect(created).toMatchObject({ code: 0, err: [] });
    const id = /^id +(\S+)$/m.exec(created.out)?.[1] ?? "";
    expect(created.out).toMatch(/^schedule +cron 0 8 \* \* \* Asia\/Shanghai$/m);

    const list = await belfryHere(["definitions", "list", "--label", "team=ops", "--state", "active"], server);
    expect(list.out.split("\n")[1]).toMatch(
      new RegExp(`^${id}  监控服务器  ACTIVE  cron 0 8 \\* \\* \\* Asia/Shanghai`),
    );
    expect(await jsonHere(["definitions", "list", "--label", "team=dev"], server)).toEqual({
      definitions: [],
      nextPageToken: "",
    });
    expect(await jsonHere(["definitions", "search", "监控"], server)).toMatchObject({
      matches: [{ definition: { id }, score: 1 }],
    });

    const { instance } = await jsonHere<{ instance: { id: string } }>(
      ["definitions", "trigger", id, "--payload", '{"host":"b"}', "--priority", "high"],
      server,
    );
    expect(instance).toMatchObject({
      payload: { host: "b" },
      priority: "PRIORITY_HIGH",
      waitingReason: "WAITING_REASON_NO_WORKER",
    });
    expect((await belfryHere(["instances", "explain", instance.id], server)).out).toMatch(/worker/i);
    expect((await belfryHere(["instances", "pause", instance.id, "--reason", "先等等"], server)).out).toMatch(
      /^because +先等等$/m,
    );
    expect((await belfryHere(["instances", "resume", instance.id], server)).out).toMatch(/^state +PENDING$/m);
    const dryRun = await belfryHere(["instances", "cancel", "--definition", id, "--dry-run"], server);
    expect(dryRun.out).toBe(`1 instance would be called off.\n  ${instance.id}\n`);
    expect((await belfryHere(["instances", "cancel", instance.id], server)).out).toMatch(/^state +CANCELLED$/m);
    expect((await belfryHere(["instances", "retry", instance.id], server)).out).toMatch(/^state +PENDING$/m);
    expect((await belfryHere(["instances", "attempts", instance.id], server)).err).toEqual(["No attempts so far."]);
    expect(await jsonHere(["instances", "list", "--state", "pending"], server)).toMatchObject({
      instances: [{ id: instance.id }],
    });
    expect(await jsonHere(["instances", "get", instance.id], server)).toMatchObject({ instance: { series: 1 } });
    expect((await belfryHere(["instances", "stats"], server)).out).toMatch(/^pending +1\nall +1\n/);

    expect((await belfryHere(["definitions", "pause", "--label", "team=ops"], server)).out).toMatch(
      /^1 definition matched, 1 paused\.\n/,
    );
    expect((await belfryHere(["definitions", "explain", id, "--at", "08:00"], server)).out).toMatch(/^Paused/);
    expect((await belfryHere(["definitions", "resume", id], server)).out).toMatch(/^state +ACTIVE$/m);
    expect((await belfryHere(["definitions", "occurrences", id], server)).code).toBe(0);
    expect((await belfryHere(["definitions", "cancel", id, "--cancel-running", "--terminate"], server)).out).toMatch(
      /^state +CANCELLED$/m,
    );
    expect((await belfryHere(["definitions", "delete", id], server)).out).toBe(
      "Deleted. Its finished instances stay.\n",
    );
    expect(await belfryHere(["definitions", "get", id], server)).toMatchObject({
      code: 1,
      err: [expect.stringMatching(/^belfry: DEFINITION_NOT_FOUND: /)],
    });

    const watched = await belfryHere(
      ["watch", `instance.${instance.id}`, "--from-start", "--count", "2", "--json"],
      server,
    );
    const events = watched.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: { type: string }; resumeToken: string });
    expect(events.map(({ event }) => event.type)).toEqual(["belfry.instance.created", "belfry.instance.paused"]);
    const on = await belfryHere(
      ["watch", "instance", "--resume-token", events[1]?.resumeToken ?? "", "--count", "1"],
      server,
    );
    expect(on.out).toMatch(new RegExp(`^\\d\\d:\\d\\d:\\d\\d instance\\.resumed +${instance.id}\n$`));

    expect(await node.end()).toMatchObject({ code: 0 });
  });

  it("say in words what is wrong with a request, field by field", async () => {
    const node = await serve({ BELFRY_DATA_DIR: await temporaryFolder() });
    const wrong = '{"schedule":{},"maxConcurrent":-1}';
    const refused = await belfryHere(["definitions", "create", "-f", "-", "--server", node.url], {}, { "-": wrong });
    expect(refused.code).toBe(1);
    expect(refused.err[0]).toBe("belfry: INVALID_FIELD: the request breaks rules:");
    expect(refused.err.slice(1)).toContainEqual(expect.stringMatching(/^ {2}definition\.schedule: /));
    expect(refused.err.slice(1)).toContainEqual(expect.stringMatching(/^ {2}definition\.maxConcurrent: /));
    expect(await node.end()).toMatchObject({ code: 0 });
  });

  it("say that nobody answers, and what to do", async () => {
    const nobody = await belfryHere(["instances", "list", "--server", "http://127.0.0.1:1"]);
    expect(nobody).toMatchObject({ code: 1, out: "" });
    expect(nobody.err).toEqual([
      expect.stringMatching(/^belfry: no Belfry answers at http:\/\/127\.0\.0\.1:1 .*"belfry serve"/),
    ]);
    expect((await belfryHere(["watch", "--server", "http://127.0.0.1:1"])).err).toEqual(nobody.err);
  });
});
