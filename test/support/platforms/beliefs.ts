/**
 * What a platform believes after all that it was told: who has what to do, what is done, how the instances stand. It is made by the calls alone; that it is
 * what the facts say is for tests to assert.
 */

/** `gone`: it was taken away from the user before he did it. */
export type Standing = "todo" | "done" | "gone";

export interface TaskBelief {
  readonly id: string;
  /** Empty: it belongs to none. */
  readonly instanceId: string;
  /** By user, all who ever had it. */
  readonly users: ReadonlyMap<string, Standing>;
  /** More than 1: duplicates, which the users see beside each other. */
  readonly copies: number;
  /** As the platform was told last, its own words. */
  readonly told: Readonly<Record<string, unknown>>;
}

export interface InstanceBelief {
  readonly id: string;
  /** In the platform's own words. */
  readonly status: string | number;
  readonly told: Readonly<Record<string, unknown>>;
}

export interface Noted {
  /** Of the task or instance. */
  readonly id: string;
  readonly at: number;
}
export interface Urge extends Noted {
  readonly by: string;
  readonly words: string;
}
export interface Message extends Noted {
  readonly to: readonly string[];
  /** Empty when the platform chooses. */
  readonly channels: readonly string[];
}
export interface Deletion extends Noted {
  readonly what: "task" | "instance";
}
export interface Reopening extends Noted {
  readonly what: "task" | "instance";
}

export class Beliefs {
  readonly urges: Urge[] = [];
  readonly messages: Message[] = [];
  readonly deletions: Deletion[] = [];
  /** Todos that stand twice since then. */
  readonly duplicates: Noted[] = [];
  /** What had been done or had ended and is open again: what an older event does that comes late, unless it was meant. */
  readonly reopened: Reopening[] = [];
  /** Told again what it believed already. Harmless. */
  readonly repeated: Noted[] = [];
  /** Idempotency keys that came with another body: then they say nothing. */
  readonly reusedKeys: Noted[] = [];
  readonly #tasks = new Map<string, TaskBelief>();
  readonly #instances = new Map<string, InstanceBelief>();
  readonly #idsOfUser = new Map<string, Set<string>>();
  readonly #idsOfInstance = new Map<string, Set<string>>();
  readonly #now: () => number;
  readonly #isEnded: (status: string | number) => boolean;
  readonly #hides: (status: string | number) => boolean;

  /** @param hides whether the todos of an instance of this status are kept from the users; default: when it has ended. */
  constructor(now: () => number, isEnded: (status: string | number) => boolean, hides = isEnded) {
    this.#now = now;
    this.#isEnded = isEnded;
    this.#hides = hides;
  }

  // What tests ask.

  /** Ids of what the user sees as open, in the order in which it came to him; duplicates as often as they stand there. */
  todosOf(user: string | number): readonly string[] {
    return this.#ofUser(String(user), "todo")
      .filter((task) => !this.#isHidden(task))
      .flatMap(({ id, copies }) => Array.from({ length: copies }, () => id));
  }

  /** Ids of what the user sees as done by him. */
  doneOf(user: string | number): readonly string[] {
    return this.#ofUser(String(user), "done").map(({ id }) => id);
  }

  task(id: string | number): TaskBelief | undefined {
    return this.#tasks.get(String(id));
  }

  instance(id: string | number): InstanceBelief | undefined {
    return this.#instances.get(String(id));
  }

  /** All tasks, in the order in which they came. */
  get tasks(): readonly TaskBelief[] {
    return [...this.#tasks.values()];
  }

  get instances(): readonly InstanceBelief[] {
    return [...this.#instances.values()];
  }

  tasksOf(instanceId: string | number): readonly TaskBelief[] {
    return [...(this.#idsOfInstance.get(String(instanceId)) ?? [])].flatMap((id) => this.#tasks.get(id) ?? []);
  }

  /** Ids of tasks that are open for somebody, seen or not: one whose instance has ended stays here until it is told off. */
  get openTasks(): readonly string[] {
    return this.tasks.filter((task) => isOpen(task)).map(({ id }) => id);
  }

  // What the platform does.

  /** Who has a task of which the platform is told all: those who are named, so that nobody else has it to do. */
  standingsOf(id: string, named: readonly string[], standing: Standing): ReadonlyMap<string, Standing> {
    const standings = new Map<string, Standing>();
    for (const [user, before] of this.#tasks.get(id)?.users ?? []) {
      standings.set(user, before === "todo" ? "gone" : before);
    }
    for (const user of named) standings.set(user, standing);
    return standings;
  }

  /** Makes it, or changes what is given. Users that are not named stay as they are. */
  putTask(
    id: string,
    {
      instanceId = "",
      users,
      told,
    }: { instanceId?: string; users: Iterable<readonly [string, Standing]>; told: unknown },
  ): void {
    const before = this.#tasks.get(id);
    const standings = new Map(before?.users);
    for (const [user, standing] of users) {
      if (standings.get(user) === "done" && standing === "todo") this.#note(this.reopened, { id, what: "task" });
      standings.set(user, standing);
      add(this.#idsOfUser, user, id);
    }
    const task: TaskBelief = {
      id,
      instanceId: before?.instanceId ?? instanceId,
      users: standings,
      copies: before?.copies ?? 1,
      told: { ...before?.told, ...(told as object) },
    };
    this.#tasks.set(id, task);
    add(this.#idsOfInstance, task.instanceId, id);
  }

  putInstance(id: string, status: string | number, told: unknown = {}): void {
    const before = this.#instances.get(id);
    if (before && this.#isEnded(before.status) && !this.#isEnded(status)) {
      this.#note(this.reopened, { id, what: "instance" });
    }
    this.#instances.set(id, { id, status, told: { ...before?.told, ...(told as object) } });
  }

  /** The same todo stands there once more. */
  duplicate(id: string): void {
    const task = this.#tasks.get(id);
    if (!task) return;
    this.#tasks.set(id, { ...task, copies: task.copies + 1 });
    this.#note(this.duplicates, { id });
  }

  repeat(id: string): void {
    this.#note(this.repeated, { id });
  }

  reuse(key: string): void {
    this.#note(this.reusedKeys, { id: key });
  }

  urge(id: string, by: string, words: string): void {
    this.#note(this.urges, { id, by, words });
  }

  message(id: string, to: readonly string[], channels: readonly string[] = []): void {
    this.#note(this.messages, { id, to, channels });
  }

  removeTask(id: string): void {
    const task = this.#tasks.get(id);
    if (!task) return;
    this.#tasks.delete(id);
    this.#idsOfInstance.get(task.instanceId)?.delete(id);
    for (const user of task.users.keys()) this.#idsOfUser.get(user)?.delete(id);
    this.#note(this.deletions, { id, what: "task" });
  }

  /** With what is left of its tasks. */
  removeInstance(id: string): void {
    for (const task of this.tasksOf(id)) this.removeTask(task.id);
    if (this.#instances.delete(id)) this.#note(this.deletions, { id, what: "instance" });
  }

  #isHidden({ instanceId }: TaskBelief): boolean {
    const instance = this.#instances.get(instanceId);
    return instance !== undefined && this.#hides(instance.status);
  }

  #ofUser(user: string, standing: Standing): readonly TaskBelief[] {
    return [...(this.#idsOfUser.get(user) ?? [])]
      .flatMap((id) => this.#tasks.get(id) ?? [])
      .filter((task) => task.users.get(user) === standing);
  }

  #note<T extends Noted>(list: T[], what: Omit<T, "at">): void {
    list.push({ ...what, at: this.#now() } as T);
  }
}

export function isOpen({ users }: TaskBelief): boolean {
  return [...users.values()].includes("todo");
}

function add(index: Map<string, Set<string>>, key: string, id: string): void {
  const ids = index.get(key);
  if (ids) ids.add(id);
  else index.set(key, new Set([id]));
}
