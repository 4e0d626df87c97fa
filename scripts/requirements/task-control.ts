/** What is asked of task control. */
import type { RequirementSection } from "./requirement.ts";

export const TASK_CONTROL: RequirementSection = {
  title: "Task control (任务控制)",
  texts: {
    "R-089": "The definition (任务定义) is apart from its instances (任务实例), the rule from its runs",
    "R-090": {
      text: "The schedule lives on for good; the actor of a run lives as long as the run",
      note: "A run is kept as well: its actor comes back after a crash, on another node too",
    },
    "R-091": "Triggers: IMMEDIATE (立即), SCHEDULED (定时, one time to come), LOOP (循环, interval or cron)",
    "R-092": {
      text: "States ACTIVE, PAUSED (no new runs), RUNNING, COMPLETED, CANCELLED",
      note: "RUNNING is a state of instances only; these have FAILED and TIMED_OUT beside CANCELLED, where the source has no state for an error",
    },
    "R-093": {
      text: "Definitions and instances are created, read, changed and deleted in a SQLite repository",
      note: "PostgreSQL, embedded or a server. Nobody deletes instances one by one: those that have ended go when they are older than `retention_days`",
    },
    "R-094": {
      text: "One scheduler (APScheduler) fires, and its jobs outlive a restart",
      note: "Each definition has one node that decides for it; no APScheduler",
    },
    "R-095": {
      text: "A map in memory leads from a running id to its actor",
      note: "On each node for its own shards; any node finds the actors of all",
    },
    "R-096": {
      text: "`create_task` with user, content, trigger and its arguments stores, schedules and answers with the id",
      note: "CreateDefinition",
    },
    "R-097": {
      text: 'LOOP every so many seconds: `{"interval": 1800}`',
      note: '`{"every": {"interval": "1800s"}}`',
    },
    "R-098": { text: "`pause_schedule` pauses (暂停); the state is PAUSED", note: "PauseDefinition" },
    "R-099": { text: "`resume_schedule` lets it go on (恢复)", note: "ResumeDefinition" },
    "R-100": {
      text: "`trigger_immediately` (立即触发) runs it now, past the schedule",
      note: "TriggerDefinition",
    },
    "R-101": {
      text: "`cancel_task` (取消) ends the schedule for good; those that run can be cancelled by force",
      note: "CancelDefinition with `cancelRunning`, and `terminate` for force",
    },
    "R-102": {
      text: "A definition, its instances and the tasks of a user can be read",
      note: "GetDefinition, ListInstances, ListDefinitions",
    },
    "R-103": {
      text: "REST: POST and GET below `/tasks` and `/users/{user_id}/tasks`",
      note: "gRPC and, by the same names, POST of JSON: `/belfry.v1.DefinitionService/…`. There are no such paths",
    },
    "R-104": {
      text: "FastAPI on port 8000 with its own description at `/docs`; a module to serve, a module with examples",
      note: "Port 8980; gRPC reflection instead of `/docs`; `belfry serve`, `belfry demo`",
    },
    "R-105": {
      text: "Of the intents CREATE_TASK, PAUSE and TRIGGER_NOW the target is found by likeness (模糊匹配)",
      note: "SearchDefinitions finds the target. What a person wants is for the caller to tell",
    },
    "R-106": {
      text: "Python 3.8, APScheduler, SQLAlchemy, SQLite, FastAPI, Thespian, Pydantic",
      note: "Node.js, croner, MikroORM, embedded PostgreSQL, Connect, XState and protovalidate have these parts. No Python package",
    },
    "R-142": {
      text: "A trigger has an agent's actor execute the content; the scheduler only says when",
      note: "The actor hands the content to a worker (执行者), which executes it",
    },
  },
};
