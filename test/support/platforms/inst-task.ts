/** An instance with one of its tasks, as 能力中心 and cppu take it: every post is an upsert of both. */
import { Beliefs } from "./beliefs.ts";
import { dateTime, integer, link, listOf, oneOf, orNull, shape, text, word } from "./shape.ts";

/** 进行中, 终止, 完成, 驳回, 撤销 */
const INSTANCE_STATUSES = [0, 1, 2, 3, 4] as const;
const TODO = 0;
const DONE = 3;

interface Inst {
  readonly instId: number;
  readonly instStatus: number;
  readonly instFinished: string | null;
}
interface Task {
  readonly taskId: number;
  readonly instId: number;
  readonly taskStatus: number;
  readonly instUser: readonly string[];
  readonly taskFinished: string | null;
}
interface InstTask {
  readonly inst: Inst;
  /** Missing: of the instance alone. */
  readonly task?: Task;
  readonly sendMsg: 0 | 1;
}

const INST = shape({
  instId: integer,
  appId: integer,
  appName: word,
  instStatus: oneOf(...INSTANCE_STATUSES),
  instCreatorNumber: word,
  instCreatorName: text,
  instCreated: dateTime,
  instFinished: orNull(dateTime),
  formUrlView: link,
  formMobileUrlView: link,
});
const TASK = shape({
  taskId: integer,
  instId: integer,
  nodeName: text,
  taskStatus: oneOf(TODO, DONE),
  instUser: listOf(word, { min: 1 }),
  taskCreated: dateTime,
  taskFinished: orNull(dateTime),
  formUrl: link,
  formMobileUrl: link,
});
const INST_TASK = shape({ inst: INST, sendMsg: oneOf(0, 1) }, { task: TASK });

/** What is wrong with such a body. */
export function instTaskFindings(body: unknown): readonly string[] {
  const findings = INST_TASK(body, "");
  if (findings.length > 0) return findings;
  const { inst, task, sendMsg } = body as InstTask;
  const more: string[] = [];
  if (inst.instStatus === 0 && inst.instFinished !== null) more.push("inst is 0 (进行中) and has instFinished");
  if (!task && sendMsg === 1) more.push("sendMsg is 1 and there is no task to send a message about");
  if (!task) return more;
  if (task.instId !== inst.instId) more.push(`task.instId is ${task.instId}, inst.instId is ${inst.instId}`);
  if (task.taskStatus === TODO && task.taskFinished !== null) more.push("task is 0 (未办) and has taskFinished");
  if (new Set(task.instUser).size < task.instUser.length) more.push("task.instUser names somebody twice");
  return more;
}

/** Ended for its users are 终止, 完成 and 撤销; one that was rejected goes on with its creator. */
export function instTaskBeliefs(now: () => number): Beliefs {
  return new Beliefs(now, (status) => [1, 2, 4].includes(Number(status)));
}

/** Takes a body without findings to heart. The task's status is that of the users whom it names, and of nobody else. */
export function believe(believes: Beliefs, body: unknown): void {
  const { inst, task, sendMsg } = body as InstTask;
  const id = String(inst.instId);
  believes.putInstance(id, inst.instStatus, inst);
  if (!task) return;
  const taskId = String(task.taskId);
  const standing = task.taskStatus === TODO ? "todo" : "done";
  if (JSON.stringify(believes.task(taskId)?.told) === JSON.stringify(task)) believes.repeat(taskId);
  believes.putTask(taskId, { instanceId: id, users: task.instUser.map((user) => [user, standing]), told: task });
  if (sendMsg === 1) believes.message(taskId, task.instUser);
}
