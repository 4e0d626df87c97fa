import { Migration } from "@mikro-orm/migrations";

/** One small row a shard, written over and over and kept like the fences (0001-tables.ts): room in the page for HOT updates, early cleaning. */
export class PublishedCursors extends Migration {
  override up(): void {
    this.addSql(`create table belfry.published_cursor (
      shard int not null, sequence bigint not null, stream text not null, primary key (shard)
    ) with (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)`);
    this.addSql(
      `comment on table belfry.published_cursor is 'How far the events of a shard have been published, and on which stream'`,
    );
  }

  override down(): void {
    this.addSql(`drop table belfry.published_cursor`);
  }
}
