/** A response or stream that says when it has ended. */
interface Ending {
  once(event: "close", listener: () => void): unknown;
}

/** The calls under way, over all connections. */
export class OpenCalls {
  readonly #open = new Set<Ending>();
  #waiting: (() => void)[] = [];

  add(call: Ending): void {
    this.#open.add(call);
    call.once("close", () => {
      this.#open.delete(call);
      if (this.#open.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  allEnded(): Promise<void> {
    return this.#open.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
