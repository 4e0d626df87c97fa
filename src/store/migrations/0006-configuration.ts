import { Migration } from "@mikro-orm/migrations";

/** Configuration and its changes are documents beside those of actors: only the legend of their kinds grows. */
export class Configuration extends Migration {
  override up(): void {
    this.addSql(
      `comment on column belfry.actor_state.kind is '1 destination, 2 platform, 3 trigger, 4 platform_change, 7 config, 8 config_change'`,
    );
  }

  override down(): void {
    this.addSql(`delete from belfry.actor_state where kind in (7, 8)`);
    this.addSql(
      `comment on column belfry.actor_state.kind is '1 destination, 2 platform, 3 trigger, 4 platform_change'`,
    );
  }
}
