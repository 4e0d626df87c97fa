import type { Progress } from "../instance/instance.ts";
import type { JsonObject } from "../json.ts";

/** What a report says of progress; what it leaves out stays as it is known. */
export type ProgressTold = Partial<Omit<Progress, "at">>;

/** What metadata says of progress, in the keys that clients use for it (`progress_percent`, `progress_message`, `progress_step`). */
export function progressIn(metadata: JsonObject): ProgressTold | null {
  const { progress_percent: percent, progress_message: message, progress_step: step } = metadata;
  const told: ProgressTold = {
    ...percentIn(percent),
    ...(typeof message === "string" && { message }),
    ...(typeof step === "string" && { step }),
    ...(typeof step === "number" && { step: String(step) }),
  };
  return Object.keys(told).length === 0 ? null : told;
}

function percentIn(value: unknown): ProgressTold {
  const percent = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof percent === "number" && Number.isFinite(percent)
    ? { percent: Math.min(100, Math.max(0, percent)) }
    : {};
}
