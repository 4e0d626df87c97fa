import type { ConfigKey, ConfigValueOf } from "../domain/config/config-key.ts";
import type { ConfigPlace } from "../domain/config/config-place.ts";
import type { ResolvedConfig } from "../domain/config/resolve.ts";

/**
 * What is configured, for whatever works by it.
 *
 * Nothing is kept: who asks is told what was committed when it asked. So a change counts on every node for all that asks after SetConfig has answered;
 * and what asks often should ask once for all of a run. Values of the environment are those of the node that is asked.
 */
export interface ConfigReader {
  /** What holds for a user; without one, for everybody. @throws StoreUnavailable */
  resolve<Key extends ConfigKey>(key: Key, userId?: string): Promise<ResolvedConfig<Key>>;
  /** What holds for everybody, and for each user that has a value of their own. @throws StoreUnavailable */
  values<Key extends ConfigKey>(key: Key): Promise<ConfigValues<Key>>;
  /**
   * Tells of changes, after their commit: each on the one node that decided it, and never when that node ends first. A hint to look again soon, for who
   * looks now and then anyway.
   */
  onChange(listener: (changed: ConfigPlace) => void): { unsubscribe(): void };
}

export interface ConfigValues<Key extends ConfigKey = ConfigKey> {
  readonly everybody: ConfigValueOf<Key>;
  readonly users: ReadonlyMap<string, ConfigValueOf<Key>>;
}
