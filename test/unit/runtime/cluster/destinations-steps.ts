/** Anything that may befall destinations, one after the other. */
import fc from "fast-check";
import { MOODS } from "./destinations-receivers.ts";
import type { Mood } from "./destinations-receivers.ts";

const KINDS = [
  "ask assign",
  "answer assign",
  "grant",
  "giveBack",
  "demand",
  "released",
  "signals",
  "ask command",
  "answer command",
  "ask take",
  "answer take",
  "owned",
  "alive",
] as const;

export const ORIGINS = ["https://one.example.com", "https://two.example.com", "https://three.example.com"];

/** What befalls destinations, their receivers and their nodes. */
export type Step =
  | { readonly do: "dispatch"; readonly at: number; readonly to: number; readonly many: number; readonly key: string }
  | { readonly do: "trigger"; readonly at: number; readonly to: number; readonly many: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "mood"; readonly of: number; readonly mood: Mood }
  | {
      readonly do: "limit";
      readonly at: number;
      readonly of: number;
      readonly maxConcurrent: number;
      readonly rate: boolean;
    }
  | { readonly do: "isolate" | "reset"; readonly at: number; readonly of: number }
  | {
      readonly do: "end";
      readonly at: number;
      readonly of: number;
      readonly which: number;
      readonly terminate: boolean;
    }
  | { readonly do: "pause"; readonly at: number; readonly of: number; readonly which: number }
  | {
      readonly do: "fault";
      readonly how: "lose" | "double" | "delay";
      readonly says: string;
      readonly times: number;
      readonly ms: number;
    }
  | { readonly do: "part"; readonly one: number; readonly other: number }
  | { readonly do: "clear" }
  | { readonly do: "restart"; readonly at: number }
  | { readonly do: "stall"; readonly at: number; readonly ms: number }
  | { readonly do: "drain"; readonly at: number; readonly draining: boolean };

const at = fc.nat({ max: 2 });
const of = fc.nat({ max: ORIGINS.length - 1 });
const does = <const Name extends string>(name: Name) => fc.constant(name);

/** @param withFaults of the network and of nodes, not only of receivers. */
export function steps(withFaults: boolean): fc.Arbitrary<Step> {
  const harmless: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<Step> }[] = [
    {
      weight: 8,
      arbitrary: fc.record({
        do: does("dispatch"),
        at,
        to: of,
        many: fc.integer({ min: 1, max: 4 }),
        key: fc.constantFrom("", "", "callback", "ordered", "newest"),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: does("trigger"), at, to: of, many: fc.integer({ min: 1, max: 3 }) }) },
    {
      weight: 8,
      arbitrary: fc.record({ do: does("wait"), ms: fc.constantFrom(0, 1, 10, 400, 2100, 5200, 12_000, 70_000) }),
    },
    { weight: 5, arbitrary: fc.record({ do: does("mood"), of, mood: fc.constantFrom(...MOODS) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: does("limit"),
        at,
        of,
        maxConcurrent: fc.constantFrom(1, 2, 5),
        rate: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: does("isolate"), at, of }) },
    { weight: 1, arbitrary: fc.record({ do: does("reset"), at, of }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: does("end"), at, of, which: fc.nat({ max: 50 }), terminate: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.record({ do: does("pause"), at, of, which: fc.nat({ max: 50 }) }) },
  ];
  const faults: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<Step> }[] = [
    {
      weight: 4,
      arbitrary: fc.record({
        do: does("fault"),
        how: fc.constantFrom("lose" as const, "double" as const, "delay" as const),
        says: fc.constantFrom(...KINDS),
        times: fc.integer({ min: 1, max: 4 }),
        ms: fc.constantFrom(1, 50, 700, 3000, 9000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: does("part"), one: at, other: at }) },
    { weight: 2, arbitrary: fc.record({ do: does("clear") }) },
    { weight: 1, arbitrary: fc.record({ do: does("restart"), at }) },
    { weight: 1, arbitrary: fc.record({ do: does("stall"), at, ms: fc.constantFrom(500, 3000, 4500, 9000) }) },
    { weight: 2, arbitrary: fc.record({ do: does("drain"), at, draining: fc.boolean() }) },
  ];
  return fc.oneof(...harmless, ...(withFaults ? faults : []));
}
