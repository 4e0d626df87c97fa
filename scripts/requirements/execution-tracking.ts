/** What is asked of tracking executions. */
import type { RequirementSection } from "./requirement.ts";

export const EXECUTION_TRACKING: RequirementSection = {
  title: "Executions (任务执行记录)",
  texts: {
    "R-124": {
      text: "One record an execution, with its own `task_id`, registered (登记) when it is dispatched",
      note: "RegisterExecution; the record is an instance with that id",
    },
    "R-125": {
      text: "A record can be brought in line with Celery (`sync_task_from_celery`)",
      note: "SyncExecution, from Redis, PostgreSQL or django-celery-results; what has begun or ended is never downgraded",
    },
    "R-126": {
      text: "State, result, error, traceback and metadata are updated as often as wanted; metadata is merged",
      note: "UpdateExecution; unlike in the source a final state is never undone",
    },
    "R-127": "FAILURE keeps the error and its traceback",
    "R-128": {
      text: "What was STARTED and is over its time (超时) becomes FAILURE: swept every 30 minutes, 10 minutes allowed, both set",
      note: "`$belfry/mark-timeouts`; a user's own timeout goes first, and what Celery's result backend knows before that",
    },
    "R-129":
      "Locks (锁) are acquired, released and asked for; `prevent_duplicate_task` (防重复) keeps a second run away",
    "R-130": {
      text: "What is old is cleaned up (清理) at 02:00, or as set: only what is completed, if wanted, and in batches",
      note: "Old is what ended long ago, not what was registered long ago; what never ended goes, if wanted, when nothing was told of it for as long",
    },
    "R-131": {
      text: "Configuration (配置项) for all and for a user, above the settings: `retention_days`, `timeout_minutes`",
      note: "ConfigService; a user's value goes before the one for all, that before the environment. Kept for 30 days by default",
    },
    "R-132": {
      text: "Both jobs register themselves at the start when they are enabled",
      note: "Where they are disabled they are there too, and run only when triggered",
    },
    "R-133": {
      text: "`get_task_retry_kwargs`: one set of retries and backoff for all tasks",
      note: "`getRetryOptions()` of the client",
    },
    "R-134": {
      text: "List, detail, by `task_id`, state, statistics (统计), sync; by module, task name, state, creator and dates",
      note: "ExecutionService",
    },
    "R-135": {
      text: "Both jobs are recorded as executions themselves, with a module of their own",
      note: "Their runs are instances with the label `module=belfry`",
    },
    "R-136": {
      text: "States are those of Celery; older words are mapped once, when data move",
      note: "The words of Newshub and Devify are understood in requests; what is kept and shown is Celery's",
    },
    "R-137": "A retry of the business is a new task with a new record; the tracker itself never retries",
    "R-138": {
      text: "The runs of one business object are found by ids in the metadata, by an index",
      note: "`metadata` of ListExecutions, `group_by` of GetExecutionStats",
    },
    "R-139": "Progress (进度) stands in the metadata: `progress_percent`, `progress_message`, `progress_step`",
  },
};
