import type { JsonValue } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Event } from "../../client/index.ts";
import { printable } from "../format/printable.ts";
import { paint } from "../format/screen.ts";
import type { Screen, Style } from "../format/screen.ts";
import { localTimeOfDay } from "../format/time.ts";
import { fitted, textWidth } from "../format/width.ts";

/** By the last part of the event's type. */
const STYLES: Readonly<Record<string, Style>> = {
  completed: "green",
  started: "cyan",
  retrying: "yellow",
  not_fired: "yellow",
  paused: "yellow",
  cancelled: "dim",
  failed: "red",
  timed_out: "red",
};

const TYPE_WIDTH = 24;
const VALUE_WIDTH = 80;
/** Said by the type or the subject already. */
const LEFT_OUT = new Set(["definitionId", "state"]);

/** An event on one line: `08:00:00 instance.completed  <subject>  attempts=1`. */
export function eventLine(
  screen: Screen,
  event: Event,
  nameOf: (event: Event) => string = ({ subject }) => subject,
): string {
  const type = event.type.replace(/^belfry\./, "");
  const style = STYLES[type.slice(type.lastIndexOf(".") + 1)];
  const about = nameOf(event);
  const time = event.time === undefined ? "--:--:--" : localTimeOfDay(timestampMs(event.time));
  const details = Object.entries(event.data ?? {})
    .filter(([name, value]) => !LEFT_OUT.has(name) && value !== "" && value !== null && value !== about)
    .map(([name, value]) => `${paint(screen, "dim", `${printable(name)}=`)}${valueInWords(value)}`);
  const shownType = printable(type);
  const padding = " ".repeat(Math.max(0, TYPE_WIDTH - textWidth(shownType)));
  const head = `${paint(screen, "dim", time)} ${paint(screen, style, shownType)}${padding}`;
  return [head, printable(about), ...details].join("  ").trimEnd();
}

function valueInWords(value: JsonValue): string {
  return fitted(printable(typeof value === "string" ? value : JSON.stringify(value)), VALUE_WIDTH);
}
