import { expect, it } from "vitest";
import { SESSION_STATES, WORK_ITEM_STATES } from "../../../src/domain/approval/session.ts";
import { aSession, aWorkItem } from "./given-approvals.ts";
import type { Given } from "./given-store.ts";

const LAST_INSTANT = 8_640_000_000_000_000;
const TEXTS = [
  "",
  "NULL",
  "{a,b}",
  `it's "x" \\ \\\\n`,
  "统一\u0001🚀 é",
  "line\nbreak\t",
  "$1 %s --",
  "长".repeat(5000),
];

/** Sessions and work items come out of a store exactly as they went in. */
export function approvalsRoundTripContract(given: Given): void {
  it(
    "sessions in every state, with everything told (R-083, R-084)",
    given(async ({ store, writer }) => {
      const node = await writer();
      const told = Object.fromEntries(TEXTS.map((text, index) => [text, index]));
      const sessions = SESSION_STATES.map((state, index) => {
        const text = TEXTS[index]!;
        return aSession({
          shard: index % 4,
          revision: Number.MAX_SAFE_INTEGER,
          factAt: LAST_INSTANT,
          deletedAt: index % 2 === 0 ? LAST_INSTANT : null,
          archivedAt: index % 2 === 0 ? null : LAST_INSTANT,
          updatedAt: LAST_INSTANT,
          log: [{ workItemId: text, actor: { number: text, name: text }, operation: text, opinion: text, at: -1 }],
          todos: [
            { id: text, nodeId: text, procTaskId: text, total: 9, complete: 8, createdAt: 0, finishedAt: null },
            { id: "2", nodeId: "", procTaskId: "", total: 0, complete: 0, createdAt: -1, finishedAt: LAST_INSTANT },
          ],
          shares: [{ workItemId: text, from: text, to: text, at: 0 }],
          knowledge: {
            toldAt: told,
            todosToldAt: told,
            finishedAt: LAST_INSTANT,
            lastEndedAt: -1,
            seen: [{ name: text, at: 0 }],
          },
          session: {
            id: `#${text}`.slice(0, 200),
            appId: text.slice(0, 200),
            appName: { "": text, zh: text },
            title: text,
            serialNumber: text,
            state,
            creator: { number: text.slice(0, 200), name: text },
            summary: [{ label: text, value: text }],
            view: { pc: text, h5: "" },
            isQuestionnaire: true,
            isStartAndEnd: true,
            createdAt: -1,
            finishedAt: LAST_INSTANT,
          },
        });
      });
      await node.write({ sessions });
      for (const record of sessions) {
        expect(await store.approvals.loadSessions([record.session.id])).toStrictEqual([record]);
        expect(await store.approvals.listSessions({ creator: record.session.creator.number }, null, 10)).toContainEqual(
          record,
        );
      }
    }),
  );

  it(
    "items in every state, with everything told (R-082)",
    given(async ({ store, writer }) => {
      const node = await writer();
      const items = [...WORK_ITEM_STATES, ...WORK_ITEM_STATES].map((state, index) => {
        const text = TEXTS[index]!;
        const person = { number: text.slice(0, 200), name: text };
        return aWorkItem({
          appId: text.slice(0, 200),
          shard: index % 4,
          revision: Number.MAX_SAFE_INTEGER,
          factAt: LAST_INSTANT,
          updatedAt: LAST_INSTANT,
          knowledge: {
            toldAt: { [text]: -1 },
            state: "OPEN",
            finishedAt: -1,
            seen: [{ name: text, at: LAST_INSTANT }],
          },
          item: {
            id: `#${text}`.slice(0, 200),
            sessionId: `s${text}`.slice(0, 200),
            nodeId: text,
            nodeName: { "": text, en: text },
            state,
            assignees: [person, { number: "T,{}\"'", name: "" }, { number: "", name: "" }],
            handledBy: index % 2 === 0 ? person : null,
            opinion: text,
            previousIds: [text, ""],
            todo: { pc: text, h5: text },
            view: { pc: "", h5: text },
            data: index % 2 === 0 ? { task_type: 1, flags: [1, 2], [text]: { text, none: null } } : {},
            createdAt: -1,
            finishedAt: LAST_INSTANT,
          },
        });
      });
      await node.write({ workItems: items });
      for (const record of items) {
        const { id, sessionId, nodeId, assignees } = record.item;
        expect(await store.approvals.loadWorkItems({ ids: [id] })).toStrictEqual([record]);
        expect(await store.approvals.listWorkItems({ sessionId, nodeId }, null, 10)).toStrictEqual([record]);
        for (const { number } of assignees) {
          expect(await store.approvals.listWorkItems({ sessionId, assignee: number }, null, 10)).toHaveLength(1);
        }
      }
      expect(await store.approvals.countWorkItems({ assignee: "T,{}\"'" })).toBe(items.length);
    }),
  );
}
