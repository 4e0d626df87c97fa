import { Code, ConnectError } from "@connectrpc/connect";

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds of a `grpc-timeout` header; null when the call has no deadline. */
export function timeoutMs(header: string | string[] | undefined): number | null {
  if (header === undefined) {
    return null;
  }
  const match = /^(\d{1,8})([HMSmun])$/.exec(String(header));
  const unit = UNIT_MS[match?.[2] ?? ""];
  if (match === null || unit === undefined) {
    throw new ConnectError(
      `The header grpc-timeout "${String(header)}" is not up to eight digits and one of H, M, S, m, u, n.`,
      Code.InvalidArgument,
    );
  }
  return Math.ceil(Number(match[1]) * unit);
}

export function deadlinePassed(): ConnectError {
  return new ConnectError("The deadline of the call has passed.", Code.DeadlineExceeded);
}
