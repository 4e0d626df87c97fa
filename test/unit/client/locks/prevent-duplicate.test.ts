import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { preventDuplicate } from "../../../../src/client/index.ts";
import type { HandlerContext } from "../../../../src/client/index.ts";
import { LockServer } from "./given.ts";

type Payload = Readonly<Record<string, unknown>>;

function aContext(server: LockServer, payload: Payload, signal = new AbortController().signal) {
  return { client: server.client(), instanceId: "i1", payload, signal } as unknown as HandlerContext<Payload>;
}

describe("R-129: preventDuplicate", () => {
  it("runs the handler under the lock, which the instance holds, and gives its result", async () => {
    const server = new LockServer();
    const handler = preventDuplicate(
      "collect",
      "user",
      600_000,
    )((context: HandlerContext<Payload>) => {
      expect(server.isHeld).toBe(true);
      return { seen: context.payload["user"] };
    });
    expect(await handler(aContext(server, { user: "u1" }))).toEqual({ seen: "u1" });
    expect(server.asked).toEqual(["acquire collect_u1 i1", "release 1"]);
  });

  it("skips what runs already, with the result that agentcore-task gives", async () => {
    const server = new LockServer();
    server.takeAway();
    let runs = 0;
    const handler = preventDuplicate("collect")(() => {
      runs++;
    });
    expect(await handler(aContext(server, {}))).toEqual({
      success: false,
      status: "skipped",
      reason: "task_already_running",
      error: expect.any(String) as string,
    });
    expect(runs).toBe(0);
  });

  it("skips what may run already: no lock was to be had", async () => {
    const server = new LockServer();
    server.failures.set("acquire", new ConnectError("nobody answers", Code.Unavailable));
    const handler = preventDuplicate("collect")(() => ({ ok: true }));
    expect(await handler(aContext(server, {}))).toEqual({
      success: false,
      status: "skipped",
      reason: "lock_acquisition_failed",
      error: "nobody answers",
    });
  });

  it("throws what the handler throws, and lets the lock go", async () => {
    const server = new LockServer();
    const handler = preventDuplicate("collect")(() => Promise.reject(new Error("no luck")));
    await expect(handler(aContext(server, {}))).rejects.toThrow("no luck");
    expect(server.isHeld).toBe(false);
  });

  it.each<[string, Payload, string | readonly string[], string]>([
    ["a field", { user: "u1" }, "user", "collect_u1"],
    ["a number, nought included", { page: 0 }, "page", "collect_0"],
    ["several fields", { user: "u1", board: 7 }, ["user", "board"], "collect_u1_7"],
    ["a field that is absent", {}, "user", "collect"],
    ["an empty one", { user: "", board: null }, ["user", "board"], "collect"],
  ])("locks by %s", async (_, payload, param, name) => {
    const server = new LockServer();
    await preventDuplicate("collect", param)(() => {})(aContext(server, payload));
    expect(server.asked[0]).toBe(`acquire ${name} i1`);
  });

  it("leaves everything else of the context as it is, and aborts with the attempt", async () => {
    const server = new LockServer();
    const attempt = new AbortController();
    const handler = preventDuplicate("collect")(({ signal, instanceId }: HandlerContext<Payload>) => {
      expect(instanceId).toBe("i1");
      attempt.abort(new Error("cancelled"));
      signal.throwIfAborted();
    });
    await expect(handler(aContext(server, {}, attempt.signal))).rejects.toThrow("cancelled");
  });
});
