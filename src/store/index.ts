export { migrate, pendingMigrations } from "./postgres/migrate.ts";
export { openPostgresStore, type PostgresStoreOptions } from "./postgres/postgres-store.ts";
