/** 树维 V2: the newer `todo/` set of the 事务中心. Tasks name their transaction, and it is changed by itself. */
import type { Call } from "./call.ts";
import { PlatformServer } from "./platform-server.ts";
import { ADD_OPTIONAL, ADD_REQUIRED, handlersOf, newTaskFindings } from "./ttc-task.ts";
import { bool, dateTime, type Check, listOf, orEmpty, shape, text, word } from "./shape.ts";
import type { ErrorId } from "./ttc-answers.ts";
import { Ttc, type TtcOptions } from "./ttc.ts";

interface Adding {
  readonly taskId: string;
  readonly transactionId: string;
  readonly msgChannels?: readonly string[];
}
interface Handling {
  readonly taskId: string;
  readonly transactionId: string;
  readonly handler: string;
}

export interface ShuweiV2Options extends TtcOptions {
  /** The field of the message channels. */
  readonly messageChannelsName?: string;
}

const HANDLE = shape(
  { appId: word, taskId: word, transactionId: word, handler: word },
  { handlerName: text, handleOpinions: text, handleTime: orEmpty(dateTime) },
);

export function aShuweiV2(options: ShuweiV2Options = {}): Promise<PlatformServer> {
  const channelsName = options.messageChannelsName ?? "msgChannels";
  const ttc = new Ttc(options);
  const { believes } = ttc;

  const ADD = shape(
    { ...ADD_REQUIRED, transactionId: word },
    {
      ...ADD_OPTIONAL,
      transactionName: text,
      autoGenTaskId: bool,
      mviewUrl: ADD_OPTIONAL.viewUrl,
      mhandleUrl: ADD_OPTIONAL.viewUrl,
      [channelsName]: listOf(word, { min: 1 }),
    },
  );

  const add = (item: Adding, call: Call): ErrorId | null => {
    const refused = ttc.add(call, item.taskId, item.transactionId, handlersOf(item), item);
    const channels = (item as unknown as Record<string, readonly string[] | undefined>)[channelsName];
    if (!refused && channels) believes.message(item.taskId, handlersOf(item), channels);
    return refused;
  };

  const handle = (item: Handling, call: Call): ErrorId | null => {
    const { taskId, transactionId, handler } = item;
    const task = believes.task(taskId);
    if (task && task.instanceId !== transactionId) {
      ttc.ledger.violate(call, [`task ${taskId} belongs to transaction ${task.instanceId}, not to ${transactionId}`]);
      return { code: 400, taskId, message: "transactionId is illegal" };
    }
    return ttc.complete(call, taskId, handler, item);
  };

  const newTask: Check = (item, at) => newTaskFindings(ADD, item, at);
  const platform = ttc.platform([
    ttc.batch("add", "todo/addTask", newTask, add),
    ttc.batch("complete", "todo/handleTask", HANDLE, handle),
  ]);
  return PlatformServer.start(platform, options);
}
