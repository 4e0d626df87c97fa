/**
 * 树维 V1: the older set of the 事务中心. A transaction is what its tasks have in common: their serial number, or the task before them.
 */
import type { Call } from "./call.ts";
import { PlatformServer } from "./platform-server.ts";
import { ADD_OPTIONAL, ADD_REQUIRED, handlersOf, newTaskFindings } from "./ttc-task.ts";
import { dateTime, type Check, oneOf, orEmpty, shape, text, word } from "./shape.ts";
import type { ErrorId } from "./ttc-answers.ts";
import { Ttc, type TtcOptions } from "./ttc.ts";

interface Adding {
  readonly taskId: string;
  readonly previousTaskId?: string;
  readonly serialNumber?: string;
}
interface Handling {
  readonly previousTaskId: string;
  readonly handler: string;
  readonly status: "none" | "end";
}
interface Transferring {
  readonly taskId: string;
  readonly handler: string;
  readonly transferTo: string;
}

const ADD = shape(ADD_REQUIRED, {
  ...ADD_OPTIONAL,
  transcationName: text,
  mViewUrl: ADD_OPTIONAL.viewUrl,
  mHandleUrl: ADD_OPTIONAL.viewUrl,
});
const HANDLE = shape(
  { appId: word, previousTaskId: word, handler: word, status: oneOf("none", "end") },
  { handlerName: text, handleOpinions: text, handleStatus: text, handleTime: orEmpty(dateTime) },
);
const TERMINATE = shape(
  { appId: word, taskId: word, creator: word },
  { handleStatus: text, handleOpinions: text, createTime: orEmpty(dateTime) },
);
const TRANSFER = shape({ appId: word, taskId: word, handler: word, transferTo: word }, { handleOpinions: text });

/** Only a handler of a task may say that it is done, as the vendor's documentation has it. */
export function aShuwei(options: TtcOptions = {}): Promise<PlatformServer> {
  const ttc = new Ttc({ isForHandlersOnly: true, ...options });
  const { believes } = ttc;

  const transactionOf = ({ taskId, previousTaskId, serialNumber }: Adding): string =>
    serialNumber || (previousTaskId && believes.task(previousTaskId)?.instanceId) || taskId;

  const add = (item: Adding, call: Call): ErrorId | null =>
    ttc.add(call, item.taskId, transactionOf(item), handlersOf(item), item);

  const handle = (item: Handling, call: Call): ErrorId | null => {
    const refused = ttc.complete(call, item.previousTaskId, item.handler, item);
    if (refused) return refused;
    if (item.status === "end") believes.putInstance(believes.task(item.previousTaskId)!.instanceId, "FINISH");
    return null;
  };

  const terminate = ({ taskId }: { taskId: string }, call: Call): ErrorId | null => {
    const task = believes.task(taskId);
    if (!task) return ttc.noSuchTask(call, taskId);
    if (believes.instance(task.instanceId)?.status === "BREAK_UP") believes.repeat(taskId);
    believes.putInstance(task.instanceId, "BREAK_UP");
    return null;
  };

  const transfer = (item: Transferring, call: Call): ErrorId | null => {
    const { taskId, handler, transferTo } = item;
    const users = believes.task(taskId)?.users;
    if (!users) return ttc.noSuchTask(call, taskId);
    if (users.get(handler) !== "todo") {
      // What came of it stands already: the same transfer once more.
      if (users.get(handler) !== "gone" || users.get(transferTo) !== "todo") {
        return ttc.no(call, "order", 500, taskId, "转办失败:该办理人没有此待办");
      }
      believes.repeat(taskId);
    }
    believes.putTask(taskId, {
      users: [
        [handler, "gone"],
        [transferTo, "todo"],
      ],
      told: item,
    });
    return null;
  };

  const newTask: Check = (item, at) => newTaskFindings(ADD, item, at);
  const platform = ttc.platform([
    ttc.batch("add", "addTransaction", newTask, add),
    ttc.batch("complete", "taskHandle", HANDLE, handle),
    ttc.batch("terminate", "taskTerminate", TERMINATE, terminate),
    ttc.batch("transfer", "taskTransfer", TRANSFER, transfer),
  ]);
  return PlatformServer.start(platform, options);
}
