/** The tests that are about the SQLite file and what lies beside it: a run on PostgreSQL skips them, with the reason. */

interface OnlySqlite {
  readonly file: string;
  /** How the titles begin; missing: the whole file. */
  readonly titles?: readonly string[];
  readonly why: string;
}

const ON_BOTH = 'starts a server of its own, on either run';

const OF_FILE = 'spoils, locks, replaces or reads the file of SQLite';

export const ONLY_SQLITE: readonly OnlySqlite[] = [
  { file: 'test/e2e/postgres.test.ts', why: ON_BOTH },
  { file: 'test/e2e/postgres-server.test.ts', why: ON_BOTH },
  { file: 'test/e2e/postgres-trouble.test.ts', why: ON_BOTH },
  { file: 'test/e2e/logs-elsewhere.test.ts', why: ON_BOTH },
  { file: 'test/fault/postgres.test.ts', why: ON_BOTH },
  { file: 'test/fault/hosts.test.ts', why: ON_BOTH },
  { file: 'test/fault/leases.test.ts', why: ON_BOTH },
  { file: 'test/fault/move.test.ts', why: ON_BOTH },
  { file: 'test/fault/restore.test.ts', why: ON_BOTH },
  { file: 'test/fault/run-cut-off.test.ts', why: ON_BOTH },
  { file: 'test/fault/standby.test.ts', why: ON_BOTH },
  { file: 'test/fault/stop-cut-off.test.ts', why: ON_BOTH },
  { file: 'test/e2e/migrate.test.ts', why: ON_BOTH },
  {
    file: 'test/e2e/database.test.ts',
    titles: ['a corrupt database', 'a database that was emptied', 'a home on a network file system'],
    why: OF_FILE,
  },
  {
    file: 'test/e2e/doctor.test.ts',
    titles: ['doctor makes no home', 'files that others may read', 'a corrupt database'],
    why: `${OF_FILE}; of a server: postgres-server.test.ts`,
  },
  {
    file: 'test/e2e/store-trouble.test.ts',
    titles: ['on a full disk', 'a disk that fails to sync', 'a worker whose database is replaced'],
    why: OF_FILE,
  },
  {
    file: 'test/e2e/doorbell.test.ts',
    titles: ['poll_interval_ms takes effect'],
    why: 'removes the file of the doorbell',
  },
  { file: 'test/worker/upkeep.test.ts', why: OF_FILE },
  {
    file: 'test/worker/lost-session.test.ts',
    titles: ['a stop that comes while a claim waits for the lock'],
    why: 'only SQLite has one lock for all that is written',
  },
];

export function whyOnlySqlite(file: string, title: string): string | undefined {
  return ONLY_SQLITE.find(
    (each) => each.file === file && (each.titles?.some((words) => title.startsWith(words)) ?? true),
  )?.why;
}
