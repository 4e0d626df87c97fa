/**
 * The process system (流程系统) of the storm: what it tells of its approvals, in which order it comes, and what a platform must believe in the end. All of
 * it follows from the number of a session.
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ApprovalEvent, ApprovalEventSchema, WorkItem, WorkItemSchema } from "../../../src/client/index.ts";
import { SessionState, WorkItemState } from "../../../src/client/index.ts";

export type EventInit = Exclude<MessageInitShape<typeof ApprovalEventSchema>, ApprovalEvent>;
type ItemInit = Exclude<MessageInitShape<typeof WorkItemSchema>, WorkItem>;

/** What the platform must believe of a work item. */
export interface Expected {
  readonly taskId: string;
  readonly taskStatus: "RUNNING" | "COMPLETE";
  /** Who has it to do, or had it. Whoever had it before is of no interest. */
  readonly user: string;
  readonly sessionId: string;
  readonly instanceStatus: "RUNNING" | "COMPLETE" | "ABORT";
}

const ITEMS_OF_A_SESSION = 4;
const USERS = 997;
/** Between two sessions, by the process system's clock. */
const APART_MS = 10;
/** Each session goes on when so many others have begun. */
const LATER_SESSIONS = 1000;

/** What becomes of a session after its items have come. */
type Life = "goes on" | "examined" | "transferred" | "ended" | "aborted" | "examined before it came";

const LIVES: readonly Life[] = [
  "examined",
  "transferred",
  "ended",
  "aborted",
  "examined before it came",
  "goes on",
  "goes on",
  "goes on",
  "goes on",
  "goes on",
];

export class ProcessSystem {
  readonly #sessions: number;
  readonly #beganAt: number;

  /** @param beganAt when the first session began, in epoch milliseconds. */
  constructor(workItems: number, beganAt: number) {
    this.#sessions = Math.ceil(workItems / ITEMS_OF_A_SESSION);
    this.#beganAt = beganAt;
  }

  /** All events, in the order in which they are told. */
  *events(): Generator<EventInit, void> {
    for (let number = 0; number < this.#sessions + LATER_SESSIONS; number++) {
      if (number < this.#sessions) yield* this.#beginning(number);
      if (number >= LATER_SESSIONS) yield* this.#later(number - LATER_SESSIONS);
    }
  }

  /** Of every work item. */
  *expected(): Generator<Expected> {
    for (let number = 0; number < this.#sessions; number++) {
      for (let index = 0; index < ITEMS_OF_A_SESSION; index++) yield expectedOf(number, index);
    }
  }

  *#beginning(number: number): Generator<EventInit> {
    const isEarly = lifeOf(number) === "examined before it came";
    if (isEarly) yield this.#examined(number);
    for (let index = 0; index < ITEMS_OF_A_SESSION; index++) {
      const assignees = [{ number: userOf(number, index) }];
      yield this.#about(number, index, "receive", 0, { assignees });
    }
  }

  *#later(number: number): Generator<EventInit> {
    switch (lifeOf(number)) {
      case "examined":
        yield this.#examined(number);
        break;
      case "transferred":
        yield this.#about(number, 1, "action.change_assignee.0", 100, {
          assignees: [{ number: userOf(number, 1, true) }],
        });
        break;
      case "ended":
        yield this.#examined(number);
        yield this.#ofSession(number, "after_end", 200);
        break;
      case "aborted":
        yield this.#ofSession(number, "task_abort", 200);
        break;
      case "goes on":
      case "examined before it came":
        break;
    }
  }

  #examined(number: number): EventInit {
    const handledBy = { number: userOf(number, 0) };
    return this.#about(number, 0, "after_examine", 100, { handledBy, state: WorkItemState.DONE, opinion: "同意" });
  }

  #about(number: number, index: number, action: string, afterMs: number, facts: Partial<ItemInit>): EventInit {
    const id = itemOf(number, index);
    const node = { nodeId: `n${index}`, nodeName: `第${index + 1}步` };
    const todoView = { pc: `https://oa.example.edu.cn/todo/${id}`, h5: `https://m.example.edu.cn/todo/${id}` };
    return {
      ...this.#ofSession(number, action, afterMs + index),
      workItem: { id, ...node, todoView, ...facts },
    };
  }

  #ofSession(number: number, action: string, afterMs: number): EventInit {
    const id = sessionOf(number);
    return {
      action,
      eventTime: timestampFromMs(this.#beganAt + number * APART_MS + afterMs),
      session: {
        id,
        appId: "leave",
        appName: { zh: "请假" },
        title: `请假 ${number}`,
        creator: { number: `c${number % USERS}`, name: "张三" },
        view: { pc: `https://oa.example.edu.cn/view/${id}`, h5: `https://m.example.edu.cn/view/${id}` },
        ...(action === "receive" ? { state: SessionState.RUNNING } : {}),
      },
    };
  }
}

function expectedOf(number: number, index: number): Expected {
  const life = lifeOf(number);
  const isOver = life === "ended" || life === "aborted";
  const isDone = isOver || (index === 0 && (life === "examined" || life === "examined before it came"));
  return {
    taskId: itemOf(number, index),
    taskStatus: isDone ? "COMPLETE" : "RUNNING",
    user: userOf(number, index, life === "transferred" && index === 1),
    sessionId: sessionOf(number),
    instanceStatus: life === "ended" ? "COMPLETE" : life === "aborted" ? "ABORT" : "RUNNING",
  };
}

function lifeOf(number: number): Life {
  return LIVES[number % LIVES.length] ?? "goes on";
}

function sessionOf(number: number): string {
  return `s${number}`;
}

function itemOf(number: number, index: number): string {
  return `t${number * ITEMS_OF_A_SESSION + index}`;
}

function userOf(number: number, index: number, isTransferred = false): string {
  return `u${(number * ITEMS_OF_A_SESSION + index + (isTransferred ? 1 : 0)) % USERS}`;
}
