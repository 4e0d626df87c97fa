/** What callers were told, held against what the store has: at the moment the answer leaves the node, and at the end. */
import type { ErrorReason } from "../../../src/domain/error.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import type { Audit } from "./audit.ts";
import type { Records } from "./records.ts";

/** Refusals after which nothing was done. */
const DEFINITE: ReadonlySet<ErrorReason> = new Set([
  "INVALID_FIELD",
  "DEFINITION_NOT_FOUND",
  "INSTANCE_NOT_FOUND",
  "STATE_FORBIDS",
  "ETAG_MISMATCH",
  "ID_TAKEN",
  "REQUEST_ID_REUSED",
  "STALE_ATTEMPT",
  "OVERLAP",
  "UNIQUE_KEY_TAKEN",
  "BUSY",
  "DRAINING",
  "SHARD_UNAVAILABLE",
  "BREAKER_OPEN",
  "DESTINATION_DISABLED",
  "SYSTEM_RESOURCE",
  "LOCK_HELD",
]);

/** Those of them that say nothing of the command itself. */
const TRANSIENT: ReadonlySet<ErrorReason> = new Set(["BUSY", "DRAINING", "SHARD_UNAVAILABLE"]);

/** Whether a refusal says that nothing was done. */
export function isDefinite(reason: ErrorReason): boolean {
  return DEFINITE.has(reason);
}

/** What was heard of one instance that was asked for, perhaps several times under one request id. */
interface Asked {
  readonly made: Set<string>;
  existing: boolean;
  /** The last refusal, while every try was refused for certain. */
  refusal: ErrorReason | null;
  unknown: boolean;
  readonly atomicWith: readonly string[];
}

export class Promises {
  readonly #audit: Audit;
  readonly #records: Records;
  readonly #asked = new Map<string, Asked>();
  readonly #answers = new Map<string, number>();

  constructor(audit: Audit, records: Records) {
    this.#audit = audit;
    this.#records = records;
  }

  /** A caller asks for an instance. `atomicWith`: the tags of its batch, of which all or none come to be. */
  ask(tag: string, atomicWith: readonly string[] = []): void {
    if (!this.#asked.has(tag)) {
      this.#asked.set(tag, { made: new Set(), existing: false, refusal: null, unknown: false, atomicWith });
    }
  }

  /** As the answer leaves the node: what it says is durable. */
  made(tag: string, instance: InstanceRecord, existing: boolean): void {
    const asked = this.#asked.get(tag);
    asked?.made.add(instance.id);
    if (asked !== undefined && existing) {
      asked.existing = true;
    }
    this.#audit.require(
      this.#records.instances.has(instance.id),
      "what is acknowledged is durable",
      () => `${tag}: instance ${instance.id} is not in the store`,
    );
    this.#audit.require(
      existing || instance.spec.labels["call"] === tag,
      "a caller gets its own instance",
      () => `${tag} was answered with ${instance.id}, which was made for ${instance.spec.labels["call"]}`,
    );
  }

  /** A command that is repeated under its request id is answered as the first time. */
  sameAnswer(requestId: string, answer: number): void {
    const first = this.#answers.get(requestId) ?? answer;
    this.#answers.set(requestId, first);
    this.#audit.require(
      answer === first,
      "a repeated command hears the first answer",
      () => `${requestId}: ${answer} after ${first}`,
    );
  }

  /** @param askedAt how many events the log had when this try was made. */
  refused(tag: string, reason: ErrorReason, askedAt = 0): void {
    const asked = this.#asked.get(tag);
    const madeAt = this.#records.madeAt.get(tag);
    this.#audit.require(
      madeAt === undefined || madeAt >= askedAt || !isDefinite(reason) || TRANSIENT.has(reason),
      "a repeated command hears the first answer",
      () => `${tag} was made, and then refused with ${reason}`,
    );
    if (asked !== undefined) {
      if (isDefinite(reason)) {
        asked.refusal = reason;
      } else {
        asked.unknown = true;
      }
    }
  }

  unknown(tag: string): void {
    const asked = this.#asked.get(tag);
    if (asked !== undefined) {
      asked.unknown = true;
    }
  }

  /** As the answer leaves the node. */
  definition(what: string, id: string, revision: number): void {
    const known = this.#records.definitions.get(id);
    this.#audit.require(
      this.#records.deleted.has(id) || (known !== undefined && known.revision >= revision),
      "what is acknowledged is durable",
      () => `${what}: definition ${id} at revision ${revision}; the store has ${known?.revision}`,
    );
  }

  /** As the answer leaves the node. */
  instance(what: string, { id, revision }: InstanceRecord): void {
    const known = this.#records.instances.get(id);
    this.#audit.require(
      known !== undefined && known.revision >= revision,
      "what is acknowledged is durable",
      () => `${what}: instance ${id} at revision ${revision}; the store has ${known?.revision}`,
    );
  }

  /** As the answer leaves the node: somebody may have made another one of the id by then. */
  deleted(id: string): void {
    this.#audit.require(
      this.#records.onceDeleted.has(id),
      "what is acknowledged is durable",
      () => `definition ${id} is not deleted`,
    );
  }

  /** At the end: each instance that was asked for is there once, or not at all if that was the answer. */
  kept(): void {
    const byTag = new Map<string, string[]>();
    for (const { id, spec } of this.#records.instances.values()) {
      const tag = spec.labels["call"];
      if (tag !== undefined) {
        byTag.set(tag, [...(byTag.get(tag) ?? []), id]);
      }
    }
    for (const [tag, { made, existing, refusal, unknown, atomicWith }] of this.#asked) {
      const there = byTag.get(tag) ?? [];
      this.#audit.require(
        there.length <= 1 && made.size <= 1,
        "what is asked for once is made once",
        () => `${tag}: ${there.join(", ")} exist, answered with ${[...made].join(", ")}`,
      );
      const [only] = made;
      if (only !== undefined) {
        this.#audit.require(
          existing || there[0] === only,
          "what is acknowledged is durable",
          () => `${tag} was answered with ${only}, and ${there.join(", ") || "nothing"} exists`,
        );
      } else if (refusal !== null && !unknown) {
        this.#audit.require(
          there.length === 0,
          "what is refused is not done",
          () => `${tag} was refused with ${refusal}, and ${there.join(", ")} exists`,
        );
      }
      if (there.length > 0) {
        const missing = atomicWith.filter((other) => !byTag.has(other));
        this.#audit.require(
          missing.length === 0,
          "an atomic batch is made whole or not at all",
          () => `${tag} exists, ${missing.join(", ")} do not`,
        );
      }
    }
  }
}
