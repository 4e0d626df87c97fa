import type { Tables } from "../../../src/store/memory/tables.ts";
import type { StoredRows } from "../../contract/store/given-store.ts";

/** A copy of all that a store in memory holds. */
export function memoryRows({ shards, ...others }: Tables): StoredRows {
  return structuredClone({
    shards: shards.map(({ events: _events, ...row }) => row),
    others: { ...others, events: shards.map(({ events }) => events) },
  });
}
