import type { Log } from "../../ports/log.ts";
import type { CursorStore } from "../../ports/store/cursors.ts";
import type { Backlogs } from "./backlogs.ts";

/** Writes the cursors of shards that moved. */
export class Checkpoints {
  readonly #cursors: CursorStore;
  readonly #backlogs: Backlogs;
  readonly #log: Log;
  #last: Promise<void> = Promise.resolve();
  #underWay = 0;
  #failed = false;

  constructor(deps: { cursors: CursorStore; backlogs: Backlogs; log: Log }) {
    this.#cursors = deps.cursors;
    this.#backlogs = deps.backlogs;
    this.#log = deps.log;
  }

  /** Unless the writing before is still under way. */
  tick(): void {
    if (this.#underWay === 0) {
      void this.write();
    }
  }

  /** One after the other, so that an older cursor never replaces a newer one (P3). Never rejects. */
  write(): Promise<void> {
    this.#last = this.#writeAfter(this.#last);
    return this.#last;
  }

  async #writeAfter(before: Promise<void>): Promise<void> {
    this.#underWay++;
    await before;
    await this.#writeMoved();
    this.#underWay--;
  }

  async #writeMoved(): Promise<void> {
    const moved = this.#backlogs.all().flatMap((backlog) => {
      const cursor = backlog.unsaved;
      return cursor === null ? [] : [{ backlog, cursor }];
    });
    if (moved.length === 0) {
      return;
    }
    try {
      await this.#cursors.write(moved.map(({ cursor }) => cursor));
      for (const { backlog, cursor } of moved) {
        backlog.saved(cursor);
      }
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) {
        this.#log.warn("cursors of published events cannot be written; trying again", { error });
      }
      this.#failed = true;
    }
  }
}
