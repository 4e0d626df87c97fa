/**
 * docs/connectors.md: every connector with its settings, made from what `src/platforms` describes.
 *
 * `node scripts/connectors-table.ts` writes it; with `--check` it compares and ends with 1 when the page is stale.
 */
import { readFile, writeFile } from "node:fs/promises";

import { connectors } from "../src/platforms/index.ts";
import type { Connector } from "../src/ports/platform/connector.ts";
import type { SettingSpec } from "../src/ports/platform/setting.ts";
import { markdownTable } from "./markdown-table.ts";

const PAGE = "docs/connectors.md";
const HEAD = `# Connectors and their settings

What \`ListConnectors\` answers, made by \`scripts/connectors-table.ts\`. Secrets are kept encrypted and shown as \`***\`. A form is how a person is asked, and
what values there may be: TEXT, PASSWORD, SELECT and TIME_ZONE take a string, NUMBER a number, SWITCH a boolean, LIST a list of strings, MAP an
object of strings. The [guide](task-centers.md) says how platforms work.
`;

/** The page, a section for each connector. One that has the settings of an earlier one shows only what differs. */
export function connectorsPage(all: readonly Connector[]): string {
  const sections = all.map((connector, index) => {
    const { name, title, environments, settings, token } = connector;
    const model = all.slice(0, index).find((each) => haveSameNames(each, connector));
    const shown = model === undefined ? settings : settings.filter((spec) => !isSame(spec, model));
    const made = environments.length === 0 ? [] : [`Made for the installation ${environments.join(", ")}.`];
    const tokens = token === null ? ["It needs no access token."] : [];
    const like = model === undefined ? [] : [`Its settings are those of \`${model.name}\`, but for:`];
    const text = [...made, ...tokens, ...like].join(" ");
    return [`## ${title} (\`${name}\`)`, ...(text === "" ? [] : [text]), tableOf(shown)].join("\n\n");
  });
  return `${HEAD}\n${sections.join("\n\n")}\n`;
}

function tableOf(settings: readonly SettingSpec[]): string {
  const rows = settings.map(({ name, title, form, required, secret, isUrl, default: fallback, options = [], help }) => [
    `\`${name}\``,
    title,
    `${form}${secret ? ", secret" : ""}${isUrl === true ? ", URL" : ""}`,
    required ? "required" : fallback === null || fallback === "" ? "" : `\`${textOf(fallback)}\``,
    [help, ...(form === "SELECT" ? [`One of ${options.map(({ value }) => `\`${value}\``).join(", ")}.`] : [])].join(
      " ",
    ),
  ]);
  return markdownTable(["setting", "title", "form", "default", "what it does"], rows);
}

/** As short as JSON goes: lists and objects without the quotes of their texts. */
function textOf(value: SettingSpec["default"]): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : value.map(textOf).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value).map(([name, each]) => `${name}=${textOf(each)}`);
  return entries.length === 0 ? "{}" : entries.join(", ");
}

function haveSameNames(one: Connector, other: Connector): boolean {
  const names = ({ settings }: Connector): string => settings.map(({ name }) => name).join();
  return names(one) === names(other);
}

function isSame(spec: SettingSpec, { settings }: Connector): boolean {
  return settings.some((each) => JSON.stringify(each) === JSON.stringify(spec));
}

async function main([mode]: readonly string[]): Promise<number> {
  const wanted = connectorsPage([...connectors.values()]);
  if (mode !== "--check") {
    await writeFile(PAGE, wanted);
    return 0;
  }
  if ((await readFile(PAGE, "utf8").catch(() => "")) === wanted) return 0;
  process.stderr.write(`${PAGE} is not what src/platforms describes: run \`node scripts/connectors-table.ts\`.\n`);
  return 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
