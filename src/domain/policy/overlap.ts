/** What happens when an occurrence is due while instances of the definition are unfinished. */
export type OverlapPolicy = "SKIP" | "BUFFER_ONE" | "BUFFER_ALL" | "CANCEL_OTHER" | "TERMINATE_OTHER" | "ALLOW_ALL";

export const DEFAULT_BUFFER_LIMIT = 1000;

/** What the policy makes of one more instance. */
export type OverlapDecision =
  /** It starts; with `others`, the unfinished ones are asked to cancel or ended, and with `exclusive` it waits until none is left. */
  | { readonly kind: "fire"; readonly exclusive: boolean; readonly others: "leave" | "cancel" | "terminate" }
  | { readonly kind: "skip"; readonly reason: string }
  | { readonly kind: "drop"; readonly reason: string };

/**
 * @param active unfinished instances of the definition.
 * @param buffered those of them that wait until the definition is idle.
 */
export function decideOverlap(
  policy: OverlapPolicy,
  {
    active,
    buffered,
    bufferLimit,
  }: { readonly active: number; readonly buffered: number; readonly bufferLimit: number },
): OverlapDecision {
  if (policy === "ALLOW_ALL" || active === 0) {
    return { kind: "fire", exclusive: policy !== "ALLOW_ALL" && policy !== "TERMINATE_OTHER", others: "leave" };
  }
  switch (policy) {
    case "SKIP":
      return { kind: "skip", reason: `${count(active)} of this definition had not ended` };
    case "BUFFER_ONE":
      return buffered > 0
        ? { kind: "skip", reason: "one instance was already waiting for its turn" }
        : { kind: "fire", exclusive: true, others: "leave" };
    case "BUFFER_ALL":
      return buffered >= bufferLimit
        ? { kind: "drop", reason: `${bufferLimit} instances were already waiting for their turn` }
        : { kind: "fire", exclusive: true, others: "leave" };
    case "CANCEL_OTHER":
      return { kind: "fire", exclusive: true, others: "cancel" };
    case "TERMINATE_OTHER":
      return { kind: "fire", exclusive: false, others: "terminate" };
    default:
      return policy satisfies never;
  }
}

function count(active: number): string {
  return active === 1 ? "one instance" : `${active} instances`;
}
