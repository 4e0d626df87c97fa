/**
 * Who of a definition may go beside whom. Looked at whenever an instance is let go (created without a gate, or released from one): nobody may be
 * under way then whom overlap policy, limits or keys keep away. Decisions of one commit have no order that could be seen, so only those count
 * as under way that were so before the commit and still are after it.
 */
import type { DefinitionSpec } from "../../../src/domain/definition/definition.ts";
import { isFinal } from "../../../src/domain/instance/instance.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import type { OverlapPolicy } from "../../../src/domain/policy/overlap.ts";
import type { JournalBatch } from "../../../src/ports/store/journal.ts";
import type { Audit } from "./audit.ts";
import type { Records } from "./records.ts";
import { instancesOf } from "./records.ts";

/** The label that callers give to instances for which the overlap policy holds. */
export const HELD_TO_POLICY = "held-to-policy";

const ONE_AT_A_TIME: ReadonlySet<OverlapPolicy> = new Set(["SKIP", "BUFFER_ONE", "BUFFER_ALL", "CANCEL_OTHER"]);

interface Standing {
  readonly spec: DefinitionSpec | undefined;
  readonly admitted: ReadonlySet<string>;
  /** With the series each is in: one that ended and was started anew is another. */
  readonly unfinished: ReadonlyMap<string, number>;
  /** Those that wait for the whole definition, and have no keys to wait for. */
  readonly buffered: ReadonlySet<string>;
}

export class OverlapAudit {
  readonly #audit: Audit;
  /** Instances that may not run beside others, as long as their definition's policy is so. */
  readonly #exclusive = new Set<string>();
  /** In the order of the commits that made them. */
  readonly #born = new Map<string, number>();
  /** How many had been born when a definition last had nobody under way. */
  readonly #idleAt = new Map<string, number>();
  #before = new Map<string, Standing>();

  constructor(audit: Audit) {
    this.#audit = audit;
  }

  before(batch: JournalBatch, records: Records): void {
    this.#before = new Map();
    for (const id of definitionsOf(batch)) {
      this.#before.set(id, standingOf(id, records));
    }
  }

  after(batch: JournalBatch, records: Records): void {
    for (const record of [...batch.createdInstances, ...batch.revivedInstances]) {
      this.#born.set(record.id, this.#born.size);
    }
    for (const [id, before] of this.#before) {
      const after = standingOf(id, records);
      this.#note(batch, before, after, records, id);
      this.#look(id, before, after, records);
      this.#lookAtCreated(id, batch, before, after);
    }
  }

  /** Notes which instances may not run beside others. */
  #note(batch: JournalBatch, before: Standing, after: Standing, records: Records, definitionId: string): void {
    const policies = [before.spec?.overlapPolicy, after.spec?.overlapPolicy].filter((policy) => policy !== undefined);
    for (const { id, spec, life } of [...batch.createdInstances, ...batch.revivedInstances]) {
      if (spec.definitionId !== definitionId) {
        continue;
      }
      const isRevived = life.series > 0;
      const isHeld =
        isRevived || spec.trigger === "BACKFILL"
          ? policies.every((policy) => policy !== "ALLOW_ALL")
          : (spec.trigger === "SCHEDULE" || HELD_TO_POLICY in spec.labels) &&
            policies.every((policy) => ONE_AT_A_TIME.has(policy));
      if (isHeld) {
        this.#exclusive.add(id);
      } else {
        this.#exclusive.delete(id);
      }
    }
    if (policies.includes("ALLOW_ALL")) {
      // Those who wait by a key no longer wait for the whole definition, also under the next policy.
      for (const id of after.unfinished.keys()) {
        const record = records.instances.get(id);
        if (!after.admitted.has(id) && record !== undefined && hasKeys(record)) {
          this.#exclusive.delete(id);
        }
      }
    }
  }

  #look(definitionId: string, before: Standing, after: Standing, records: Records): void {
    const letGo = [...after.admitted].filter((id) => !before.admitted.has(id) || !isSame(id, before, after));
    const underWay = [...after.admitted].filter((id) => before.admitted.has(id) && isSame(id, before, after));
    const isOneAtATime = isAlways(before, after, (spec) => spec.overlapPolicy !== "ALLOW_ALL");
    const isExclusive = (id: string): boolean => this.#exclusive.has(id);
    const exclusive = isOneAtATime ? letGo.filter(isExclusive) : [];
    if (underWay.length === 0) {
      this.#idleAt.set(definitionId, this.#born.size);
    }
    const isTooMany = exclusive.length > 1 || (exclusive.length === 1 && underWay.some(isExclusive));
    // Others may go beside it once its turn has come, even before it is told.
    const idleAt = this.#idleAt.get(definitionId) ?? 0;
    const early = underWay.length > 0 ? exclusive.filter((id) => (this.#born.get(id) ?? 0) >= idleAt) : [];
    if (isTooMany || early.length > 0) {
      this.#audit.found(
        "the overlap policy is never broken",
        `${after.spec?.overlapPolicy}: ${exclusive.join(", ")} let go beside ${underWay.join(", ") || "each other"}`,
      );
    }
    const limit = Math.max(maxConcurrentOf(before.spec), maxConcurrentOf(after.spec));
    const isLimited = isAlways(before, after, (spec) => maxConcurrentOf(spec) > 0);
    if (isLimited && letGo.length > 0 && after.admitted.size > limit) {
      this.#audit.found(
        "max_concurrent is never broken",
        `${letGo.join(", ")} let go, ${after.admitted.size} are under way, ${limit} may be`,
      );
    }
    for (const id of letGo) {
      this.#lookAtKeys(id, underWay, after, records);
    }
    this.#lookAtUnique(after, records);
  }

  #lookAtKeys(id: string, underWay: readonly string[], after: Standing, records: Records): void {
    const record = records.instances.get(id);
    if (record === undefined) {
      return;
    }
    const { orderingKey, concurrency } = record.spec;
    const others = underWay.flatMap((other) => records.instances.get(other) ?? []);
    if (orderingKey !== "") {
      const busy = others.find(({ spec }) => spec.orderingKey === orderingKey);
      const ahead = [...after.unfinished.keys()].find((other) => {
        const older = records.instances.get(other);
        return (
          other < id &&
          older?.spec.orderingKey === orderingKey &&
          older.life.series === 0 &&
          record.life.series === 0 &&
          (this.#born.get(other) ?? 0) < (this.#born.get(id) ?? 0)
        );
      });
      if (busy !== undefined || ahead !== undefined) {
        this.#audit.found(
          "instances with one ordering key go one after the other",
          `${id} let go with key ${orderingKey}, before ${busy?.id ?? ahead} has ended`,
        );
      }
    }
    if (concurrency !== null) {
      const busy = others.filter(({ spec }) => spec.concurrency?.key === concurrency.key);
      this.#audit.require(
        busy.length < concurrency.limit,
        "a concurrency key is never broken",
        () => `${id} let go beside ${busy.map((other) => other.id).join(", ")}, ${concurrency.limit} may be`,
      );
    }
  }

  /** What the policy says about making one more. */
  #lookAtCreated(id: string, batch: JournalBatch, before: Standing, after: Standing): void {
    const stayed = [...before.unfinished.keys()].filter((other) => isSame(other, before, after));
    const waited = [...before.buffered].filter((other) => after.buffered.has(other));
    // One of them may have been let go already: that it was stands in a commit to come.
    const stillWaiting = waited.slice(1);
    const made = batch.createdInstances.filter(({ spec }) => {
      const isHeld = spec.trigger === "SCHEDULE" || (spec.trigger === "MANUAL" && HELD_TO_POLICY in spec.labels);
      return spec.definitionId === id && isHeld;
    });
    if (made.length === 0) {
      return;
    }
    const says = (policy: OverlapPolicy): boolean =>
      isAlways(before, after, ({ overlapPolicy }) => overlapPolicy === policy);
    const names = made.map((record) => record.id).join(", ");
    if (says("SKIP") && stayed.length > 0) {
      this.#audit.found("SKIP makes no second instance", `${names} made beside ${stayed.join(", ")}`);
    }
    if (says("BUFFER_ONE") && stillWaiting.length > 0) {
      this.#audit.found("BUFFER_ONE lets one wait", `${names} made while ${waited.join(", ")} waited`);
    }
    const limit = Math.max(before.spec?.bufferLimit ?? 0, after.spec?.bufferLimit ?? 0);
    if (says("BUFFER_ALL") && stillWaiting.length >= limit) {
      this.#audit.found("BUFFER_ALL has a limit", `${names} made while ${waited.join(", ")} waited`);
    }
  }

  #lookAtUnique(after: Standing, records: Records): void {
    const holders = new Map<string, string>();
    for (const id of after.unfinished.keys()) {
      const key = records.instances.get(id)?.spec.uniqueKey ?? "";
      const other = holders.get(key);
      if (key !== "" && other !== undefined) {
        this.#audit.found("a unique key has one holder", `${id} and ${other} both have ${key}`);
      }
      holders.set(key, id);
    }
  }
}

function definitionsOf(batch: JournalBatch): ReadonlySet<string> {
  return new Set([
    ...batch.supervisors.map(({ definitionId }) => definitionId),
    ...instancesOf(batch).flatMap(({ spec }) => spec.definitionId ?? []),
  ]);
}

function standingOf(id: string, records: Records): Standing {
  const admitted = new Set<string>();
  const buffered = new Set<string>();
  const unfinished = new Map<string, number>();
  for (const instanceId of records.unfinishedOf(id)) {
    const record = records.instances.get(instanceId);
    unfinished.set(instanceId, record?.life.series ?? 0);
    const gate = record === undefined || isFinal(record.state) ? null : gateOf(record);
    if (gate === null) {
      admitted.add(instanceId);
    } else if (gate === "BUFFERED" && record !== undefined && !hasKeys(record)) {
      buffered.add(instanceId);
    }
  }
  return { spec: records.definitions.get(id)?.spec, admitted, unfinished, buffered };
}

/** What an instance waits for among its own kind, as its row says. */
export function gateOf({ life }: InstanceRecord): "CONCURRENCY" | "BUFFERED" | null {
  const reason = life.paused === null ? life.waitingReason : life.paused.reason;
  return reason === "CONCURRENCY" || reason === "BUFFERED" ? reason : null;
}

/** Whether it was under way all along. */
function isSame(id: string, before: Standing, after: Standing): boolean {
  const series = before.unfinished.get(id);
  return series !== undefined && series === after.unfinished.get(id);
}

function hasKeys({ spec }: InstanceRecord): boolean {
  return spec.orderingKey !== "" || spec.concurrency !== null;
}

function maxConcurrentOf(spec: DefinitionSpec | undefined): number {
  return spec?.overlapPolicy === "ALLOW_ALL" ? spec.maxConcurrent : 0;
}

function isAlways(before: Standing, after: Standing, holds: (spec: DefinitionSpec) => boolean): boolean {
  return after.spec !== undefined && holds(after.spec) && (before.spec === undefined || holds(before.spec));
}
