import type { Requester, ServiceReply, ServiceRequest } from "../../../src/ports/requester.ts";
import type { Dice } from "./dice.ts";
import type { Life } from "./life.ts";
import type { Network } from "./network.ts";
import type { Scheduler } from "./scheduler.ts";

/** The services behind the message network, to which nodes send requests. They reply, refuse, are slow, or say nothing. */
export class Services {
  readonly #time: Scheduler;
  readonly #dice: Dice;
  readonly #network: Network;
  readonly #asked: (token: string) => void;
  /** Whether every request is answered, and soon. */
  readonly #isPeaceful: () => boolean;
  requests = 0;

  /** @param deps.asked is told the attempt of each request that is sent. */
  constructor(deps: {
    readonly time: Scheduler;
    readonly dice: Dice;
    readonly network: Network;
    readonly asked: (token: string) => void;
    readonly isPeaceful: () => boolean;
  }) {
    this.#time = deps.time;
    this.#dice = deps.dice;
    this.#network = deps.network;
    this.#asked = deps.asked;
    this.#isPeaceful = deps.isPeaceful;
  }

  /** The network of services as one process reaches it. */
  endpoint(life: Life): Requester {
    const network = this.#network;
    return {
      get connected() {
        return network.reaches(life.machine);
      },
      onChange: (listener) => {
        network.onChange(life, listener);
      },
      request: (request, signal) => this.#request(life, request, signal),
    };
  }

  #request(life: Life, { headers, timeoutMs }: ServiceRequest, signal: AbortSignal): Promise<ServiceReply> {
    const { promise, resolve } = Promise.withResolvers<ServiceReply>();
    const dice = this.#dice;
    const token = headers["Belfry-Attempt-Token"] ?? "";
    if (!life.crosses("bus", () => `requests ${token}`)) {
      return promise;
    }
    this.requests++;
    this.#asked(token);
    const after = (delayMs: number, reply: ServiceReply): void => {
      this.#time.after(delayMs, () =>
        life.enter(
          "bus",
          () => `hears of its request ${token}: ${reply.kind}`,
          () => resolve(reply),
        ),
      );
    };
    after(timeoutMs, { kind: "timed-out" });
    signal.addEventListener("abort", () => resolve({ kind: "unavailable", message: "called off" }), { once: true });
    const replied: ServiceReply = { kind: "replied", payload: { token } };
    const reply = this.#isPeaceful()
      ? replied
      : dice.pick<ServiceReply | null>([
          replied,
          replied,
          replied,
          { kind: "refused", code: dice.pick(["400", "500"]), message: "no luck" },
          { kind: "no-responders" },
          { kind: "unavailable", message: "it broke off" },
          null,
        ]);
    if (!this.#network.reaches(life.machine)) {
      after(0, { kind: "unavailable", message: "there is no connection" });
    } else if (reply !== null) {
      after(dice.wait(400), reply);
    }
    return promise;
  }
}
