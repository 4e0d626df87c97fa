/** What the requirements of task centres ask, a line each, under the headings of the documents that they come from. */

export interface RequirementSection {
  readonly title: string;
  /** By id. */
  readonly texts: Readonly<Record<string, string>>;
}

export const REQUIREMENTS: readonly RequirementSection[] = [
  {
    title: "Contract and registry (核心组件, 架构总览)",
    texts: {
      "R-001": "Every adapter (适配器) builds push data from session and task, and pushes them",
      "R-002": "All platforms share what is common: identity, description, settings, token, HTTP, log",
      "R-003": "A platform says its name, capability and category (任务中心), and the environments it is for",
      "R-004": "Each setting says its form type, options and whether it is required, so that a form renders itself",
      "R-005": "The configuration of platforms is kept, and leads to the adapter that it names",
      "R-006": "A fusion platform (融合平台) is replaced by the real one, for single pushes and in batches",
      "R-007": "Adapters are pluggable: 能力中心, 金智, 树维 V1 and V2, 统一待办, variants of universities",
      "R-008": "What differs between platforms stays inside their adapters",
      "R-009": "Event, manual, batch and retry pushes take one path: build, push, log",
      "R-010": "Every push is logged, whichever way it took",
    },
  },
  {
    title: "能力中心",
    texts: {
      "R-011": "Instance and task data are built with mapped statuses and URLs",
      "R-012": "Session states 进行中, 终止, 完成, 驳回, 撤销 are 0, 1, 2, 3, 4",
      "R-013": "Task states 未申领, 已办 are 0, 3",
      "R-014": "POST of JSON to `/third/task.push.push-task?access_token=…`",
      "R-015": "The access token is cached; forcing it goes past the cache",
      "R-016": "HTTP other than 200, or `e` other than 0, is a failure, and `m` the reason",
      "R-017": "Exceptions are caught and kept, never lost",
      "R-018": "Interaction log and task centre log are written, with a mark for what failed and can be retried",
      "R-019": "A task centre that is deployed on its own is served",
    },
  },
  {
    title: "金智: adapter",
    texts: {
      "R-020": "Settings `host`, `appId`, `appSecret`, `sceneCode`",
      "R-021":
        "The token is fetched with `appId` and `appSecret`, cached, refreshed before it expires, and fetched anew when forced",
      "R-022": "Requests have URL, method, headers, body and time limit, and carry `appId` and `accessToken`",
      "R-023": "Every request and response is kept",
      "R-024": "taskStart: insert is `insertModel`, update is `updateModel`",
      "R-025": "The fields of taskStart, `applicationModel` among them",
      "R-026": "A todo is deleted by task id",
      "R-027": "An instance is deleted by process instance id",
      "R-028": "startAndEndInst sends its nine fields",
      "R-029":
        "`errcode` 0 is success; anything else, or HTTP other than 200, fails with `errmsg`; codes decide idempotency",
      "R-030": "`sceneCode` separates business scenes",
    },
  },
  {
    title: "金智: events",
    texts: {
      "R-031": "Task received, approval finished, instance aborted and instance deleted are handled",
      "R-032": "Names of the form `action.xxx.x` are read as their action",
      "R-033": "Events of questionnaires (问卷通) are not pushed",
      "R-034": "Session states: 进行中 RUNNING, 完成 and 撤销 COMPLETE, 中止 ABORT; 驳回 and 草稿 as set",
      "R-035": "Task states: the first RUNNING, others COMPLETE",
      "R-036": "Processors are built from the unified user number",
      "R-037": "App names may be in several languages; the Chinese one goes first",
      "R-038": "The node's name is that of the process node",
      "R-039": "URLs for PC and H5, of the todo view and of the application view",
      "R-040": "What ends as it begins gets node 事项结束, completed, by startAndEndInst",
      "R-041": "A deletion takes its task ids from the backup (备份数据)",
      "R-042": "Deletion: every todo one by one, then the instance; that nothing was deleted can be diagnosed",
      "R-043": "Failures reach whoever handles the event",
      "R-044": "Platform and token come from the platform's configuration",
      "R-045": "Facts: app, todo, history, node, session, backup, users, URLs",
    },
  },
  {
    title: "树维",
    texts: {
      "R-046": "OAuth2 access token",
      "R-047": "Operations: add, complete, transfer, urge, terminate, delete, resume",
      "R-048":
        "Each event (receive, after_examine, after_end, change_assignee, remind_task, task_abort, manual) has its endpoint",
      "R-049": "Back-push: predecessors, from history and process log, are completed one by one",
      "R-050": "A task that does not exist is found in `errorIds`, created, and then completed",
      "R-051": "Certain codes bring a second creation or a retry",
      "R-052": "Back-push is idempotent in V1 and V2: no duplicates",
      "R-053": "V2 does what V1 does, with other parameters and endpoints",
      "R-054": "V2 has finer transaction types and message channels, as set",
    },
  },
  {
    title: "统一待办",
    texts: {
      "R-055": "POST with a token to one endpoint that creates tasks",
      "R-056": "`myappids` is a white list of applications; others are skipped",
      "R-057": "`code` 0 is success",
      "R-058": "Listed codes are retried so many times, with backoff",
      "R-059": "Any other code fails and is logged",
      "R-060": "Pushes are idempotent",
    },
  },
  {
    title: "Universities (各高校)",
    texts: {
      "R-061": "gzucm: creation and finish of tasks go to 能力中心 with instance and task data",
      "R-062": "tmmu: finish and archive (归档), and deletion with it",
      "R-063": "cugb: batch and manual pushes with session status mapped to task status",
      "R-064": "cppu: a centre of its own, with app code, secret and paths",
    },
  },
  {
    title: "Platforms and pushes by hand (控制器与平台管理)",
    texts: {
      "R-065": "Platforms are listed, shown, saved, enabled, disabled and deleted",
      "R-066": "A manual push (手动推送) goes at once; its failure is logged",
      "R-067": "A batch push (批量推送) is queued, one at a time, and tells its progress",
      "R-068": "Logs are filtered by third id, time and state",
      "R-069": "The failure of a push is told in detail by its log id",
      "R-070": "Changes of platforms are recorded (变更记录)",
      "R-071": "Triggers (触发器) are created",
    },
  },
  {
    title: "Batch and retry (批量与重试)",
    texts: {
      "R-072": "A batch pages through what its conditions select, 30 a page, item by item, in bounded memory",
      "R-073": "A batch replaces fusion platforms too",
      "R-074": "A scheduled retry looks at the last three days for what was not pushed or failed, and checks statuses",
      "R-075": "What has no log is pushed and logged",
      "R-076": "Equal status: skipped; different or failed: tried again",
      "R-077": "Retry count and interval are set, and bound how often",
      "R-078": "Pages and a rate keep the database safe",
    },
  },
  {
    title: "Persistence, logs, operation (数据, 日志, 故障排查)",
    texts: {
      "R-079": "The task centre log: session, task, third id, state, type, data, result, retry count, failure time",
      "R-080": "Retrying before a push, its outcome after it; without an outcome it failed",
      "R-081": "Deletions have a log of their own, with result and retry count",
      "R-082": "History of tasks (task_history) with application, session, node, users, status and times",
      "R-083": "Totals of todos (task_todo): total, complete, times",
      "R-084": "Shares of tasks (task_share)",
      "R-085": "History, todos and tasks of a person are found by indexes",
      "R-086": "Tokens and platforms are shared and versioned among processes; requests run concurrently",
      "R-087": "Requests and responses, token failures, failing fields, state and retry count can be looked at",
      "R-088": "Frequent failures bring retries and alerts; more is logged in development",
    },
  },
];
