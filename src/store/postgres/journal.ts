import { DatabaseError } from "pg";
import type { CommitOutcome, JournalBatch, JournalStore } from "../../ports/store/journal.ts";
import { checkFenced } from "../fence-check.ts";
import type { JournalConnection } from "./journal-connection.ts";
import { journalSections } from "./journal-sections.ts";

const SECTION_COUNT = 14;
const COMMIT = {
  name: "journal_commit_1",
  text: `select belfry.journal_commit_1(${Array.from({ length: SECTION_COUNT }, (_, index) => `$${index + 1}`).join(", ")}) as written`,
};

const FENCED = "BF001";

/**
 * Commits through the function of src/store/migrations/0002-journal.ts, which says how it fences and repeats (J1). It fences the shards that
 * the batch names, so the batch must name those of all its rows.
 */
export class PostgresJournal implements JournalStore {
  readonly #connection: JournalConnection;

  constructor(connection: JournalConnection) {
    this.#connection = connection;
  }

  async commit(batch: JournalBatch): Promise<CommitOutcome> {
    checkFenced(batch);
    try {
      await this.#connection.run({ ...COMMIT, values: journalSections(batch) });
      return { kind: "committed" };
    } catch (error) {
      if (error instanceof DatabaseError && error.code === FENCED) {
        return { kind: "fenced", shards: (error.detail ?? "").split(",").map(Number) };
      }
      throw error;
    }
  }
}
