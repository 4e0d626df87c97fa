/** What is asked of dispatching to webhooks. */
import type { RequirementSection } from "./requirement.ts";

export const WEBHOOK_DISPATCH: RequirementSection = {
  title: "Dispatch to webhooks (任务分发)",
  texts: {
    "R-107": {
      text: "WorkflowManager packs a task, dispatches it, tries again, and tells its state",
      note: "DispatchService; there is no class of that name",
    },
    "R-108": {
      text: "WebhookManager sends a webhook",
      note: "An executor of the node; callers have CreateDispatch and the action `webhook`",
    },
    "R-109": "The package (任务包) of negative evidence (负面证据): task type and the seven fields of `evidence_data`",
    "R-110":
      "Its `delivery_instructions` (URL, `standard_payload`, callback) and `metadata` (time of creation, version 1.0)",
    "R-111": {
      text: "Priority (优先级): CRITICAL before HIGH before MEDIUM before LOW",
      note: "One of a lower priority that waits goes once after 32 of higher ones",
    },
    "R-112": "Delay before a retry: min(30 s · 2ⁿ + 0–10 s, 1 h)",
    "R-113": { text: "At most three retries (重试)", note: "By default; `retryPolicy` sets another number" },
    "R-114": {
      text: "Any other than 2xx, a timeout and a failed connection are tried again",
      note: "Not 410, which disables the destination, nor an address that may not be called",
    },
    "R-115": {
      text: "A circuit breaker (熔断器) that recovers by itself within minutes",
      note: "One a destination; three failures in a row open it for a minute, then longer",
    },
    "R-116": {
      text: "`POST /workflow/tasks` takes the eight fields and a priority, and answers with state and id `wf_<time>_<hex>`",
      note: "CreateDispatch; the id has this form. Any other kind of task as well",
    },
    "R-117": {
      text: "`GET /workflow/tasks/{task_id}` tells the state and when it was completed",
      note: "GetDispatch",
    },
    "R-118": {
      text: "400 for what is wrong or missing, 401 for strangers, 500 for defects, 503 while the breaker is open",
      note: "No 401 yet: there is no access control. UNAVAILABLE (503) with `failFast` only; without it a dispatch waits for the breaker",
    },
    "R-119": {
      text: "The webhook's URL and the content are validated; nothing can be injected",
      note: "Private and loopback addresses are refused too, unless they are allowed",
    },
    "R-120": {
      text: "Settings: three retries, delays from 30 s to 3600 s, a queue without bound",
      note: "Of each dispatch or definition (`retryPolicy`); what waits is rows, not memory",
    },
    "R-121": {
      text: "Processing in less than 500 ms, API in less than 200 ms, retries in time, more than 100 tasks at once",
      note: "Tests show the number. Times are measured, not tested: see [performance](performance.md#webhooks)",
    },
    "R-122": {
      text: "Creation, success, failure, retries and changes of state are logged",
      note: "As status events and attempts with what was sent and answered, not as lines of a log",
    },
    "R-123": {
      text: "Scenarios: negative opinion (负面舆情), a campaign about a source (信源), an alert about a competitor (竞品)",
      note: "The first has a package of its own; for others the caller names `taskType` and `data`",
    },
    "R-140": {
      text: "A click on 处理 packs the evidence and pushes it to a third party's API or a channel of the enterprise",
      note: "The click is the caller's: it calls CreateDispatch with the URL. Rules for the body's code suit chat robots",
    },
    "R-141": {
      text: "Concurrency and the breaker's parameters can be set",
      note: "Of a destination, by UpdateDestination",
    },
  },
};
