export type { Config, DatabaseConfig, Environment, LogConfig, Machine } from "./config.ts";
export { parseDuration } from "./duration.ts";
export { readConfig, readServerUrl } from "./read-config.ts";
export type { ConfigReading } from "./read-config.ts";
