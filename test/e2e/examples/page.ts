/** Reads docs/examples.md: the requests, and what must be in their answers. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

export interface Example {
  readonly title: string;
  /** `belfry.v1.DefinitionService/CreateDefinition` */
  readonly method: string;
  /** As the page has it, placeholders included. */
  readonly request: string;
  readonly outcome:
    | { readonly kind: "answer"; readonly holds: string }
    | { readonly kind: "refusal"; readonly code: string; readonly reason: string };
}

const PAGE = resolve(import.meta.dirname, "../../../docs/examples.md");
const EXAMPLE =
  /^### (?<title>.+)\n\n`(?<method>[\w.]+\/\w+)`\n\n```json\n(?<request>[^`]+)\n```\n\n→(?: (?<code>[A-Z_]+), reason (?<reason>[A-Z_]+)|\n\n```json\n(?<holds>[^`]+)\n```)$/gm;

/** In the order of the page. */
export function readExamples(): readonly Example[] {
  const text = readFileSync(PAGE, "utf8");
  const examples = [...text.matchAll(EXAMPLE)].map(({ groups = {} }): Example => {
    const { title = "", method = "", request = "", code, reason = "", holds = "" } = groups;
    return {
      title,
      method,
      request,
      outcome: code === undefined ? { kind: "answer", holds } : { kind: "refusal", code, reason },
    };
  });
  // A title that the pattern does not understand must not be passed over.
  const titles = text.match(/^### /gm)?.length;
  if (titles !== examples.length)
    throw new Error(`${PAGE} has ${titles} examples, of which ${examples.length} can be read`);
  return examples;
}
