/**
 * Migration 3. SQLite builds a table in memory for each `IN` of three words or more, at every write that meets one in a
 * CHECK or in the condition of an index: 88 KB for each of the five that a claim met, often given back to the system
 * at once, which made a claim 30 times slower (docs/performance.md). OR compares in place. CHECKs cannot be altered,
 * so both tables are built anew, with what jobs for handlers need.
 */
const oneOf = (column: string, words: readonly string[]): string =>
  words.map((word) => `${column} = '${word}'`).join(' OR ');

const noneOf = (column: string, words: readonly string[]): string =>
  words.map((word) => `${column} != '${word}'`).join(' AND ');

/** As they were when this was released, whatever the program knows of later: a migration never changes. */
const STATES = [
  'scheduled',
  'pending',
  'processing',
  'failed',
  'blocked',
  'held',
  'completed',
  'dead',
  'cancelled',
];
const OUTCOMES = ['success', 'failure', 'timeout', 'cancelled', 'given_back', 'lost'];
const JOB_COLUMNS = `seq, id, queue, state, priority, run_at, attempts, max_retries, backoff, crashes, run, session_id,
  command, options, batch, created_at, updated_at, started_at, finished_at, exit_code, signal, reason, cancel`;
const RUN_COLUMNS = `seq, run, session_id, started_at, finished_at, outcome, exit_code, signal, reason,
  user_ms, system_ms, max_rss_kb, output_bytes, output`;

export const REBUILT = `
CREATE TABLE new_jobs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,   -- never reused, not even after the row is gone
  id TEXT,                                 -- the job's own name; NULL: it is shown by its seq
  queue TEXT NOT NULL,
  handler TEXT NOT NULL DEFAULT '',        -- a function of a program that is to run it; '': it is a command
  state TEXT NOT NULL CHECK (${oneOf('state', STATES)}),
  priority INTEGER NOT NULL,
  run_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  max_retries INTEGER NOT NULL,
  backoff TEXT NOT NULL,                   -- JSON: base, max_ms, jitter
  crashes INTEGER NOT NULL DEFAULT 0 CHECK (crashes >= 0),
  run INTEGER NOT NULL DEFAULT 0,          -- grows at each claim: the fencing token
  session_id INTEGER,                      -- who owns it
  command TEXT NOT NULL,                   -- as a person types it; an exact argv stands in options
  options TEXT NOT NULL,                   -- JSON: argv, payload, timeout_ms, grace_ms, cwd, env …
  batch INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  started_at INTEGER,                      -- these five: the latest run
  finished_at INTEGER,
  exit_code INTEGER,
  signal TEXT,
  reason TEXT,
  cancel TEXT,                             -- JSON: at, signal, grace_ms; its run is to be ended
  CHECK (state != 'processing' OR (session_id IS NOT NULL AND started_at IS NOT NULL AND run > 0)),
  CHECK (session_id IS NULL OR state = 'processing' OR state = 'failed'),
  CHECK ((${noneOf('state', ['failed', 'completed', 'dead', 'cancelled'])}) OR finished_at IS NOT NULL)
) STRICT;
INSERT INTO new_jobs (${JOB_COLUMNS}) SELECT ${JOB_COLUMNS} FROM jobs;
-- A number is not used again, even where the job that had it is gone.
INSERT INTO sqlite_sequence (name, seq)
  SELECT 'new_jobs', seq FROM sqlite_sequence
  WHERE name = 'jobs' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'new_jobs');
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'jobs')
  WHERE name = 'new_jobs' AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'jobs');
DROP TABLE jobs;
ALTER TABLE new_jobs RENAME TO jobs;

-- Ready rows only, in the order of the claim.
CREATE INDEX jobs_ready ON jobs (queue, handler, priority DESC, run_at, seq) WHERE state = 'pending';
-- What a promotion looks at, each state by its time.
CREATE INDEX jobs_due ON jobs (state, run_at) WHERE state = 'scheduled' OR state = 'failed';
-- Scheduled again after a crash or a refused start: what a worker that drains its queues still waits for.
CREATE INDEX jobs_rerun ON jobs (queue) WHERE state = 'scheduled' AND run > 0;
CREATE INDEX jobs_owned ON jobs (session_id) WHERE session_id IS NOT NULL;
-- For lists: the states that the indexes above do not hold.
CREATE INDEX jobs_ended ON jobs (state, finished_at) WHERE ${oneOf('state', ['completed', 'dead', 'cancelled'])};
CREATE INDEX jobs_put_aside ON jobs (state) WHERE state = 'blocked' OR state = 'held';
CREATE UNIQUE INDEX jobs_id ON jobs (id) WHERE id IS NOT NULL;

CREATE TABLE new_runs (                    -- one row for each run that has ended
  seq INTEGER NOT NULL,
  run INTEGER NOT NULL,
  session_id INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (${oneOf('outcome', OUTCOMES)}),
  exit_code INTEGER,
  signal TEXT,
  reason TEXT,
  user_ms INTEGER,
  system_ms INTEGER,
  max_rss_kb INTEGER,
  output_bytes INTEGER NOT NULL DEFAULT 0,
  output BLOB,                             -- small output; larger is in a file
  result TEXT,                             -- JSON: what a handler returned
  PRIMARY KEY (seq, run)
) STRICT, WITHOUT ROWID;
INSERT INTO new_runs (${RUN_COLUMNS}) SELECT ${RUN_COLUMNS} FROM runs;
DROP TABLE runs;
ALTER TABLE new_runs RENAME TO runs;

ALTER TABLE workers ADD COLUMN handlers TEXT;  -- JSON list: whose jobs it runs, '' for commands; NULL: commands only
`;
