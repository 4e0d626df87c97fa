/** A client whose server keeps locks as the real one does, on the clock of the test; and what can go wrong on the way. */
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import type { BelfryClient } from "../../../../src/client/index.ts";
import { LockState } from "../../../../src/gen/belfry/v1/lock_pb.ts";
import { LockService } from "../../../../src/gen/belfry/v1/lock_service_pb.ts";
import { ErrorInfoSchema } from "../../../../src/gen/google/rpc/error_details_pb.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

export function refusal(code: Code, reason: string): ConnectError {
  const info = { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { domain: "belfry", reason }) };
  return new ConnectError(reason, code, undefined, [info]);
}

export class LockServer {
  readonly clock = new ManualClock();
  readonly asked: string[] = [];
  token = 0n;
  #until = Number.NEGATIVE_INFINITY;
  #ttlMs = 0;
  /** Thrown instead of an answer, by method. */
  readonly failures = new Map<string, ConnectError>();
  /** How long the next acquisition waits. */
  waitsMs = 0;
  /** How long a renewal is on its way. */
  renewsMs = 0;

  get isHeld(): boolean {
    return this.#until > this.clock.monotonic();
  }

  /** Somebody else takes it, its holder's time being over by the server's clock. */
  takeAway(): void {
    this.token++;
    this.#until = Number.POSITIVE_INFINITY;
  }

  client(): BelfryClient {
    const lock = () => ({
      name: "import_42",
      token: this.token,
      state: LockState.HELD,
      ttl: durationFromMs(this.#ttlMs),
    });
    const note = (call: string): void => {
      this.asked.push(call);
      const failure = this.failures.get(call.split(" ")[0] ?? "");
      if (failure !== undefined) throw failure;
    };
    const check = (token: bigint): void => {
      if (token !== this.token || !this.isHeld) throw refusal(Code.FailedPrecondition, "LOCK_LOST");
    };
    const transport = createRouterTransport(({ service }) => {
      service(LockService, {
        acquireLock: async ({ name, param, holder, ttl }) => {
          note(`acquire ${[name, param].filter(Boolean).join("_")} ${holder}`);
          if (this.isHeld) throw refusal(Code.AlreadyExists, "LOCK_HELD");
          if (this.waitsMs > 0) await this.clock.sleep(this.waitsMs);
          this.token++;
          this.#ttlMs = ttl ? durationMs(ttl) : 3_600_000;
          this.#until = this.clock.monotonic() + this.#ttlMs;
          return { lock: lock() };
        },
        renewLock: async ({ token }) => {
          note(`renew ${token}`);
          if (this.renewsMs > 0) await this.clock.sleep(this.renewsMs);
          check(token);
          this.#until = this.clock.monotonic() + this.#ttlMs;
          return { lock: lock() };
        },
        releaseLock: ({ token }) => {
          note(`release ${token}`);
          check(token);
          this.#until = Number.NEGATIVE_INFINITY;
          return { lock: lock() };
        },
      });
    });
    return { locks: createClient(LockService, transport) } as unknown as BelfryClient;
  }
}
