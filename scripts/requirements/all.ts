/** All requirements, in the order in which the page shows them. */
import type { RequirementSection } from "./requirement.ts";
import { EXECUTION_TRACKING } from "./execution-tracking.ts";
import { TASK_CENTERS } from "./task-centers.ts";
import { TASK_CONTROL } from "./task-control.ts";
import { WEBHOOK_DISPATCH } from "./webhook-dispatch.ts";

export const REQUIREMENTS: readonly RequirementSection[] = [
  ...TASK_CENTERS,
  TASK_CONTROL,
  WEBHOOK_DISPATCH,
  EXECUTION_TRACKING,
];
