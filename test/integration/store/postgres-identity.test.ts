import { afterAll, beforeAll, expect, it } from "vitest";
import { databaseIdentity } from "../../../src/store/index.ts";
import { startTestPostgres, type TestPostgres } from "../../support/postgres.ts";

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

it("a database has one name for whoever connects to it, and another has another", async () => {
  const [one, other] = [await postgres.createDatabase(), await postgres.createDatabase()];
  const name = await databaseIdentity(one);
  expect(name).toMatch(/^[\w-]{16}$/);
  expect(await databaseIdentity(one)).toBe(name);
  expect(await databaseIdentity(other)).not.toBe(name);
});
