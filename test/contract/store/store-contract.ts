import { describe } from "vitest";
import { actorStatesContract } from "./actor-states-contract.ts";
import { actorsContract } from "./actors-contract.ts";
import { approvalsContract } from "./approvals-contract.ts";
import { approvalsRoundTripContract } from "./approvals-round-trip-contract.ts";
import { awkwardDataContract } from "./awkward-data-contract.ts";
import { cursorsContract } from "./cursors-contract.ts";
import { definitionQueriesContract } from "./definition-queries-contract.ts";
import { eventsContract } from "./events-contract.ts";
import { executionsContract } from "./executions-contract.ts";
import { fencedWritesContract } from "./fenced-writes-contract.ts";
import { fencingContract } from "./fencing-contract.ts";
import { type OpenStore, givenStore } from "./given-store.ts";
import { instanceLifeContract } from "./instance-life-contract.ts";
import { instanceQueriesContract } from "./instance-queries-contract.ts";
import { journalContract } from "./journal-contract.ts";
import { pushStatesContract } from "./push-states-contract.ts";
import { queueContract } from "./queue-contract.ts";
import { retentionContract } from "./retention-contract.ts";
import { roundTripContract } from "./round-trip-contract.ts";
import { shardsContract } from "./shards-contract.ts";

/**
 * What every implementation of the store port must hold. Call it at the top of a test file, with a function that opens an EMPTY store: each
 * test opens one of its own and closes it. `close` of what it gives must also let go of what belongs to the store alone.
 */
export function storeContract(name: string, open: OpenStore): void {
  const given = givenStore(open);
  describe(name, () => {
    describe("journal", () => journalContract(given));
    describe("the life of an instance", () => instanceLifeContract(given));
    describe("fencing", () => fencingContract(given));
    describe("fenced writes", () => fencedWritesContract(given));
    describe("events", () => eventsContract(given));
    describe("shards", () => shardsContract(given));
    describe("cursors of publishing", () => cursorsContract(given));
    describe("actors", () => actorsContract(given));
    describe("states of actors that are one document", () => actorStatesContract(given));
    describe("sessions and their work items", () => approvalsContract(given));
    describe("what platforms were told", () => pushStatesContract(given));
    describe("queues", () => queueContract(given));
    describe("definitions and their occurrences in lists", () => definitionQueriesContract(given));
    describe("instances and their attempts in lists", () => instanceQueriesContract(given));
    describe("executions", () => executionsContract(given));
    describe("retention", () => retentionContract(given));
    describe("round trip", () => roundTripContract(given));
    describe("round trip of sessions and work items", () => approvalsRoundTripContract(given));
    describe("awkward data", () => awkwardDataContract(given));
  });
}
