import type { ResultBackend } from "../ports/result-backend.ts";

/** It connects at the first question, and again at the next one when the connection is lost. */
export interface CeleryResults extends ResultBackend {
  /** What answers, for the operator. @throws ResultBackendError */
  describe(): Promise<BackendStanding>;
  /** Never rejects. */
  close(): Promise<void>;
}

export interface BackendStanding {
  /** `Redis 7.0.15` */
  readonly server: string;
  /** The tables that Celery has made there, in words; null: none yet. Redis needs none. */
  readonly tables: string | null;
}
