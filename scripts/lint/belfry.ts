/**
 * Lint rules of this house, loaded by oxlint (`jsPlugins` in .oxlintrc.json).
 *
 * The type declarations below are the few parts of oxlint's plugin interface that are used here.
 */

interface Node {
  readonly type: string;
}
interface Identifier extends Node {
  readonly name: string;
}
interface MemberExpression extends Node {
  readonly object: Node;
  readonly property: Node;
  readonly computed: boolean;
}
interface CallExpression extends Node {
  readonly callee: Node;
  readonly arguments: readonly Node[];
}
interface ImportDeclaration extends Node {
  readonly source: { readonly value: string };
  readonly specifiers: readonly (Node & { readonly imported?: Node })[];
}
interface RuleContext {
  report(finding: { node: Node; message: string }): void;
}

const TIME = "time comes from the Clock port (src/ports/clock.ts), so that tests and the simulator can turn it";
const CHANCE =
  "randomness comes from the Random port (src/ports/random.ts), so that a run can be repeated from its seed";
const IDS =
  "ids and secrets come from the Ids port (src/ports/ids.ts), so that they increase and can be told in advance";

/** Functions that are there without an import. */
const AMBIENT_CALLS = new Map([
  ["setTimeout", TIME],
  ["setInterval", TIME],
  ["setImmediate", TIME],
  ["Date", TIME],
]);

/** `object.property` of objects that are there without an import, or of an imported module of that name. */
const AMBIENT_MEMBERS = new Map([
  ["Date.now", TIME],
  ["performance.now", TIME],
  ["performance.timeOrigin", TIME],
  ["process.hrtime", TIME],
  ["process.uptime", TIME],
  ["AbortSignal.timeout", TIME],
  ["globalThis.setTimeout", TIME],
  ["globalThis.setInterval", TIME],
  ["globalThis.setImmediate", TIME],
  ["Math.random", CHANCE],
  ["crypto.randomInt", CHANCE],
  ["crypto.randomUUID", IDS],
  ["crypto.randomUUIDv7", IDS],
  ["crypto.randomBytes", IDS],
  ["crypto.getRandomValues", IDS],
]);

/** What may not be imported by name from Node's own modules; `*` is everything. */
const AMBIENT_IMPORTS = new Map<string, ReadonlyMap<string, string>>([
  ["timers", new Map([["*", TIME]])],
  ["timers/promises", new Map([["*", TIME]])],
  ["perf_hooks", new Map([["performance", TIME]])],
  [
    "crypto",
    new Map([
      ["randomInt", CHANCE],
      ["randomUUID", IDS],
      ["randomUUIDv7", IDS],
      ["randomBytes", IDS],
      ["randomFill", IDS],
      ["randomFillSync", IDS],
      ["getRandomValues", IDS],
    ]),
  ],
]);

const noAmbient = {
  create(context: RuleContext) {
    const refuse = (node: Node, what: string, why: string | undefined): void => {
      if (why !== undefined) context.report({ node, message: `No ${what} here: ${why}.` });
    };
    return {
      CallExpression(node: CallExpression) {
        const name = nameOf(node.callee);
        if (name !== undefined) refuse(node, `${name}()`, AMBIENT_CALLS.get(name));
      },
      NewExpression(node: CallExpression) {
        if (nameOf(node.callee) === "Date" && node.arguments.length === 0) refuse(node, "new Date()", TIME);
      },
      MemberExpression(node: MemberExpression) {
        const [object, property] = [nameOf(node.object), node.computed ? undefined : nameOf(node.property)];
        const member = `${object}.${property}`;
        refuse(node, member, AMBIENT_MEMBERS.get(member));
      },
      ImportDeclaration(node: ImportDeclaration) {
        const module = node.source.value.replace(/^node:/, "");
        const refused = AMBIENT_IMPORTS.get(module);
        refuse(node, `import of ${node.source.value}`, refused?.get("*"));
        for (const specifier of node.specifiers) {
          const name = specifier.imported && nameOf(specifier.imported);
          if (name !== undefined) refuse(specifier, name, refused?.get(name));
        }
      },
    };
  },
};

function nameOf(node: Node): string | undefined {
  return isIdentifier(node) ? node.name : undefined;
}

function isIdentifier(node: Node): node is Identifier {
  return node.type === "Identifier";
}

export default {
  meta: { name: "belfry" },
  rules: { "no-ambient": noAmbient },
};
