import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { Action } from "../../../../src/domain/action.ts";
import type { PlatformPush } from "../../../../src/domain/approval/platform-push.ts";
import { ActionSchema, type Action as ProtoAction } from "../../../../src/gen/belfry/v1/action_pb.ts";
import { explainInstance } from "../../../../src/server/explain/instance.ts";
import { actionOf, toAction } from "../../../../src/server/mapping/action.ts";
import { Findings } from "../../../../src/server/mapping/findings.ts";
import { FakeSecretBox } from "../../../support/fake-secret-box.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { anInstance } from "../../../support/records.ts";

const push: PlatformPush = {
  kind: "push",
  platformId: "p1",
  sessionId: "77",
  workItemId: "9001",
  action: "receive",
  transfer: null,
  note: "",
  origin: "SWEEP",
  force: false,
};

function read(kind: Parameters<typeof create<typeof ActionSchema>>[1]) {
  const findings = new Findings();
  const action: ProtoAction = create(ActionSchema, kind);
  actionOf(action, "definition.action", findings, { box: new FakeSecretBox(), refusal: () => null });
  return () => findings.throwIfAny();
}

describe("the actions of the system", () => {
  it("are shown", () => {
    expect(create(ActionSchema, toAction(push)).kind).toMatchObject({
      case: "push",
      value: { platformId: "p1", sessionId: "77", workItemId: "9001", action: "receive", origin: "sweep" },
    });
    expect(create(ActionSchema, toAction({ ...push, workItemId: null })).kind.value).toMatchObject({ workItemId: "" });
    expect(create(ActionSchema, toAction({ kind: "job", job: "sweep" })).kind).toMatchObject({
      case: "job",
      value: { job: "sweep" },
    });
  });

  it("of a definition is a push by hand, of a work item whose session need not be named", () => {
    const findings = new Findings();
    const given = create(ActionSchema, { kind: { case: "push", value: { platformId: "p1", workItemId: "9001" } } });
    expect(actionOf(given, "definition.action", findings, { box: new FakeSecretBox(), refusal: () => null })).toEqual({
      ...push,
      sessionId: "",
      action: "manual",
      origin: "MANUAL",
    });
    expect(() => findings.throwIfAny()).not.toThrow();
  });

  it.each([
    ["no platform", { workItemId: "9001" }, "platformId"],
    ["nothing that is pushed", { platformId: "p1" }, "workItemId"],
    ["an action that is none", { platformId: "p1", sessionId: "77", action: "dance" }, "action"],
  ])("with %s is refused", (_, value, field) => {
    expect(read({ kind: { case: "push", value } })).toThrow(new RegExp(`definition\\.action\\.push\\.${field}: `, "u"));
  });

  it("that are the system's own cannot be given: the refusal says what to use instead", () => {
    expect(read({ kind: { case: "job", value: { job: "sweep" } } })).toThrow(
      /definition\.action\.job: .*ReconcilePushes/,
    );
  });

  it.each<[string, Action, string]>([
    ["a push", push, "Waits to be pushed to platform p1"],
    ["a job", { kind: "job", job: "sweep" }, "Waits for a node with room for work of the system's own (sweep)"],
  ])("%s says what it waits for", (_, action, said) => {
    const waiting = anInstance({ state: "PENDING", spec: { action }, life: { waitingReason: "NO_WORKER" } });
    expect(explainInstance(waiting, MANUAL_START_AT).summary).toContain(said);
  });

  it.each(["BREAKER_OPEN", "RATE_LIMITED", "CONCURRENCY"] as const)("%s of a push speaks of its platform", (reason) => {
    const waiting = anInstance({ state: "PENDING", spec: { action: push }, life: { waitingReason: reason } });
    expect(explainInstance(waiting, MANUAL_START_AT).summary).toContain("platform p1");
  });
});
