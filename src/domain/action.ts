/** What happens to the attempts of a worker whose stream breaks. */
export type DisconnectPolicy = "WAIT_FOR_HEARTBEAT" | "FAIL_AT_ONCE";

/** What an instance runs. */
export type Action =
  | { readonly kind: "worker"; readonly queue: string; readonly disconnectPolicy: DisconnectPolicy }
  | { readonly kind: "external" };
