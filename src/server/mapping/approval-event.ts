/**
 * Events of the process system as they are reported.
 *
 * What a message leaves out was not told, and is undefined here: it never overwrites what is known. Lists, maps and times that are told to be empty
 * cannot show it, so `cleared` names them.
 */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { pushActionOf, type PushAction } from "../../domain/approval/push-action.ts";
import type { TodoTotal, WorkItemShare } from "../../domain/approval/records.ts";
import type { SessionFacts, Transfer, WorkItemFacts } from "../../domain/approval/reported-event.ts";
import type { LocalizedText, Person, ProcessLogEntry } from "../../domain/approval/session.ts";
import {
  SessionState,
  WorkItemState,
  type ApprovalEvent,
  type Person as ProtoPerson,
  type Session as ProtoSession,
  type WorkItem as ProtoWorkItem,
} from "../../gen/belfry/v1/approval_pb.ts";
import type { ReportEvent } from "../../runtime/index.ts";
import { member } from "../call/field-path.ts";
import { nameIn } from "./enumeration.ts";
import { Findings } from "./findings.ts";
import { dataOf } from "./json.ts";
import { requireField } from "./required.ts";
import { instantOf, optionalInstantOf } from "./time.ts";

export interface Report {
  readonly sessionId: string;
  readonly event: ReportEvent;
  /** The event as text, of one that does not say when it happened: a repetition of it under its request id comes at another time. */
  readonly asked?: string;
}

/** What `cleared` may name. */
const CLEARABLE: ReadonlySet<string> = new Set([
  "session.app_name",
  "session.summary",
  "session.finish_time",
  "work_item.assignees",
  "work_item.handled_by",
  "work_item.previous_ids",
  "work_item.finish_time",
]);

/** First words of names of events about questionnaires. */
const QUESTIONNAIRES: ReadonlySet<string> = new Set(["questionnaire", "wenjuan"]);

const NOBODY: Person = { number: "", name: "" };

/** Clocks of process systems may be wrong, but not by more. */
const MAX_AHEAD_MS = 86_400_000;

interface ReportReading {
  /** When it happened, unless it says. */
  readonly now: number;
  /** Of an item's data, as JSON. */
  readonly dataMaxBytes: number;
  /** Where it stands in the request. Default: `event`. */
  readonly field?: string;
}

/**
 * The rules of the schema were checked before.
 *
 * @throws BelfryError INVALID_FIELD naming every field that breaks a rule; PAYLOAD_TOO_LARGE.
 */
export function reportOf(event: ApprovalEvent, reading: ReportReading): Report {
  const report = readReport(event, reading);
  return event.eventTime === undefined
    ? { ...report, asked: JSON.stringify(readReport(event, { ...reading, now: 0 }).event) }
    : report;
}

function readReport(event: ApprovalEvent, { field = "event", ...rest }: ReportReading): Report {
  const session = requireField(event.session, `${field}.session`);
  const findings = new Findings();
  const reading = new Reading(event, { field, ...rest }, findings);
  const report: Report = {
    sessionId: session.id,
    event: {
      happenedAt: reading.happenedAt,
      name: event.action,
      action: actionOf(event, field, findings),
      // What is reported as a questionnaire's is one: nothing of it is ever pushed, by whatever way.
      session: { ...reading.session(session), ...(isAboutQuestionnaire(event.action) && { isQuestionnaire: true }) },
      ...(event.workItem && { workItem: reading.workItem(event.workItem, session.id) }),
      ...(event.transfer && { transfer: transferOf(event.transfer) }),
      ...(event.log.length > 0 && { log: reading.log() }),
      ...(event.todos.length > 0 && { todos: reading.todos() }),
      ...(event.shares.length > 0 && { shares: reading.shares() }),
      ...(event.note !== undefined && { note: event.note }),
    },
  };
  findings.throwIfAny();
  return report;
}

function actionOf({ action: name, session }: ApprovalEvent, field: string, findings: Findings): PushAction | null {
  const action = pushActionOf(name);
  if (action === null && name !== "" && session?.isQuestionnaire !== true && !isAboutQuestionnaire(name)) {
    findings.add(
      `${field}.action`,
      "is no action that is known, such as receive, after_examine or action.task_abort.0; leave it out to tell facts only",
    );
  }
  return action;
}

/** `questionnaire.submit`, `action.wenjuan_submit.0` */
function isAboutQuestionnaire(name: string): boolean {
  const words = name.toLowerCase().split(/[._-]/u);
  const [first = "", second = ""] = words;
  return QUESTIONNAIRES.has(first === "action" ? second : first);
}

function transferOf({ from, to }: NonNullable<ApprovalEvent["transfer"]>): Transfer {
  return { from: from.map(personOf), to: to.map(personOf) };
}

function personOf({ number, name }: ProtoPerson): Person {
  return { number, name };
}

class Reading {
  readonly #event: ApprovalEvent;
  readonly #field: string;
  readonly #findings: Findings;
  readonly #dataMaxBytes: number;
  readonly #cleared: ReadonlySet<string>;
  readonly happenedAt: number;

  constructor(event: ApprovalEvent, { field, now, dataMaxBytes }: Required<ReportReading>, findings: Findings) {
    this.#event = event;
    this.#field = field;
    this.#dataMaxBytes = dataMaxBytes;
    this.#findings = findings;
    this.#cleared = new Set(event.cleared?.paths);
    this.happenedAt = this.#time(event.eventTime, "eventTime", now);
    if (event.eventTime !== undefined && this.happenedAt > now + MAX_AHEAD_MS) {
      findings.add(
        `${field}.eventTime`,
        "must not be more than a day ahead of the server's clock: whatever is told after it would seem older",
      );
    }
    for (const path of this.#cleared) {
      if (!CLEARABLE.has(path)) {
        findings.add(`${field}.cleared`, `"${path}" is not one of ${[...CLEARABLE].join(", ")}`);
      } else if (path.startsWith("work_item.") && event.workItem === undefined) {
        findings.add(`${field}.cleared`, `names "${path}", and there is no work item`);
      }
    }
  }

  session(told: ProtoSession): SessionFacts {
    return onlyTold<SessionFacts>({
      appId: told.appId,
      appName: this.#unlessEmpty("session.app_name", told.appName, {}),
      title: told.title,
      serialNumber: told.serialNumber,
      state: nameIn(SessionState, told.state),
      creator: told.creator && personOf(told.creator),
      summary: this.#unlessEmpty(
        "session.summary",
        told.summary.map(({ label, value }) => ({ label, value })),
        [],
      ),
      view: told.view && { pc: told.view.pc, h5: told.view.h5 },
      isQuestionnaire: told.isQuestionnaire,
      isStartAndEnd: told.isStartAndEnd,
      createdAt: this.#optionalTime(told.createTime, "session.createTime"),
      finishedAt: this.#unlessEmpty(
        "session.finish_time",
        this.#optionalTime(told.finishTime, "session.finishTime"),
        null,
      ),
    });
  }

  workItem(told: ProtoWorkItem, sessionId: string): WorkItemFacts {
    if (told.sessionId !== "" && told.sessionId !== sessionId) {
      this.#findings.add(`${this.#field}.workItem.sessionId`, "must be the id of the session, or left out");
    }
    return {
      id: told.id,
      ...onlyTold<Omit<WorkItemFacts, "id">>({
        nodeId: told.nodeId,
        nodeName: nodeNameOf(told),
        state: nameIn(WorkItemState, told.state),
        assignees: this.#unlessEmpty("work_item.assignees", told.assignees.map(personOf), []),
        handledBy: this.#unlessEmpty("work_item.handled_by", told.handledBy && personOf(told.handledBy), null),
        opinion: told.opinion,
        previousIds: this.#unlessEmpty("work_item.previous_ids", told.previousIds, []),
        todo: told.todoView && { pc: told.todoView.pc, h5: told.todoView.h5 },
        view: told.view && { pc: told.view.pc, h5: told.view.h5 },
        data: dataOf(told.data, `${this.#field}.workItem.data`, this.#dataMaxBytes),
        createdAt: this.#optionalTime(told.createTime, "workItem.createTime"),
        finishedAt: this.#unlessEmpty(
          "work_item.finish_time",
          this.#optionalTime(told.finishTime, "workItem.finishTime"),
          null,
        ),
      }),
    };
  }

  log(): readonly ProcessLogEntry[] {
    return this.#event.log.map(({ workItemId, actor, operation, opinion, time }, index) => ({
      workItemId,
      actor: actor === undefined ? NOBODY : personOf(actor),
      operation,
      opinion,
      at: this.#time(time, `log[${index}].time`, this.happenedAt),
    }));
  }

  todos(): readonly TodoTotal[] {
    return this.#event.todos.map(({ id, nodeId, procTaskId, total, complete, createTime, finishTime }, index) => ({
      id,
      nodeId,
      procTaskId,
      total,
      complete,
      createdAt: this.#time(createTime, `todos[${index}].createTime`, this.happenedAt),
      finishedAt: this.#optionalTime(finishTime, `todos[${index}].finishTime`) ?? null,
    }));
  }

  shares(): readonly WorkItemShare[] {
    return this.#event.shares.map(({ workItemId, from, to, time }, index) => ({
      workItemId,
      from,
      to,
      at: this.#time(time, `shares[${index}].time`, this.happenedAt),
    }));
  }

  /** What was told; undefined when nothing was. Told to be empty and to be something: a finding. */
  #unlessEmpty<Value, Empty>(path: string, value: Value | undefined, empty: Empty): Value | Empty | undefined {
    const isTold = value !== undefined && (typeof value !== "object" || Object.keys(value as object).length > 0);
    if (!this.#cleared.has(path)) return isTold ? value : undefined;
    if (isTold) this.#findings.add(`${this.#field}.cleared`, `names "${path}", which is not empty`);
    return empty;
  }

  #optionalTime(time: Timestamp | undefined, name: string): number | undefined {
    return optionalInstantOf(time, member(this.#field, name), this.#findings);
  }

  #time(time: Timestamp | undefined, name: string, otherwise: number): number {
    return time === undefined ? otherwise : instantOf(time, member(this.#field, name), this.#findings);
  }
}

/** A name without a language stands under the empty key. */
function nodeNameOf({ nodeName, nodeNames }: ProtoWorkItem): LocalizedText | undefined {
  if (nodeName === undefined && Object.keys(nodeNames).length === 0) return undefined;
  return { ...(nodeName !== undefined && nodeName !== "" && { "": nodeName }), ...nodeNames };
}

/** Without what was not told, so that the facts of two equal events are equal. */
function onlyTold<Facts extends object>(facts: Facts): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Facts;
}
