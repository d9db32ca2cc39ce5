// Fills a queue with rows of jobs that wait or are over, by the store's own schema: a million by commands would take hours.
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';

const DAY_MS = 86_400_000;
const CHUNK = 50_000;

/** @typedef {{ completed: number, scheduled: number, dead: number }} Sizes */

const JOBS = `
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
  INSERT INTO jobs (queue, state, priority, run_at, attempts, run, max_retries, backoff, command, options,
    created_at, updated_at, started_at, finished_at, exit_code, reason)
  SELECT 'default', :state, 0, :at + i, :failed, :over, 3, '{"base":2}', 'true', '{}', :at, :at + i,
    CASE WHEN :over = 1 THEN :at + i END, CASE WHEN :over = 1 THEN :at + i + 1 END,
    CASE WHEN :over = 1 THEN :failed END, CASE WHEN :failed = 1 THEN 'exit code 1' END
  FROM n`;

const RUNS = `
  INSERT INTO runs (seq, run, session_id, started_at, finished_at, outcome, exit_code, output_bytes)
  SELECT seq, 1, 1, started_at, finished_at, CASE WHEN exit_code = 0 THEN 'success' ELSE 'failure' END, exit_code, 0
  FROM jobs WHERE seq > ? AND state = ?`;

const COUNTER = `
  INSERT INTO counters (queue, state, n) VALUES ('default', ?, ?)
  ON CONFLICT (queue, state) DO UPDATE SET n = n + excluded.n`;

/** The home has a queue already, and nobody works on it. @param {string} home @param {Sizes} sizes */
export function fill(home, sizes) {
  const database = new DatabaseSync(join(home, 'queue.db'));
  database.exec('PRAGMA synchronous = OFF');
  const now = Date.now();
  const times = { completed: now - 5 * DAY_MS, scheduled: now + 5 * DAY_MS, dead: now - 2 * DAY_MS };
  for (const [state, total] of Object.entries(sizes)) {
    const over = state === 'scheduled' ? 0 : 1;
    const failed = state === 'dead' ? 1 : 0;
    for (let done = 0; done < total; done += CHUNK) {
      const count = Math.min(CHUNK, total - done);
      const at = times[/** @type {keyof Sizes} */ (state)] + done;
      database.exec('BEGIN');
      const last = Number(database.prepare('SELECT coalesce(max(seq), 0) AS seq FROM jobs').get()?.['seq']);
      database.prepare(JOBS).run({ count, state, at, failed, over });
      if (over === 1) database.prepare(RUNS).run(last, state);
      database.prepare(COUNTER).run(state, count);
      database.exec('COMMIT');
    }
  }
  database.exec('PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}
