/** The data of a task "negative_evidence_intervention" (S3, R-109): a finding that somebody shall act upon. */
import type { JsonObject } from "../json.ts";
import type { Violation } from "../violation.ts";

export const EVIDENCE_TASK_TYPE = "negative_evidence_intervention";

export const RISK_LEVELS = ["LOW", "MEDIUM", "HIGH", "CRITICAL"] as const;
export type RiskLevel = (typeof RISK_LEVELS)[number];

/** As receivers read it. */
const WORD_OF = {
  LOW: "Low",
  MEDIUM: "Medium",
  HIGH: "High",
  CRITICAL: "Critical",
} as const satisfies Record<RiskLevel, string>;

export interface Evidence {
  /** What was found, in the words of the source. */
  readonly fragment: string;
  /** Where it stands: an http or https URL. */
  readonly associatedUrl: string;
  readonly sourceName: string;
  readonly riskLevel: RiskLevel;
  readonly brandName: string;
  /** What to do about it. */
  readonly interventionScript: string;
  /** About the source: `platform`, `category`, and what else the caller knows. */
  readonly sourceMeta: JsonObject;
}

/** As it goes to receivers, in the order of the source. */
export function evidenceData(evidence: Evidence): JsonObject {
  return {
    evidence_fragment: evidence.fragment,
    associated_url: evidence.associatedUrl,
    source_name: evidence.sourceName,
    risk_level: WORD_OF[evidence.riskLevel],
    brand_name: evidence.brandName,
    intervention_script: evidence.interventionScript,
    source_meta: evidence.sourceMeta,
  };
}

/** Rules that the schema cannot say. Fields are relative to the evidence, in the names of the API. */
export function evidenceViolations({ associatedUrl }: Pick<Evidence, "associatedUrl">): readonly Violation[] {
  const url = /[\p{Cc}\p{Cs}\\]/u.test(associatedUrl) ? null : URL.parse(associatedUrl);
  return url?.protocol === "http:" || url?.protocol === "https:"
    ? []
    : [{ field: "associated_url", description: "must be an http or https URL, such as https://example.com/source" }];
}
