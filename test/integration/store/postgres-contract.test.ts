import { afterAll, beforeAll } from "vitest";
import { storeContract } from "../../contract/store/store-contract.ts";
import { startDatabaseUnderTest, type DatabaseUnderTest } from "./postgres-under-test.ts";

let database: DatabaseUnderTest;

beforeAll(async () => {
  database = await startDatabaseUnderTest();
});

afterAll(() => database.stop());

storeContract("PostgreSQL", async () => {
  await database.clear();
  const store = await database.openStore();
  return { store, rows: () => database.rows(), close: () => store.close() };
});
