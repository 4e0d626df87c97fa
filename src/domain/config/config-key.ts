/**
 * What can be configured while Belfry runs (配置项): one table, from which everything else about a key comes: what a value must be, what holds when nobody
 * set one, whether users may have their own, its environment variable, its documentation.
 *
 * Keys, bounds and defaults are those of the source's task configuration; `docs/adr` says why things are kept for 30 days.
 */

interface Described {
  /** For people: what it does, with its unit. */
  readonly description: string;
  /** Whether a user may have a value of their own, which then holds for what is theirs. */
  readonly forUsers: boolean;
}

interface IntegerRule extends Described {
  readonly kind: "INTEGER";
  readonly least: number;
  readonly most: number;
  readonly fallback: number;
}

interface BooleanRule extends Described {
  readonly kind: "BOOLEAN";
  readonly fallback: boolean;
}

/** `CRONTAB`: one cron expression, as schedules have them. `TIME_ZONE`: an IANA name. */
interface TextRule extends Described {
  readonly kind: "CRONTAB" | "TIME_ZONE";
  readonly fallback: string;
}

/** What a value of a key must be; `fallback` is its default. */
export type ConfigRule = IntegerRule | BooleanRule | TextRule;

/** All that a value can be. */
export type ConfigValue = number | boolean | string;

export const CONFIG_KEYS = {
  retention_days: {
    kind: "INTEGER",
    least: 1,
    most: 3650,
    fallback: 30,
    forUsers: true,
    description: "Days for which what has finished is kept; the cleanup removes what is older.",
  },
  timeout_minutes: {
    kind: "INTEGER",
    least: 1,
    most: 1440,
    fallback: 10,
    forUsers: true,
    description: "Minutes after which an execution that has started, and not ended, counts as failed.",
  },
  cleanup_enabled: {
    kind: "BOOLEAN",
    fallback: true,
    forUsers: false,
    description: "Whether the cleanup runs by itself.",
  },
  cleanup_crontab: {
    kind: "CRONTAB",
    fallback: "0 2 * * *",
    forUsers: false,
    description: "When the cleanup runs.",
  },
  cleanup_only_completed: {
    kind: "BOOLEAN",
    fallback: true,
    forUsers: false,
    description: "Whether the cleanup leaves alone what runs elsewhere and never ended.",
  },
  cleanup_batch_size: {
    kind: "INTEGER",
    least: 100,
    most: 50_000,
    fallback: 5000,
    forUsers: false,
    description: "How much the cleanup removes at a time.",
  },
  mark_timeout_enabled: {
    kind: "BOOLEAN",
    fallback: true,
    forUsers: false,
    description: "Whether executions past their time are looked for by itself.",
  },
  mark_timeout_crontab: {
    kind: "CRONTAB",
    fallback: "*/30 * * * *",
    forUsers: false,
    description: "When executions past their time are looked for.",
  },
  maintenance_time_zone: {
    kind: "TIME_ZONE",
    fallback: "UTC",
    forUsers: false,
    description: "The time zone of the crontabs.",
  },
  retry_max: {
    kind: "INTEGER",
    least: 0,
    most: 100,
    fallback: 3,
    forUsers: true,
    description: "Retries of a client after its first failure (getRetryOptions).",
  },
  retry_delay: {
    kind: "INTEGER",
    least: 0,
    most: 86_400,
    fallback: 1,
    forUsers: true,
    description: "Seconds that the first retry of a client waits; without backoff, each.",
  },
  retry_backoff: {
    kind: "BOOLEAN",
    fallback: true,
    forUsers: true,
    description: "Whether each retry of a client waits twice as long as the one before.",
  },
  retry_backoff_max: {
    kind: "INTEGER",
    least: 1,
    most: 86_400,
    fallback: 600,
    forUsers: true,
    description: "Seconds that a retry of a client waits at most.",
  },
} as const satisfies Readonly<Record<string, ConfigRule>>;

export type ConfigKey = keyof typeof CONFIG_KEYS;

/** The type of a key's values. */
export type ConfigValueOf<Key extends ConfigKey> = {
  INTEGER: number;
  BOOLEAN: boolean;
  CRONTAB: string;
  TIME_ZONE: string;
}[(typeof CONFIG_KEYS)[Key]["kind"]];

/** By name. */
export const ALL_CONFIG_KEYS: readonly ConfigKey[] = (Object.keys(CONFIG_KEYS) as ConfigKey[]).toSorted();

export function isConfigKey(text: string): text is ConfigKey {
  return Object.hasOwn(CONFIG_KEYS, text);
}

export function configRule(key: ConfigKey): ConfigRule {
  return CONFIG_KEYS[key];
}

/** The environment variable by which a node is told a value of the key: `BELFRY_CONFIG_RETENTION_DAYS`. */
export function variableOfConfig(key: ConfigKey): string {
  return `BELFRY_CONFIG_${key.toUpperCase()}`;
}
