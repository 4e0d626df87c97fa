/**
 * The configuration of the embedded server. The files are written anew at every start, so that the settings always belong
 * to the running version of Belfry; what an operator wants otherwise goes to `custom.conf` in the same folder, which is
 * read last and never touched.
 */

/** postgresql.conf */
export const SERVER_SETTINGS = `# Written by Belfry at every start. Put your own settings into custom.conf in this folder.

# Reached through a socket file in this folder only, which only its owner (and root) can enter: no port is opened.
listen_addresses = ''
unix_socket_directories = '.'
unix_socket_permissions = 0700
cluster_name = 'belfry'

# A commit that was answered survives a crash of the process, the kernel and the power. These are the defaults, said
# here because everything rests on them.
fsync = on
synchronous_commit = on
full_page_writes = on

# One Belfry node with its pools, and a person with psql.
max_connections = 50

# A small footprint: the kernel's cache holds the rest. Huge pages would be taken whole at once.
shared_buffers = 128MB
huge_pages = off
work_mem = 8MB
maintenance_work_mem = 64MB
# Read by the backend itself: saves the three I/O processes, and the working set is in memory anyway.
io_method = sync
# Short statements only: parallel workers and compiling cost more than they bring, and the cores are Belfry's.
max_parallel_workers_per_gather = 0
max_parallel_maintenance_workers = 0
max_worker_processes = 4
jit = off

# No replicas, so nothing is logged for them.
wal_level = minimal
max_wal_senders = 0
# Whole pages, written after each checkpoint, are most of the log under random updates, and compress well.
wal_compression = on
# Fewer checkpoints under load, for at most 1 GB of log. Reading that much back after a crash takes seconds.
max_wal_size = 1GB
min_wal_size = 80MB
checkpoint_timeout = 10min

# Rows of running work change all the time: look often and clean early, so that tables stay small.
autovacuum_naptime = 15s
autovacuum_vacuum_scale_factor = 0.05
autovacuum_vacuum_cost_delay = 1ms

# What a statement did wrong is told to the client, which is Belfry; here stands what happens to the server. No statements
# and no row values: they may hold payloads.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
log_autovacuum_min_duration = -1
log_timezone = 'UTC'

# The same on every machine. Words are searched as they are written, whatever the language.
timezone = 'UTC'
datestyle = 'iso, ymd'
lc_messages = 'C'
default_text_search_config = 'pg_catalog.simple'

include_if_exists = 'custom.conf'
`;

/** custom.conf, as it is in a new cluster. */
export const CUSTOM_SETTINGS =
  "# Your own settings: they win over those in postgresql.conf. Belfry reads them at its start.\n";

/**
 * pg_hba.conf and pg_ident.conf. The kernel vouches for who is at the other end of the socket (`peer`): there is no
 * password to keep, and it opens to no other user even where "nobody" runs the server.
 *
 * @param clientName the operating system user that Belfry runs as.
 */
export function accessRules(clientName: string): { hba: string; ident: string } {
  const quoted = `"${clientName.replaceAll('"', '""')}"`;
  return {
    hba: "# Written by Belfry at every start.\nlocal all postgres peer map=belfry\n",
    ident: `# Written by Belfry at every start.\nbelfry ${quoted} postgres\nbelfry root postgres\n`,
  };
}
