import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { emptyTables } from "../../../src/store/memory/tables.ts";
import { storeContract } from "../../contract/store/store-contract.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { memoryRows } from "./memory-rows.ts";

storeContract("the store in memory", () => {
  const clock = new ManualClock();
  const tables = emptyTables();
  const store = createMemoryStore({ clock, tables });
  return Promise.resolve({
    store,
    rows: async () => memoryRows(tables),
    close: () => store.close(),
    advance: (ms) => clock.advance(ms),
  });
});
