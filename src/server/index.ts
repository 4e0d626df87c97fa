export { DEFAULT_LIMITS, type ServerLimits } from "./limits.ts";
export type { TlsOptions } from "./net/listener.ts";
export { startServer, type RunningServer, type ServerOptions } from "./start-server.ts";
