export type * from "./api.ts";
export type * from "./config/api.ts";
export type * from "./locks/api.ts";
export type * from "./executions/api.ts";
export type * from "./platforms/api.ts";
export { DEFAULT_RUNTIME_OPTIONS } from "./options.ts";
export type { RuntimeOptions } from "./options.ts";
export { startRuntime } from "./runtime.ts";
export type { RuntimeDeps } from "./runtime-deps.ts";
