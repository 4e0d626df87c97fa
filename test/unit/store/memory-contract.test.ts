import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { storeContract } from "../../contract/store/store-contract.ts";
import { ManualClock } from "../../support/manual-clock.ts";

storeContract("the store in memory", () => {
  const clock = new ManualClock();
  const store = createMemoryStore({ clock });
  return Promise.resolve({ store, close: () => store.close(), advance: (ms) => clock.advance(ms) });
});
