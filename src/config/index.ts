export type { CeleryConfig, Config, DatabaseConfig, Environment, Machine, NatsConfig } from "./config.ts";
export { parseDuration } from "./duration.ts";
export { readConfig, readServerUrl } from "./read-config.ts";
export { publicUrl } from "./webhook-values.ts";
