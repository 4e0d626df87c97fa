import { describe, expect, it } from "vitest";
import type { JournalBatch } from "../../../src/ports/store/journal.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import {
  aDefinition,
  aRequest,
  aSupervisor,
  anActorState,
  anAttempt,
  anEntry,
  anEvent,
  anInstance,
  anOccurrence,
  changed,
  ended,
} from "../../support/records.ts";
import { NO_ROWS, ShardWriter } from "../../support/shard-writer.ts";
import { aPushState, aSession, aWorkItem } from "./given-approvals.ts";
import { type Given, LONG_TTL_MS, SHARDS } from "./given-store.ts";

type Section = Exclude<keyof JournalBatch, "fences">;

/** Rows of shard 0, for a batch to change, move or remove. */
function theRowsBefore() {
  const definition = aDefinition();
  const waiting = anInstance({ spec: { definitionId: definition.id } });
  return {
    definition,
    supervisor: aSupervisor(definition, { wakeAt: 1000 }),
    occurrence: anOccurrence({ definitionId: definition.id }),
    waiting,
    entry: anEntry(waiting),
    finished: ended(anInstance(), "FAILED"),
    request: aRequest(),
    actorState: anActorState(),
    session: aSession(),
    workItem: aWorkItem(),
    pushState: aPushState(),
    event: anEvent({ sequence: 1 }),
  };
}

/** A batch's rows of each section alone. A section that the port gets and that is not here fails to compile. */
const SECTIONS: {
  readonly [Name in Section]: (before: ReturnType<typeof theRowsBefore>) => Pick<JournalBatch, Name>;
} = {
  definitions: ({ definition }) => ({
    definitions: [{ ...definition, revision: 2, state: "PAUSED" }, aDefinition()],
  }),
  supervisors: ({ definition }) => ({ supervisors: [aSupervisor(definition, { wakeAt: 2000 })] }),
  deletedDefinitions: ({ definition }) => ({ deletedDefinitions: [definition.id] }),
  occurrences: ({ occurrence }) => ({
    occurrences: [
      { ...occurrence, outcome: "MISSED" },
      { ...occurrence, scheduledAt: occurrence.scheduledAt + 1 },
    ],
  }),
  createdInstances: () => ({ createdInstances: [anInstance(), ended(anInstance(), "COMPLETED")] }),
  changedInstances: ({ waiting }) => ({ changedInstances: [changed(waiting, { state: "RUNNING" })] }),
  finishedInstances: ({ waiting }) => ({ finishedInstances: [ended(waiting, "COMPLETED")] }),
  revivedInstances: ({ finished }) => ({ revivedInstances: [changed(finished, { state: "PENDING" })] }),
  amendedInstances: ({ finished }) => ({
    amendedInstances: [
      { ...finished, revision: finished.revision + 1, life: { ...finished.life, metadata: { late: true } } },
    ],
  }),
  attempts: ({ finished }) => ({ attempts: [anAttempt({ instanceId: finished.id })] }),
  enqueued: ({ waiting }) => ({ enqueued: [anEntry(anInstance({ spec: waiting.spec }))] }),
  dequeued: ({ entry }) => ({ dequeued: [entry] }),
  requests: ({ request }) => ({ requests: [{ ...request, answer: "another" }, aRequest()] }),
  actorStates: ({ actorState }) => ({
    actorStates: [{ ...actorState, state: { revision: 2 } }, anActorState({ id: "https://new.example" })],
  }),
  removedActorStates: ({ actorState: { kind, id, shard } }) => ({ removedActorStates: [{ kind, id, shard }] }),
  sessions: ({ session }) => ({
    sessions: [aSession({ ...session, session: { ...session.session, title: "another" } }), aSession()],
  }),
  workItems: ({ workItem }) => ({
    workItems: [aWorkItem({ ...workItem, item: { ...workItem.item, state: "DONE" } }), aWorkItem()],
  }),
  pushStates: ({ pushState }) => ({
    pushStates: [{ ...pushState, status: null }, aPushState({ thirdId: "another" })],
  }),
  events: ({ event }) => ({ events: [{ ...event, sequence: 2 }] }),
};

/** How a node loses shard 0 without noticing. Gives the new owner. */
const TAKEOVERS: Readonly<Record<string, (store: Store, old: ShardWriter) => Promise<ShardWriter>>> = {
  "another node has": async (store, old) => {
    await store.shards.release(
      old.node,
      old.held.filter(({ shard }) => shard === 0),
    );
    return new ShardWriter(store, "next", await store.shards.acquire("next", LONG_TTL_MS, [0]));
  },
  "its own next life has": async (store, old) =>
    new ShardWriter(store, old.node, await store.shards.acquire(old.node, LONG_TTL_MS, [0])),
};

/** A change of the store outside the journal, made for what the writer holds of shard 0. */
interface FencedWrite {
  make(store: Store, by: ShardWriter): Promise<unknown>;
  /** What it answers when the shard is not the writer's. */
  readonly refused: unknown;
}

type Kind = "only reads" | "proved section by section" | { readonly unfenced: string } | FencedWrite;

/** All that a node can ask of the store, but for the queries of the API, which read. A method that is not here fails to compile. */
const METHODS: {
  readonly [Part in "actors" | "actorStates" | "approvals" | "cursors" | "journal" | "shards"]: {
    readonly [Method in keyof Store[Part]]: Kind;
  };
} = {
  journal: { commit: "proved section by section" },
  shards: {
    prepare: { unfenced: "writes only while there are no shards, so before there are owners" },
    list: "only reads",
    acquire: { unfenced: "it is what moves the epoch" },
    renew: { make: (store, by) => store.shards.renew(by.node, heldOf(by), 2 * LONG_TTL_MS), refused: [] },
    release: { make: (store, by) => store.shards.release(by.node, heldOf(by)), refused: undefined },
  },
  actors: {
    loadDefinitions: "only reads",
    loadInstances: "only reads",
    loadActiveOf: "only reads",
    dueWakeups: "only reads",
    queueLanes: "only reads",
    readLane: "only reads",
    findRequests: "only reads",
    forgetRequests: { unfenced: "removes only answers that are past their time, whoever asks" },
  },
  actorStates: { load: "only reads", list: "only reads" },
  approvals: {
    loadSessions: "only reads",
    loadWorkItems: "only reads",
    listSessions: "only reads",
    listWorkItems: "only reads",
    countWorkItems: "only reads",
    pageSessions: "only reads",
    pageWorkItems: "only reads",
    loadPushStates: "only reads",
    loadPushStatesOfSessions: "only reads",
    loadPushStatesOf: "only reads",
  },
  cursors: {
    read: "only reads",
    write: {
      make: (store, by) =>
        store.cursors.write(heldOf(by).map((held) => ({ ...held, sequence: 1, stream: `stream of ${held.epoch}` }))),
      refused: undefined,
    },
    lastBefore: "only reads",
  },
};

function heldOf(writer: ShardWriter) {
  return writer.held.filter(({ shard }) => shard === 0);
}

async function givenRows(old: ShardWriter) {
  const before = theRowsBefore();
  await old.write({
    definitions: [before.definition],
    supervisors: [before.supervisor],
    occurrences: [before.occurrence],
    createdInstances: [before.waiting, before.finished],
    enqueued: [before.entry],
    requests: [before.request],
    actorStates: [before.actorState],
    sessions: [before.session],
    workItems: [before.workItem],
    pushStates: [before.pushState],
    events: [before.event],
  });
  return before;
}

/** That nothing changes a shard but its owner: each write there is, after the epoch moved on under the node that makes it. */
export function fencedWritesContract(given: Given): void {
  for (const [taker, takeOver] of Object.entries(TAKEOVERS)) {
    describe(`once ${taker} the shard, the old owner`, () => {
      for (const [section, rowsOf] of Object.entries(SECTIONS)) {
        it(
          `writes no ${section}, and the new one does`,
          given(async ({ store, rows, writer }) => {
            const old = await writer("old");
            const sent = rowsOf(await givenRows(old));
            const late = old.batch(sent, [0]);
            const next = await takeOver(store, old);
            const before = await rows();

            expect(await old.send(late)).toEqual({ kind: "fenced", shards: [0] });
            expect(await rows()).toEqual(before);

            expect(await next.send(next.batch(sent, [0])), "the same rows of the owner").toEqual({ kind: "committed" });
            expect((await rows()).others, "the same rows of the owner").not.toEqual(before.others);
          }),
        );
      }

      for (const [part, methods] of Object.entries(METHODS)) {
        for (const [method, kind] of Object.entries<Kind>(methods)) {
          if (typeof kind === "string" || "unfenced" in kind) continue;
          it(
            `changes nothing by ${part}.${method}, and the new one does`,
            given(async ({ store, rows, writer }) => {
              const old = await writer("old");
              await givenRows(old);
              const next = await takeOver(store, old);
              const before = await rows();

              expect(await kind.make(store, old)).toEqual(kind.refused);
              expect(await rows()).toEqual(before);

              await kind.make(store, next);
              expect(await rows(), "the same by the owner").not.toEqual(before);
            }),
          );
        }
      }
    });
  }

  for (const [section, rowsOf] of Object.entries(SECTIONS)) {
    it(
      `${section} in a shard for which the batch has no fence are refused`,
      given(async ({ store, rows, writer }) => {
        const node = await writer();
        const sent = rowsOf(await givenRows(node));
        const others = section === "deletedDefinitions" ? [] : [1, SHARDS - 1];
        const before = await rows();
        const batch = { ...NO_ROWS, ...sent, fences: others.map((shard) => node.fence(shard)) };
        await expect(store.journal.commit(batch)).rejects.toThrow(/cannot be written: .* fence/u);
        expect(await rows()).toEqual(before);
      }),
    );
  }
}
