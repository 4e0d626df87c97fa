import { describe, expect, it } from "vitest";
import { SESSION_STATES } from "../../../../src/domain/approval/session.ts";
import type { SessionState } from "../../../../src/domain/approval/session.ts";
import { LI, Story, T0 } from "./given.ts";

const NAMES: Record<SessionState, string> = {
  DRAFT: "drafted",
  RUNNING: "started",
  SUSPENDED: "suspended",
  COMPLETED: "completed",
  ABORTED: "aborted",
  REJECTED: "rejected",
  REVOKED: "revoked",
};
const PAIRS = SESSION_STATES.flatMap((from) => SESSION_STATES.map((to) => ({ from, to })));

function inState(state: SessionState): Story {
  return new Story().tell(10, "", { session: { state } });
}

describe("a session that is told to be in another state", () => {
  it.each(PAIRS)("$from → $to: a newer word counts, and is announced when it is another", ({ from, to }) => {
    const story = inState(from).tell(20, "", { session: { state: to } });
    expect([story.session.state, story.record.factAt]).toEqual([to, T0 + 20_000]);
    expect(story.told).toEqual([...(from === to ? [] : [NAMES[to]]), "reported"]);
  });

  it.each(PAIRS)("$from → $to: an older word undoes nothing", ({ from, to }) => {
    const story = inState(from).tell(5, "", { session: { state: to } });
    expect([story.session.state, story.record.factAt]).toEqual([from, T0 + 10_000]);
    expect(story.decided.effects.map(({ name }) => name)).not.toContain(NAMES[to]);
  });

  it.each(PAIRS)("$from → $to: of the same time, the further one stands", ({ from, to }) => {
    const story = inState(from).tell(10, "", { session: { state: to } });
    const further = SESSION_STATES.indexOf(to) > SESSION_STATES.indexOf(from) ? to : from;
    expect(story.session.state).toBe(further);
  });
});

describe("what is not told", () => {
  it("a session of which nobody told the state is taken to run, and any word of it counts", () => {
    const story = new Story().tell(10, "receive", { workItem: { id: "9001" } });
    expect(story.session).toMatchObject({ id: "77", state: "RUNNING", createdAt: T0 + 10_000, finishedAt: null });
    expect(story.told).toEqual(["created", "work_items_opened", "reported"]);
    expect(story.tell(1, "", { session: { state: "DRAFT" } }).session.state).toBe("DRAFT");
  });

  it("it is as old as the oldest that is heard of it, until somebody says how old", () => {
    const story = new Story().tell(10, "receive", { workItem: { id: "9001" } }).tell(5, "remind_task");
    expect(story.session.createdAt).toBe(T0 + 5000);
    story.tell(20, "", { session: { createdAt: T0 + 7000 } }).tell(3, "manual");
    expect(story.session.createdAt).toBe(T0 + 7000);
  });

  it("it was finished when the event that ended it happened, until somebody says when", () => {
    const story = new Story().tell(10, "after_end");
    expect(story.session.finishedAt).toBe(T0 + 10_000);
    expect(story.tell(11, "", { session: { finishedAt: T0 + 9000 } }).session.finishedAt).toBe(T0 + 9000);
    expect(story.tell(12, "", { session: { state: "RUNNING" } }).session.finishedAt).toBeNull();
    expect(story.tell(13, "revoke").session.finishedAt).toBe(T0 + 13_000);
  });
});

describe("what an action says of the session", () => {
  it.each([
    ["after_end", "COMPLETED"],
    ["task_abort", "ABORTED"],
    ["reject", "REJECTED"],
    ["revoke", "REVOKED"],
    ["action.after_end.0", "COMPLETED"],
    ["action.task_abort", "ABORTED"],
  ] as const)("%s: it is %s, whatever the facts say that come with it", (name, state) => {
    expect(new Story().tell(10, name, { session: { state: "RUNNING" } }).session.state).toBe(state);
  });

  it("task_resume is a suspension when the facts say so, and else its end", () => {
    const story = new Story().tell(10, "task_resume", { session: { state: "SUSPENDED" } });
    expect([story.session.state, story.told]).toEqual(["SUSPENDED", ["created", "suspended", "reported"]]);
    expect(story.tell(20, "task_resume").session.state).toBe("RUNNING");
  });

  it.each(["receive", "after_examine", "change_assignee", "remind_task", "archive", "manual", "sess_delete", "other"])(
    "%s says nothing of its state, but the facts that come with it may",
    (name) => {
      const story = inState("SUSPENDED").tell(20, name);
      expect(story.session.state).toBe("SUSPENDED");
      expect(story.tell(30, name, { session: { state: "RUNNING" } }).session.state).toBe("RUNNING");
    },
  );
});

describe("a deleted session", () => {
  const workItem = { id: "9001", assignees: [LI] };

  it("stays deleted, whatever comes, and its items stay withdrawn", () => {
    const story = new Story().tell(10, "receive", { workItem }).tell(20, "sess_delete");
    expect(story.told).toEqual(["deleted", "work_items_withdrawn", "reported"]);
    story.tell(30, "receive", { workItem, session: { state: "RUNNING" } }).tell(5, "receive", { workItem });
    expect([story.record.deletedAt, story.item().state]).toEqual([T0 + 20_000, "WITHDRAWN"]);
  });

  it("is deleted once: the first time counts, and is announced", () => {
    const story = new Story().tell(20, "sess_delete").tell(30, "sess_delete");
    expect([story.record.deletedAt, story.told]).toEqual([T0 + 20_000, ["reported"]]);
    expect(story.tell(10, "sess_delete").record.deletedAt).toBe(T0 + 10_000);
  });

  it("keeps what it was: its facts are what platforms have to be told to forget", () => {
    const story = new Story().tell(10, "receive", { workItem, session: { appId: "12", title: "请假" } });
    story.tell(20, "sess_delete");
    expect(story.session).toMatchObject({ appId: "12", title: "请假", state: "RUNNING" });
    expect(story.item().assignees).toEqual([LI]);
  });
});

describe("a session that was archived (归档)", () => {
  const workItem = { id: "9001", assignees: [LI] };

  it("stays archived, whatever comes, and is else as it was", () => {
    const story = new Story().tell(10, "receive", { workItem }).tell(20, "archive");
    expect(story.told).toEqual(["archived", "reported"]);
    story.tell(30, "receive", { workItem, session: { state: "RUNNING" } }).tell(5, "receive", { workItem });
    expect([story.record.archivedAt, story.record.deletedAt]).toEqual([T0 + 20_000, null]);
    expect([story.session.state, story.item().state]).toEqual(["RUNNING", "OPEN"]);
  });

  it("is archived once: the first time counts, and is announced", () => {
    const story = new Story().tell(20, "action.archive.0").tell(30, "archive");
    expect([story.record.archivedAt, story.told]).toEqual([T0 + 20_000, ["reported"]]);
    story.tell(10, "archive");
    expect([story.record.archivedAt, story.told]).toEqual([T0 + 10_000, ["reported"]]);
  });

  it("was archived also when nothing else is known of it, or that comes later", () => {
    const story = new Story().tell(20, "archive", { workItem: { id: "9001" } });
    expect(story.told).toEqual(["created", "archived", "work_items_opened", "reported"]);
    story.tell(10, "after_end");
    expect([story.record.archivedAt, story.session.state]).toEqual([T0 + 20_000, "COMPLETED"]);
  });

  it("may be deleted too", () => {
    const story = new Story().tell(20, "archive").tell(30, "sess_delete");
    expect([story.record.archivedAt, story.record.deletedAt]).toEqual([T0 + 20_000, T0 + 30_000]);
    expect(story.told).toEqual(["deleted", "reported"]);
  });
});

describe("a word that changes nothing", () => {
  it("writes nothing and announces nothing", () => {
    const story = new Story().tell(10, "reject", { session: { title: "请假" } });
    const { record } = story.state;
    story.tell(10, "reject", { session: { title: "请假" } });
    expect(story.decided).toMatchObject({ changedItems: [], pushes: [], effects: [] });
    expect(story.record).toEqual(record);
    expect(story.decided.session.revision).toBe(1);
  });

  it("a change is a revision, at the time when it was decided", () => {
    const story = new Story().tell(10, "", { session: { title: "a" } }).tell(20, "", { session: { title: "b" } });
    expect(story.record).toMatchObject({ revision: 2, updatedAt: T0 + 21_000, shard: 5 });
  });
});
