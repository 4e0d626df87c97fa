export type { Config, DatabaseConfig, Environment, Machine } from "./config.ts";
export { parseDuration } from "./duration.ts";
export { readConfig, readServerUrl } from "./read-config.ts";
