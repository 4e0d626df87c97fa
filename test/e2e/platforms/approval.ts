/** 张三的请假 in application after application: what the process system knows of an approval, as it reports it. */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Person } from "../../../src/gen/belfry/v1/approval_pb.ts";
import { SessionState, WorkItemState } from "../../../src/gen/belfry/v1/approval_pb.ts";
import type { EventInit } from "./site.ts";

export type Someone = Pick<Person, "number" | "name">;
/** Who begins it. */
export const ZHANG: Someone = { number: "2021001", name: "张三" };
export const LI: Someone = { number: "10086", name: "李四" };
export const WANG: Someone = { number: "10010", name: "王五" };
export const ZHAO: Someone = { number: "10020", name: "赵六" };
export const EVERYBODY: readonly Someone[] = [ZHANG, LI, WANG, ZHAO];

/** A work item of an approval: 部门审核, then 学院审批. */
export type ItemName = "a" | "b";
const NODES: Readonly<Record<ItemName, string>> = { a: "部门审核", b: "学院审批" };
const NUMBERS: Readonly<Record<ItemName, number>> = { a: 1, b: 2 };

export interface Happening {
  readonly action: string;
  /** Left out: it is about the session as a whole. */
  readonly item?: ItemName;
  readonly to?: readonly Someone[];
  /** Of a transfer. */
  readonly from?: readonly Someone[];
  readonly by?: Someone;
  readonly opinion?: string;
  readonly note?: string;
  /** Items that it names as those before it. Default: `a` comes before `b`. */
  readonly previous?: readonly ItemName[];
  readonly state?: SessionState;
  readonly isStartAndEnd?: boolean;
}

const BEGAN_AT = Date.now() - 3_600_000;
let applications = Math.floor(BEGAN_AT / 1000) % 1_000_000;
let sessions = 77_000;

/** An application that no other test has, so that only the platform of a test is told of it. */
export function anApplication(): string {
  applications += 1;
  return String(applications);
}

export class Approval {
  /** The platforms' numbers are numbers. */
  readonly id: string;
  readonly appId: string;

  constructor(appId: string) {
    this.appId = appId;
    sessions += 1;
    this.id = String(sessions);
  }

  itemId(name: ItemName): string {
    return `${this.id}${NUMBERS[name]}`;
  }

  thirdId(name: ItemName): string {
    return `${this.id}_${this.itemId(name)}`;
  }

  /** @param minute of its life when it happened. */
  event(happening: Happening, minute: number): EventInit {
    const {
      action,
      item,
      to,
      from,
      previous = item === "b" ? ["a"] : [],
      by,
      opinion,
      note,
      state,
      isStartAndEnd = false,
    } = happening;
    return {
      action,
      eventTime: timestampFromMs(this.at(minute)),
      session: {
        id: this.id,
        appId: this.appId,
        appName: { en: "Leave", zh: "请假" },
        creator: ZHANG,
        createTime: timestampFromMs(BEGAN_AT),
        view: { pc: `https://oa.example.edu/pc/inst/${this.id}`, h5: `https://oa.example.edu/m/inst/${this.id}` },
        isStartAndEnd,
        state: state ?? SessionState.UNSPECIFIED,
      },
      ...(item && {
        workItem: {
          id: this.itemId(item),
          nodeId: `n${NUMBERS[item]}`,
          nodeName: NODES[item],
          todoView: this.links("todo", item),
          view: this.links("done", item),
          previousIds: previous.map((name) => this.itemId(name)),
          ...(to && from === undefined && { assignees: [...to] }),
          ...(by && { handledBy: by }),
          ...(opinion !== undefined && { opinion }),
          ...(by && { state: WorkItemState.DONE }),
        },
      }),
      ...(to && from && { transfer: { from: [...from], to: [...to] } }),
      ...(note !== undefined && { note }),
    };
  }

  /** Epoch milliseconds. */
  at(minute: number): number {
    return BEGAN_AT + minute * 60_000;
  }

  links(what: "todo" | "done", item: ItemName): { readonly pc: string; readonly h5: string } {
    const [pc = "", h5 = ""] = ["pc", "m"].map(
      (device) => `https://oa.example.edu/${device}/${what}/${this.itemId(item)}`,
    );
    return { pc, h5 };
  }
}
