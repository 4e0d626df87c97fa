/**
 * Checks what the documents point at: every relative link and anchor of every Markdown file resolves, and every path of
 * this repository that stands in backticks exists (decisions and the change log may speak of what is gone).
 *
 * `node scripts/check-links.ts [folder]` prints what is wrong and ends with 1, or with 0 when nothing is.
 */
import { access, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";

const SKIPPED_FOLDERS = new Set(["node_modules", ".git", ".belfry", "coverage"]);
/** A word in backticks that begins like this claims to be a path from the root. */
const PATH_CLAIM = /^(\.ci|bench|bin|docs|proto|scripts|src|test)\/[\w./@-]*$/;
const MAY_NAME_THE_PAST = /(^|\/)(CHANGELOG\.md$|docs\/adr\/)/;

/** What is wrong in the Markdown files below `root`, a line each: `file:line: what`. */
export async function brokenLinks(root: string): Promise<readonly string[]> {
  const anchorsOf = new Map<string, Promise<ReadonlySet<string>>>();
  const problems: string[] = [];

  for (const file of await markdownBelow(root)) {
    const name = relative(root, file);
    for (const { line, text } of proseLines(await readFile(file, "utf8"))) {
      for (const target of linksIn(text)) {
        const wrong = await problemOf(target, file, root, anchorsOf);
        if (wrong) problems.push(`${name}:${line}: ${wrong}`);
      }
      if (MAY_NAME_THE_PAST.test(name)) continue;
      for (const path of pathsIn(text)) {
        if (!(await exists(join(root, path)))) problems.push(`${name}:${line}: \`${path}\` does not exist`);
      }
    }
  }
  return problems;
}

async function problemOf(
  target: string,
  file: string,
  root: string,
  anchorsOf: Map<string, Promise<ReadonlySet<string>>>,
): Promise<string | undefined> {
  if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target)) return undefined;
  const [path = "", anchor] = target.split("#", 2);
  const wanted = path === "" ? file : path.startsWith("/") ? join(root, path) : resolve(dirname(file), decodeURI(path));
  if (!(await exists(wanted))) return `the link ${target} leads nowhere`;
  if (!anchor || (await stat(wanted)).isDirectory()) return undefined;

  const text = readFile(wanted, "utf8");
  const lineNumber = /^L(\d+)/.exec(anchor)?.[1];
  if (lineNumber !== undefined) {
    return Number(lineNumber) <= (await text).split("\n").length ? undefined : `the link ${target} is past the end`;
  }
  if (!wanted.endsWith(".md")) return undefined;
  if (!anchorsOf.has(wanted)) anchorsOf.set(wanted, text.then(anchorsIn));
  const anchors = await anchorsOf.get(wanted);
  return anchors?.has(decodeURIComponent(anchor).toLowerCase()) ? undefined : `${target}: there is no such heading`;
}

/** The anchors that GitHub makes of the headings, and those set by hand. */
export function anchorsIn(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const { text } of proseLines(markdown)) {
    for (const [, id] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id ?? "");
    const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*$/.exec(text)?.[1];
    if (heading === undefined) continue;
    const slug = heading
      .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let twin = 1; anchors.has(anchor); twin++) anchor = `${slug}-${twin}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Numbered lines outside of fenced code and comments. */
function* proseLines(markdown: string): Generator<{ readonly line: number; readonly text: string }> {
  const withoutComments = markdown.replaceAll(/<!--[\s\S]*?-->/g, (comment) => comment.replaceAll(/[^\n]/g, " "));
  let fence: string | undefined;
  for (const [index, text] of withoutComments.split("\n").entries()) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(text)?.[1];
    if (fence === undefined && mark) fence = mark;
    else if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined;
    } else yield { line: index + 1, text };
  }
}

function linksIn(text: string): readonly string[] {
  const withoutCode = text.replaceAll(/`+[^`]*`+/g, "");
  const inline = withoutCode.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+["'(][^)]*)?\)/g);
  const definitions = withoutCode.matchAll(/^ {0,3}\[[^\]^]+\]:\s*<?([^\s>]+)/g);
  return [...inline, ...definitions].map(([, target = ""]) => target);
}

function pathsIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code).filter((code) => PATH_CLAIM.test(code));
}

async function markdownBelow(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) found.push(...(await markdownBelow(path)));
    else if (entry.isFile() && entry.name.endsWith(".md")) found.push(path);
  }
  return found.toSorted();
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

if (import.meta.main) {
  const problems = await brokenLinks(resolve(process.argv[2] ?? "."));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
