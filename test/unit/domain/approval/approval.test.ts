import { describe, expect, it } from "vitest";
import { PUSH_ACTIONS, pushActionOf } from "../../../../src/domain/approval/push-action.ts";
import { chineseFirst, isOpen, titleOf } from "../../../../src/domain/approval/session.ts";
import type { Session } from "../../../../src/domain/approval/session.ts";

describe("R-032: the name of an event", () => {
  it.each(PUSH_ACTIONS)("%s stands alone, under `action`, and with a number behind it", (action) => {
    expect([action, `action.${action}`, `action.${action}.0`].map(pushActionOf)).toEqual([action, action, action]);
  });

  it.each(["", "action", "action.", "action.other.0", "receive2", "Receive", "sess.receive"])(
    "%j is none that is known",
    (name) => {
      expect(pushActionOf(name)).toBeNull();
    },
  );
});

describe("R-037: a text in several languages", () => {
  it("is shown in Chinese when there is one, else without a language, else in any", () => {
    expect(chineseFirst({ en: "Leave", zh: "请假" })).toBe("请假");
    expect(chineseFirst({ en: "Leave", "zh-CN": "请假" })).toBe("请假");
    expect(chineseFirst({ en: "Leave", "": "leave of absence" })).toBe("leave of absence");
    expect(chineseFirst({ zh: "", en: "Leave" })).toBe("Leave");
    expect(chineseFirst({})).toBe("");
  });
});

describe("the title of a session", () => {
  const session = {
    title: "",
    creator: { number: "2021001", name: "张三" },
    appName: { zh: "请假" },
  } as unknown as Session;

  it("is its own, else made of its creator and its app", () => {
    expect(titleOf(session)).toBe("张三的请假");
    expect(titleOf({ ...session, title: "出差" })).toBe("出差");
    expect(titleOf({ ...session, creator: { number: "1", name: "" } })).toBe("请假");
  });
});

describe("a work item", () => {
  it("is open until it is done or taken away", () => {
    expect((["OPEN", "CLAIMED", "DONE", "WITHDRAWN"] as const).map(isOpen)).toEqual([true, true, false, false]);
  });
});
