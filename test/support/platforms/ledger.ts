import type { Call } from "./call.ts";

/**
 * Why a platform said no to a call that kept the contract.
 * - `auth`: wrong secret; a token that has expired or was never issued.
 * - `unknown`: it does not know what the call is about.
 * - `order`: something else has to come before.
 * - `duplicate`: it is there already.
 * - `business`: any other rule of the platform.
 */
export type RefusalKind = "auth" | "unknown" | "order" | "duplicate" | "business";

export interface Refusal {
  readonly kind: RefusalKind;
  /** The number of the call. */
  readonly call: number;
  readonly operation: string;
  /** As the platform says it. */
  readonly code: string;
  readonly message: string;
  /** What it was about: a task or an instance; empty when neither. */
  readonly id: string;
}

/**
 * What a platform has to complain about. A violation breaks the wire contract: no right client ever does it, whatever comes in whatever order. A refusal is
 * what a right client must live with.
 */
export class Ledger {
  /** A sentence each, with the number of the call. */
  readonly violations: string[] = [];
  readonly refusals: Refusal[] = [];

  violate(call: Call, findings: readonly string[]): void {
    for (const finding of findings) {
      this.violations.push(`call ${call.number}, ${call.method} ${call.path}: ${finding}`);
    }
  }

  refuse(call: Call, kind: RefusalKind, code: string | number, message: string, id = ""): void {
    this.refusals.push({ kind, call: call.number, operation: call.operation, code: String(code), message, id });
  }

  refusalsOf(kind: RefusalKind): readonly Refusal[] {
    return this.refusals.filter((refusal) => refusal.kind === kind);
  }
}
