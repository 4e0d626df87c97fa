import { LockState, LockStateSchema } from "../../client/index.ts";
import type { Lock } from "../../client/index.ts";
import type { Screen } from "../format/screen.ts";
import { writeFields, writeTable } from "../format/table.ts";
import type { Cell, Column } from "../format/table.ts";
import { duration, moment } from "../format/time.ts";
import { enumWord } from "../format/words.ts";

const COLUMNS: readonly Column[] = [
  { title: "NAME", flexible: true },
  { title: "HOLDER", flexible: true },
  { title: "TOKEN", align: "right" },
  { title: "ACQUIRED" },
  { title: "EXPIRES" },
];

export function writeLocks(screen: Screen, locks: readonly Lock[], now: number): void {
  if (locks.length === 0) return;
  const rows = locks.map((lock): readonly Cell[] => [
    lock.name,
    lock.holder,
    String(lock.token),
    moment(lock.acquireTime, now),
    moment(lock.expireTime, now),
  ]);
  writeTable(screen, COLUMNS, rows);
}

export function writeLock(screen: Screen, lock: Lock, now: number): void {
  const isHeld = lock.state === LockState.HELD;
  writeFields(screen, [
    ["name", lock.name],
    ["state", enumWord(LockStateSchema, lock.state)],
    ["holder", lock.holder],
    [isHeld ? "token" : "last token", String(lock.token)],
    ["acquired", moment(lock.acquireTime, now)],
    ["renewed", moment(lock.renewTime, now)],
    ["expires", moment(lock.expireTime, now)],
    ["ttl", isHeld ? duration(lock.ttl) : ""],
    ["waiting", lock.waitingCount === 0 ? "" : String(lock.waitingCount)],
    ["updated", moment(lock.updateTime, now)],
  ]);
}
