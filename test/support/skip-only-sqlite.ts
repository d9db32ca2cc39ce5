/** Before each test of a run on PostgreSQL: those that are about SQLite's files are skipped, and say why. */
import { beforeEach } from 'vitest';
import { whyOnlySqlite } from './only-sqlite.js';
import { onPostgres } from './test-database.js';

beforeEach(({ task, skip }) => {
  const why = onPostgres ? whyOnlySqlite(task.file.name, task.name) : undefined;
  if (why !== undefined) skip(why);
});
