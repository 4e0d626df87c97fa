/**
 * Reads Python's pickles as data. Celery's database backend keeps every result as one, plain data too.
 *
 * A pickle is a program for a small machine, which may call anything that Python can import. This machine has the operations that build plain data, and
 * takes those that name or call something for what they say: a call becomes a note of its name and arguments, and nothing is ever called.
 *
 * Protocols 2 to 5, which are those of Python 3 and of Celery's own serializer.
 */
import { PickleInput } from "./pickle-input.ts";

/** Something that is no plain data. */
export class PickledObject {
  /** `decimal` */
  readonly module: string;
  /** `Decimal` */
  readonly name: string;
  /** What it is made of, where that is known. */
  readonly args: PickleValue;

  constructor(module: string, name: string, args: PickleValue = []) {
    this.module = module;
    this.name = name;
    this.args = args;
  }
}

/** Lists, tuples and sets are arrays. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickledObject;

class PickleError extends Error {
  override readonly name = "PickleError";
}

const MARK = Symbol("mark");
type StackItem = PickleValue | typeof MARK;

/** @throws PickleError when it is none, or is made by operations that plain data and exceptions do not need. */
export function readPickle(bytes: Buffer): PickleValue {
  return new Machine(new PickleInput(bytes)).run();
}

class Machine {
  readonly #input: PickleInput;
  readonly #stack: StackItem[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(input: PickleInput) {
    this.#input = input;
  }

  run(): PickleValue {
    for (;;) {
      const code = this.#input.byte();
      if (code === STOP) return this.#pop();
      const operation = OPERATIONS[code];
      if (operation === undefined) {
        throw new PickleError(`operation 0x${code.toString(16).padStart(2, "0")} is not read`);
      }
      operation(this.#hands);
    }
  }

  readonly #hands: Hands = {
    input: () => this.#input,
    push: (value) => void this.#stack.push(value),
    pop: () => this.#pop(),
    mark: () => void this.#stack.push(MARK),
    popToMark: () => this.#popToMark(),
    top: () => {
      const top = this.#pop();
      this.#stack.push(top);
      return top;
    },
    remember: (index) => void this.#memo.set(index ?? this.#memo.size, this.#hands.top()),
    recall: (index) => {
      const value = this.#memo.get(index);
      if (value === undefined) throw new PickleError(`nothing was remembered as ${index}`);
      this.#stack.push(value);
    },
  };

  #pop(): PickleValue {
    const top = this.#stack.pop();
    if (top === undefined || top === MARK) throw new PickleError("it takes from an empty stack");
    return top;
  }

  #popToMark(): PickleValue[] {
    const from = this.#stack.lastIndexOf(MARK);
    if (from === -1) throw new PickleError("it looks for a mark that is not there");
    const items = this.#stack.splice(from).slice(1);
    return items as PickleValue[];
  }
}

/** What operations work with. */
interface Hands {
  input(): PickleInput;
  push(value: PickleValue): void;
  pop(): PickleValue;
  top(): PickleValue;
  mark(): void;
  popToMark(): PickleValue[];
  /** @param index default: the next one. */
  remember(index?: number): void;
  recall(index: number): void;
}

type Operation = (hands: Hands) => void;

const STOP = 0x2e;

/** Of CPython's `pickle.py`, by their codes. */
const OPERATIONS: Readonly<Record<number, Operation>> = {
  // PROTO, FRAME: how it is written and cut, which does not matter here.
  0x80: (on) => on.input().skip(1),
  0x95: (on) => on.input().skip(8),
  // NONE, NEWTRUE, NEWFALSE
  0x4e: (on) => on.push(null),
  0x88: (on) => on.push(true),
  0x89: (on) => on.push(false),
  // BININT, BININT1, BININT2, LONG1, LONG4, BINFLOAT
  0x4a: (on) => on.push(on.input().signed(4)),
  0x4b: (on) => on.push(on.input().unsigned(1)),
  0x4d: (on) => on.push(on.input().unsigned(2)),
  0x8a: (on) => on.push(on.input().long(on.input().unsigned(1))),
  0x8b: (on) => on.push(on.input().long(on.input().unsigned(4))),
  0x47: (on) => on.push(on.input().double()),
  // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8
  0x58: (on) => on.push(on.input().text(on.input().unsigned(4))),
  0x8c: (on) => on.push(on.input().text(on.input().unsigned(1))),
  0x8d: (on) => on.push(on.input().text(on.input().unsigned(8))),
  // BINBYTES, SHORT_BINBYTES, BINBYTES8, BYTEARRAY8
  0x42: rawBytes(4),
  0x43: rawBytes(1),
  0x8e: rawBytes(8),
  0x96: rawBytes(8),
  // EMPTY_LIST, APPEND, APPENDS, EMPTY_TUPLE, TUPLE, TUPLE1, TUPLE2, TUPLE3
  0x5d: (on) => on.push([]),
  0x61: (on) => extend(on, [on.pop()]),
  0x65: (on) => extend(on, on.popToMark()),
  0x29: (on) => on.push([]),
  0x74: (on) => on.push(on.popToMark()),
  0x85: tuple(1),
  0x86: tuple(2),
  0x87: tuple(3),
  // EMPTY_SET, ADDITEMS, FROZENSET
  0x8f: (on) => on.push([]),
  0x90: (on) => extend(on, on.popToMark()),
  0x91: (on) => on.push(on.popToMark()),
  // EMPTY_DICT, SETITEM, SETITEMS
  0x7d: (on) => on.push(new Map()),
  0x73: (on) => {
    const value = on.pop();
    enter(on, [on.pop(), value]);
  },
  0x75: (on) => enter(on, on.popToMark()),
  // MARK, POP, POP_MARK, DUP
  0x28: (on) => on.mark(),
  0x30: (on) => void on.pop(),
  0x31: (on) => void on.popToMark(),
  0x32: (on) => on.push(on.top()),
  // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
  0x71: (on) => on.remember(on.input().unsigned(1)),
  0x72: (on) => on.remember(on.input().unsigned(4)),
  0x94: (on) => on.remember(),
  0x68: (on) => on.recall(on.input().unsigned(1)),
  0x6a: (on) => on.recall(on.input().unsigned(4)),
  // GLOBAL, STACK_GLOBAL: names of classes and functions.
  0x63: (on) => on.push(new PickledObject(on.input().line(), on.input().line())),
  0x93: (on) => {
    const name = on.pop();
    const module = on.pop();
    if (typeof name !== "string" || typeof module !== "string") throw new PickleError("a name in it is no text");
    on.push(new PickledObject(module, name));
  },
  // REDUCE, NEWOBJ: what such a name makes of arguments.
  0x52: call,
  0x81: call,
  // BUILD: what is set in an object afterwards. That of exceptions is of no interest.
  0x62: (on) => {
    on.pop();
    if (!(on.top() instanceof PickledObject)) throw new PickleError("it sets the inside of what is no object");
  },
};

function rawBytes(width: 1 | 4 | 8): Operation {
  return (on) => {
    on.input().skip(on.input().unsigned(width));
    on.push(new PickledObject("builtins", "bytes"));
  };
}

function tuple(size: number): Operation {
  return (on) => on.push(Array.from({ length: size }, () => on.pop()).toReversed());
}

function call(on: Hands): void {
  const args = on.pop();
  const callee = on.pop();
  if (!(callee instanceof PickledObject)) throw new PickleError("it calls what has no name");
  on.push(new PickledObject(callee.module, callee.name, args));
}

function extend(on: Hands, items: readonly PickleValue[]): void {
  const list = on.top();
  if (list instanceof PickledObject) return;
  if (!Array.isArray(list)) throw new PickleError("it appends to what is no list");
  for (const item of items) list.push(item);
}

function enter(on: Hands, pairs: readonly PickleValue[]): void {
  const entries = on.top();
  if (entries instanceof PickledObject) return;
  if (!(entries instanceof Map) || pairs.length % 2 !== 0)
    throw new PickleError("it makes entries where there is no dict");
  for (let index = 0; index < pairs.length; index += 2) {
    entries.set(pairs[index] ?? null, pairs[index + 1] ?? null);
  }
}
