export { databaseIdentity } from "./postgres/identity.ts";
export { migrate, pendingMigrations } from "./postgres/migrate.ts";
export { openPostgresStore } from "./postgres/postgres-store.ts";
