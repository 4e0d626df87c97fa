import { describe, expect, it } from "vitest";
import type { WebhookAction } from "../../../../src/domain/action.ts";
import { evidenceData, evidenceViolations, type Evidence } from "../../../../src/domain/webhook/evidence.ts";
import { dispatchDefinitionId } from "../../../../src/domain/webhook/origin.ts";
import { packageOf } from "../../../../src/domain/webhook/package.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { anInstance } from "../../../support/records.ts";

const ACTION: WebhookAction = {
  kind: "webhook",
  url: "https://hooks.example.com/webhook",
  headers: {},
  secret: "",
  taskType: "",
  callback: null,
};
const EVIDENCE: Evidence = {
  fragment: "负面证据片段内容",
  associatedUrl: "https://example.com/source",
  sourceName: "信源名称",
  riskLevel: "HIGH",
  brandName: "品牌名称",
  interventionScript: "干预脚本内容",
  sourceMeta: { platform: "信源平台", category: "内容类别" },
};
const ID = "wf_1767225600000_70008000000000000abc";

describe("the package of a piece of evidence", () => {
  const action = { ...ACTION, taskType: "negative_evidence_intervention", callback: { timeoutMs: 90_500 } };
  const instance = anInstance({
    id: ID,
    createdAt: MANUAL_START_AT,
    spec: { definitionId: dispatchDefinitionId("https://hooks.example.com"), payload: evidenceData(EVIDENCE) },
  });
  const callback = { attemptToken: "t.1.x", url: "https://belfry.example.com/callbacks/t.1.x" };

  it("is that of the source, in its order, with who sends it and how to answer (R-109, R-110)", () => {
    expect(JSON.stringify(packageOf(instance, action, callback))).toBe(
      JSON.stringify({
        task_type: "negative_evidence_intervention",
        evidence_data: {
          evidence_fragment: "负面证据片段内容",
          associated_url: "https://example.com/source",
          source_name: "信源名称",
          risk_level: "High",
          brand_name: "品牌名称",
          intervention_script: "干预脚本内容",
          source_meta: { platform: "信源平台", category: "内容类别" },
        },
        delivery_instructions: {
          webhook_url: "https://hooks.example.com/webhook",
          delivery_format: "standard_payload",
          callback_required: true,
          callback: {
            attempt_token: "t.1.x",
            url: "https://belfry.example.com/callbacks/t.1.x",
            timeout_seconds: 90.5,
          },
        },
        metadata: { created_at: "2026-01-01T00:00:00.000Z", version: "1.0", dispatch_id: ID },
      }),
    );
  });

  it("is the same for each attempt but for the callback", () => {
    const retried = { ...instance, revision: 9, state: "RUNNING" as const };
    const other = packageOf(retried, action, {
      attemptToken: "u.2.x",
      url: "https://belfry.example.com/callbacks/u.2.x",
    });
    expect(JSON.stringify(other).replaceAll("u.2.x", "t.1.x")).toBe(
      JSON.stringify(packageOf(instance, action, callback)),
    );
  });
});

describe("the package of any other task", () => {
  it("has the payload as data, and is called as the action or else the instance is", () => {
    const instance = anInstance({ id: ID, spec: { name: "nightly report", payload: { b: 1, a: [2] } } });
    expect(packageOf(instance, ACTION, null)).toMatchObject({
      task_type: "nightly report",
      data: { b: 1, a: [2] },
      delivery_instructions: { callback_required: false },
    });
    expect(packageOf(instance, { ...ACTION, taskType: "report" }, null)).toMatchObject({ task_type: "report" });
    expect(packageOf(instance, ACTION, null)).not.toHaveProperty("evidence_data");
    expect(packageOf(instance, ACTION, null)).not.toHaveProperty("delivery_instructions.callback");
  });

  it("has empty data when the instance has no payload", () => {
    expect(packageOf(anInstance({ spec: { payload: null } }), ACTION, null)).toMatchObject({ data: {} });
  });

  it("tells the definition and the due time of a scheduled one", () => {
    const spec = { definitionId: "nightly", scheduledAt: MANUAL_START_AT - 60_000 };
    const { metadata } = packageOf(anInstance({ id: ID, createdAt: MANUAL_START_AT, spec }), ACTION, null);
    expect(metadata).toEqual({
      created_at: "2026-01-01T00:00:00.000Z",
      version: "1.0",
      dispatch_id: ID,
      definition_id: "nightly",
      scheduled_time: "2025-12-31T23:59:00.000Z",
    });
  });
});

describe("evidence", () => {
  it.each([
    ["LOW", "Low"],
    ["MEDIUM", "Medium"],
    ["HIGH", "High"],
    ["CRITICAL", "Critical"],
  ] as const)("of risk %s is %s to the receiver", (riskLevel, word) => {
    expect(evidenceData({ ...EVIDENCE, riskLevel })).toMatchObject({ risk_level: word });
  });

  it.each(["https://example.com/source", "http://example.com/来源?a=b c#d", "https://192.168.0.1/"])(
    "may stand anywhere on the web: %s",
    (associatedUrl) => {
      expect(evidenceViolations({ associatedUrl })).toEqual([]);
    },
  );

  it.each(["", "example.com", "javascript:alert(1)", "file:///etc/passwd", "https://exa\nmple.com", "https://a\\b"])(
    "stands on the web, not at %j",
    (associatedUrl) => {
      expect(evidenceViolations({ associatedUrl })).toEqual([
        { field: "associated_url", description: expect.stringContaining("http or https URL") },
      ]);
    },
  );
});
