import type { NodeResponse } from "../connect/request-listener.ts";

/** The calls under way, over all connections. */
export class OpenCalls {
  readonly #open = new Set<NodeResponse>();
  #waiting: (() => void)[] = [];

  add(response: NodeResponse): void {
    this.#open.add(response);
    response.once("close", () => {
      this.#open.delete(response);
      if (this.#open.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  allEnded(): Promise<void> {
    return this.#open.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
