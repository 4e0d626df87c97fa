import { celeryOf } from "./celery-values.ts";
import type { Config, Environment, Machine } from "./config.ts";
import { natsOf, ONLY_WITH_NATS } from "./nats-values.ts";
import { nearestName } from "./nearest-name.ts";
import { CONFIG_VARIABLES, runtimeValuesOf } from "./runtime-values.ts";
import { certificateOf } from "./tls-values.ts";
import {
  advertiseOf,
  dataDirOf,
  databaseUrlOf,
  defaultNodeId,
  isReachableFromOutside,
  leaseTtlOf,
  listenOf,
  logFormatOf,
  logLevelOf,
  nodeIdOf,
  serverUrlOf,
  shardCountOf,
} from "./values.ts";
import { isPlanned, VARIABLES } from "./variables.ts";
import type { VariableName } from "./variables.ts";
import { allowsEveryTarget, publicUrlOf, secretKeysOf, webhooksOf } from "./webhook-values.ts";
import { WrongVariable } from "./wrong-variable.ts";

export type ConfigReading =
  /** `warnings`: a line each, about what the start goes on in spite of. */
  | { readonly kind: "read"; readonly config: Config; readonly warnings: readonly string[] }
  /** The start cannot go on. `message` is one line that names the variable. */
  | { readonly kind: "wrong"; readonly variable: string; readonly message: string };

/** Reads and checks what a node is told by its environment. A variable that is set to nothing counts as unset. */
export function readConfig(environment: Environment, machine: Machine): ConfigReading {
  try {
    refusePlanned(environment);
    const config = configOf(environment, machine);
    return { kind: "read", config, warnings: warningsOf(environment, config) };
  } catch (error) {
    if (error instanceof WrongVariable) return { kind: "wrong", variable: error.variable, message: error.message };
    throw error;
  }
}

/** Reads the one variable that the commands against a server need. */
export function readServerUrl(
  environment: Environment,
): { readonly kind: "read"; readonly url: string } | { readonly kind: "wrong"; readonly message: string } {
  try {
    return { kind: "read", url: serverUrlOf(valueOrDefault(environment, "BELFRY_SERVER")) };
  } catch (error) {
    if (error instanceof WrongVariable) return { kind: "wrong", message: error.message };
    throw error;
  }
}

function configOf(environment: Environment, machine: Machine): Config {
  const listen = listenOf(valueOrDefault(environment, "BELFRY_LISTEN"));
  const databaseUrl = valueOf(environment, "BELFRY_DATABASE_URL");
  const nodeId = valueOf(environment, "BELFRY_NODE_ID");
  const logFormat = valueOf(environment, "BELFRY_LOG_FORMAT");
  const known = (name: VariableName): string | undefined =>
    valueOf(environment, name) ?? VARIABLES[name].fallback ?? undefined;
  return {
    ...listen,
    advertise: advertiseOf(valueOf(environment, "BELFRY_ADVERTISE"), listen, machine),
    database:
      databaseUrl === undefined
        ? dataDirOf(valueOrDefault(environment, "BELFRY_DATA_DIR"))
        : databaseUrlOf(databaseUrl),
    nodeId: nodeId === undefined ? defaultNodeId(machine, listen.port) : nodeIdOf(nodeId),
    shardCount: shardCountOf(valueOrDefault(environment, "BELFRY_SHARDS")),
    leaseTtlMs: leaseTtlOf(valueOrDefault(environment, "BELFRY_LEASE_TTL")),
    nats: natsOf(known, machine),
    tls: certificateOf(
      { name: "BELFRY_TLS_CERT_FILE", path: valueOf(environment, "BELFRY_TLS_CERT_FILE") },
      { name: "BELFRY_TLS_KEY_FILE", path: valueOf(environment, "BELFRY_TLS_KEY_FILE") },
      machine,
    ),
    secretKeys: secretKeysOf(known, machine),
    webhooks: webhooksOf(known, machine),
    publicUrl: publicUrlOf(known("BELFRY_PUBLIC_URL")),
    celery: celeryOf(known, machine),
    runtime: runtimeValuesOf((name) => valueOf(environment, name)),
    log: {
      level: logLevelOf(valueOrDefault(environment, "BELFRY_LOG_LEVEL")),
      format: logFormat === undefined ? undefined : logFormatOf(logFormat),
    },
  };
}

type WithDefault = {
  [Name in VariableName]: (typeof VARIABLES)[Name]["fallback"] extends string ? Name : never;
}[VariableName];

function valueOrDefault(environment: Environment, name: WithDefault): string {
  return valueOf(environment, name) ?? VARIABLES[name].fallback;
}

function valueOf(environment: Environment, name: string): string | undefined {
  const text = environment[name]?.trim();
  return text === "" ? undefined : text;
}

function refusePlanned(environment: Environment): void {
  const planned = namesIn(environment).find(isPlanned);
  if (planned !== undefined) {
    throw new WrongVariable(planned, `${planned} is not supported yet by this version of Belfry: unset it.`);
  }
}

function warningsOf(environment: Environment, config: Config): readonly string[] {
  const known = [...Object.keys(VARIABLES), ...CONFIG_VARIABLES.map(({ name }) => name)];
  const warnings = namesIn(environment)
    .filter((name) => !known.includes(name))
    .map((name) => {
      const nearest = nearestName(name, known);
      return `${name} is not a variable of Belfry and has no effect${nearest === undefined ? "" : `: did you mean ${nearest}?`}`;
    });
  if (config.database.kind === "url" && valueOf(environment, "BELFRY_DATA_DIR") !== undefined) {
    warnings.push("BELFRY_DATA_DIR has no effect, for BELFRY_DATABASE_URL is set");
  }
  if (config.nats === undefined) {
    const idle = ONLY_WITH_NATS.filter((name) => valueOf(environment, name) !== undefined);
    for (const name of idle) warnings.push(`${name} has no effect, for BELFRY_NATS_URL is not set`);
  }
  if (config.celery?.kind !== "redis" && valueOf(environment, "BELFRY_CELERY_KEY_PREFIX") !== undefined) {
    warnings.push("BELFRY_CELERY_KEY_PREFIX has no effect, for BELFRY_CELERY_RESULT_BACKEND is no Redis");
  }
  if (config.celery?.kind === "redis" && "host" in config.celery.at && config.celery.at.tls?.verified === false) {
    warnings.push(
      "BELFRY_CELERY_RESULT_BACKEND says ssl_cert_reqs=CERT_NONE: whoever answers is believed to be that Redis",
    );
  }
  if (allowsEveryTarget(config.webhooks.allowedTargets)) {
    warnings.push(
      "BELFRY_ALLOW_PRIVATE_TARGETS lets webhooks call every address: those of this machine, of its network and of a cloud's metadata too",
    );
  }
  if (isReachableFromOutside(config.host)) {
    const unencrypted = config.tls === undefined ? "nothing is encrypted, and " : "";
    warnings.push(
      `BELFRY_LISTEN lets other machines in (${config.listen}): ${unencrypted}whoever reaches it may use all of the API`,
    );
  }
  return warnings;
}

function namesIn(environment: Environment): readonly string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith("BELFRY_") && valueOf(environment, name) !== undefined)
    .toSorted();
}
