/** A push in the making: what is to be sent so that the platform believes what is so, and nothing that it has acknowledged. */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import { isOpen } from "../../domain/approval/session.ts";
import type { WorkItem } from "../../domain/approval/session.ts";
import { statusesAfter } from "../belief.ts";
import type { Operation, PushPlan } from "../../ports/platform/connector.ts";
import { numbersOf } from "../people.ts";
import { presentAction } from "../present-action.ts";
import { unacknowledgedBefore } from "./back-push.ts";
import { endersOf } from "./ending.ts";
import { handedOver, takenOver } from "./handing-over.ts";
import type { HandingOver } from "./handing-over.ts";
import { add, complete, remove, terminate, transfer, updateTransaction, urge } from "./operations.ts";
import type { Telling } from "./operations.ts";
import { handlerOf, holdersOf } from "./people.ts";
import type { Standing } from "./standing.ts";
import { DONE, isClosed, TODO } from "./status.ts";
import type { TransactionStatus } from "./status.ts";

export class Draft {
  readonly items: readonly WorkItem[];
  readonly #telling: Telling;
  readonly #facts: PushFacts;
  readonly #standing: Standing;
  readonly #status: TransactionStatus;
  readonly #isManual: boolean;
  /** The items through which the session ends, if it has ended. */
  readonly #enders: ReadonlySet<WorkItem>;
  readonly #operations: Operation[] = [];
  readonly #desired = new Map<string, string | null>();
  #reason: string;

  constructor(telling: Telling, status: TransactionStatus) {
    this.#telling = telling;
    this.#facts = telling.facts;
    this.#standing = telling.standing;
    this.#status = status;
    this.#isManual = telling.facts.action === "manual";
    this.items = telling.standing.items;
    this.#reason =
      this.items.length === 0
        ? "The session has no items that the platform could know."
        : "The platform has acknowledged this already.";
    this.#enders = new Set(endersOf(this.items, status));
  }

  get #isLive(): boolean {
    return this.#status === "IN_PROGRESS" || this.#status === "HANG_UP";
  }

  /** What the platform has acknowledged of the transaction; null: nothing. */
  get #transactionStatus(): string | null {
    const { session, acknowledged } = this.#facts;
    return acknowledged.get(session.id)?.status ?? null;
  }

  deletion(): PushPlan {
    for (const item of this.items) {
      for (const id of new Set([this.#standing.plainIdOf(item), ...this.#standing.knownIdsOf(item)])) {
        this.#send(remove(this.#telling, id));
      }
    }
    return this.#done();
  }

  urging(): PushPlan {
    this.#reason = "Nothing is open that could be urged.";
    for (const item of this.#facts.item === null ? this.items : [this.#current(this.#facts.item)]) {
      if (!this.#isLive || !isOpen(item.state)) continue;
      if (this.#standing.statusOf(item) === null && numbersOf(item.assignees).length === 0) {
        // News of who has it is under way.
        this.#reason = "Nobody has the item yet, so there is nobody to be urged.";
        continue;
      }
      const isAsItShouldBe =
        !isClosed(this.#standing.statusOf(item)) && handedOver(item, this.#facts, this.#standing) === null;
      if (!isAsItShouldBe) this.#tellOpen(item);
      const isNew = this.#operations.some(
        ({ kind, thirdId }) => kind === "add" && this.#standing.ownerOf(thirdId) === item,
      );
      if (!isNew) this.#send(urge(this.#telling, item, this.#standing.idOf(item)));
    }
    return this.#done();
  }

  /** A suspension or its end. A transaction comes to be with its first todo: before that there is none to tell of. */
  ofTransaction(): PushPlan {
    if (this.items.length > 0 || this.#transactionStatus !== null) {
      this.#tellTransaction(this.#facts.session.creator.number);
    }
    return this.#done();
  }

  /** The session was cut short: told of all at once, whatever the event names. */
  brokenOff(): PushPlan {
    for (const item of this.#enders) {
      if (this.#telling.version.endsBy === "item") {
        this.#tellBrokenOff(item);
      } else {
        this.#tellEnd(item);
      }
    }
    return this.#done();
  }

  ofItems(items: readonly WorkItem[]): PushPlan {
    const { session } = this.#facts;
    const acknowledged = this.#transactionStatus;
    // A transaction must go on before something is done in it.
    if (this.#status === "IN_PROGRESS" && acknowledged !== null && acknowledged !== this.#status) {
      this.#tellTransaction(session.creator.number);
    }
    for (const item of items) {
      this.#tell(this.#current(item));
    }
    const isKnown = acknowledged !== null || this.#operations.length > 0;
    if (this.#status === "HANG_UP" && acknowledged !== this.#status && isKnown) {
      this.#tellTransaction(session.creator.number);
    }
    return this.#done();
  }

  /** The same item as the standing knows it. */
  #current(item: WorkItem): WorkItem {
    return this.items.find(({ id }) => id === item.id) ?? item;
  }

  #tell(item: WorkItem): void {
    const isEnder = this.#enders.has(item);
    const endsByItem = this.#telling.version.endsBy === "item";
    if (isEnder && endsByItem && this.#status === "BREAK_UP") {
      this.#tellBrokenOff(item);
      return;
    }
    if (item.state === "DONE") {
      this.#tellDone(item);
    } else if (this.#isLive && isOpen(item.state)) {
      this.#tellOpen(item);
    } else if (!isEnder || this.#status === "FINISH") {
      this.#tellTakenAway(item);
    }
    if (isEnder && !endsByItem) {
      this.#tellEnd(item);
    }
  }

  #tellOpen(item: WorkItem): void {
    const holders = numbersOf(item.assignees);
    if (holders.length === 0) {
      this.#reason = "Nobody has the item, and the platform takes none without handlers.";
    } else if (isClosed(this.#standing.statusOf(item))) {
      this.#send(add(this.#telling, item, this.#standing.nextIdOf(item, holders), holders));
    } else {
      const change = handedOver(item, this.#facts, this.#standing);
      if (change === null) {
        this.#tellUnchanged(item, holders);
      } else {
        this.#handOver(item, change);
      }
    }
  }

  /** @returns the id under which those have it to whom it went. */
  #handOver(item: WorkItem, change: HandingOver): string {
    const { version, settings } = this.#telling;
    const id = this.#standing.idOf(item);
    if (!version.recreatesOnTransfer(settings)) {
      this.#send(transfer(this.#telling, id, change));
      return id;
    }
    const next = this.#standing.nextIdOf(item, change.have);
    this.#send(complete(this.#telling, item, id, { handler: change.from[0] ?? "" }));
    this.#send(add(this.#telling, item, next, change.have));
    return next;
  }

  /** By hand something always goes: for a todo that is there, that its transaction goes on. */
  #tellUnchanged(item: WorkItem, holders: readonly string[]): void {
    const id = this.#standing.idOf(item);
    if (this.#standing.statusOf(item) === null) {
      this.#send(add(this.#telling, item, id, holders));
      return;
    }
    this.#settle(id, TODO);
    if (this.#isManual) {
      const goesOn = updateTransaction(this.#telling, this.#status, this.#facts.session.creator.number);
      const isNews = this.#status !== "IN_PROGRESS" || this.#transactionStatus !== null;
      // That it is in progress needs no telling: it began so.
      this.#send(isNews ? goesOn : { ...goesOn, acknowledges: new Map() });
    }
  }

  #tellDone(item: WorkItem): void {
    const { action } = this.#facts;
    const id = this.#standing.idOf(item);
    const status = this.#standing.statusOf(item);
    const completion = this.#completion(item);
    const desired = completion.acknowledges?.get(id)?.status;
    const isTold = isClosed(status) && (desired === DONE || desired === status);
    if (status !== null && isTold && !this.#isManual) {
      this.#settle(id, status);
      return;
    }
    // It came before another one of this push.
    if (this.#isSent(completion)) return;
    for (const before of unacknowledgedBefore(item, this.#facts, this.#standing)) {
      this.#complete(before);
    }
    const holders = holdersOf(item);
    if (status === null && holders.length > 0 && (this.#isManual || action === "receive")) {
      // Should it be there after all, it can be completed none the less.
      this.#send({ ...add(this.#telling, item, id, holders), onFailure: "go-on" });
    }
    this.#complete(item);
  }

  /** In V1 only those who have a todo may complete it. */
  #complete(item: WorkItem): void {
    const change = this.#telling.version.endsBy === "item" ? takenOver(item, this.#facts, this.#standing) : null;
    this.#send(this.#completion(item, change === null ? this.#standing.idOf(item) : this.#handOver(item, change)));
  }

  #completion(item: WorkItem, id = this.#standing.idOf(item)): Operation {
    const isLast = this.#status === "FINISH" && this.#enders.has(item);
    return complete(this.#telling, item, id, { isLast });
  }

  /** Nobody did it, and nobody has to: it must not stay in anybody's list. */
  #tellTakenAway(item: WorkItem): void {
    const id = this.#standing.idOf(item);
    const status = this.#standing.statusOf(item);
    if (status === null) {
      this.#reason = "The item was taken away before the platform knew it.";
    } else if (isClosed(status)) {
      this.#settle(id, status);
    } else {
      const had = this.#standing.assigneesOf(item);
      const handler = handlerOf(item, this.#facts);
      this.#send(complete(this.#telling, item, id, { handler: had.includes(handler) ? handler : (had[0] ?? handler) }));
    }
  }

  /** V1. */
  #tellBrokenOff(item: WorkItem): void {
    const id = this.#standing.idOf(item);
    if (this.#standing.statusOf(item) === "BREAK_UP" && !this.#isManual) {
      this.#settle(id, "BREAK_UP");
    } else {
      this.#send(terminate(this.#telling, id));
    }
  }

  /** V2. */
  #tellEnd(item: WorkItem): void {
    const { session } = this.#facts;
    if (this.#transactionStatus === this.#status && !this.#isManual) {
      this.#settle(session.id, this.#status);
    } else {
      this.#tellTransaction(this.#status === "FINISH" ? handlerOf(item, this.#facts) : session.creator.number);
    }
  }

  #tellTransaction(editAccount: string): void {
    this.#send(updateTransaction(this.#telling, this.#status, editAccount));
  }

  #isSent({ kind, thirdId }: Operation): boolean {
    return this.#operations.some((sent) => sent.kind === kind && sent.thirdId === thirdId);
  }

  /** None is sent twice in one push. */
  #send(operation: Operation): void {
    if (this.#isSent(operation)) return;
    this.#operations.push(operation);
    for (const [id, status] of statusesAfter([operation])) this.#desired.set(id, status);
  }

  /** The platform believes this already. */
  #settle(id: string, status: string): void {
    this.#desired.set(id, status);
  }

  #done(): PushPlan {
    if (this.#operations.length === 0) {
      return { kind: "skip", reason: this.#reason };
    }
    const { item } = this.#facts;
    const isTold = item !== null && this.#isLive && isOpen(item.state) && presentAction(this.#facts) !== "sess_delete";
    return {
      kind: "push",
      desired: this.#desired,
      assignees: isTold ? numbersOf(item.assignees) : [],
      operations: this.#operations,
    };
  }
}
