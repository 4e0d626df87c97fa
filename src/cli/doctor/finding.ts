/** What one check found. */
export interface Finding {
  /** What was looked at: `database`, `port`. */
  readonly check: string;
  /** `fail`: Belfry cannot serve like this. `warn`: it can, but somebody should look. */
  readonly status: "ok" | "warn" | "fail";
  readonly message: string;
  /** What to do about it; absent when nothing need be done. */
  readonly advice?: string;
}

export function ok(check: string, message: string): Finding {
  return { check, status: "ok", message };
}

export function warn(check: string, message: string, advice: string): Finding {
  return { check, status: "warn", message, advice };
}

export function fail(check: string, message: string, advice: string): Finding {
  return { check, status: "fail", message, advice };
}
