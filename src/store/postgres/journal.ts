import { DatabaseError } from "pg";
import type { CommitOutcome, JournalBatch, JournalStore } from "../../ports/store/journal.ts";
import { checkFenced } from "../fence-check.ts";
import type { JournalConnection, Statement } from "./journal-connection.ts";
import { approvalSections } from "./approval-sections.ts";
import { actorStateSection, amendedSection, journalSections, revivedSection } from "./journal-sections.ts";

const COMMIT = commitBy("journal_commit_1", 14);
const COMMIT_WITH_STATES = commitBy("journal_commit_2", 15);
const COMMIT_WITH_APPROVALS = commitBy("journal_commit_3", 19);
const COMMIT_OF_FINISHED = commitBy("journal_commit_4", 21);

const FENCED = "BF001";

/**
 * Commits through the functions of src/store/migrations/0002-journal.ts, which says how it fences and repeats (J1), and, when states of actors
 * are among the rows, 0004-actor-states.ts, which calls the other; when something of approvals is, or states of actors are removed,
 * 0005-approvals.ts, which calls that one; when finished instances are revived or amended, 0008-retention.ts, which calls the last. Batches without them,
 * which are most, do not pay for it. They fence the shards that the batch names, so the batch must name those of all its rows.
 */
export class PostgresJournal implements JournalStore {
  readonly #connection: JournalConnection;

  constructor(connection: JournalConnection) {
    this.#connection = connection;
  }

  async commit(batch: JournalBatch): Promise<CommitOutcome> {
    checkFenced(batch);
    try {
      await this.#connection.run(statementOf(batch));
      return { kind: "committed" };
    } catch (error) {
      if (error instanceof DatabaseError && error.code === FENCED) {
        return { kind: "fenced", shards: (error.detail ?? "").split(",").map(Number) };
      }
      throw error;
    }
  }
}

function statementOf(batch: JournalBatch): Statement {
  const sections = journalSections(batch);
  const states = actorStateSection(batch);
  const approvals = approvalSections(batch);
  const amended = amendedSection(batch);
  const revived = revivedSection(batch);
  if (amended !== null || revived !== null) {
    return { ...COMMIT_OF_FINISHED, values: [...sections, states, ...approvals, amended, revived] };
  }
  if (approvals.some((part) => part !== null)) {
    return { ...COMMIT_WITH_APPROVALS, values: [...sections, states, ...approvals] };
  }
  return states === null ? { ...COMMIT, values: sections } : { ...COMMIT_WITH_STATES, values: [...sections, states] };
}

function commitBy(name: string, sectionCount: number): Omit<Statement, "values"> {
  const places = Array.from({ length: sectionCount }, (_, index) => `$${index + 1}`).join(", ");
  return { name, text: `select belfry.${name}(${places}) as written` };
}
