import { Migration } from "@mikro-orm/migrations";

/** Locks, and configuration with its changes, are documents beside those of actors: only the legend of their kinds grows. */
export class LocksAndConfiguration extends Migration {
  override up(): void {
    this.addSql(
      `comment on column belfry.actor_state.kind is '1 destination, 2 platform, 3 trigger, 4 platform_change, 6 lock, 7 config, 8 config_change'`,
    );
  }

  override down(): void {
    this.addSql(`delete from belfry.actor_state where kind in (6, 7, 8)`);
    this.addSql(
      `comment on column belfry.actor_state.kind is '1 destination, 2 platform, 3 trigger, 4 platform_change'`,
    );
  }
}
