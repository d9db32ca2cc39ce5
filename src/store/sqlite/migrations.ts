/** The schema. Instants are milliseconds since the epoch, UTC. A released migration is never changed: add another. */
import type { Migration } from '../migrate.js';
import { COMMAND_LINE } from './command-line.js';
import { REBUILT } from './rebuilt.js';

const FIRST = `
CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,   -- never reused, not even after the row is gone
  id TEXT,                                 -- the job's own name; NULL: it is shown by its seq
  queue TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN
    ('scheduled', 'pending', 'processing', 'failed', 'blocked', 'held', 'completed', 'dead', 'cancelled')),
  priority INTEGER NOT NULL,
  run_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  max_retries INTEGER NOT NULL,
  backoff TEXT NOT NULL,                   -- JSON: base, max_ms, jitter
  crashes INTEGER NOT NULL DEFAULT 0 CHECK (crashes >= 0),
  run INTEGER NOT NULL DEFAULT 0,          -- grows at each claim: the fencing token
  session_id INTEGER,                      -- who owns it
  command TEXT NOT NULL,                   -- as a person types it; an exact argv stands in options
  options TEXT NOT NULL,                   -- JSON: argv, timeout_ms, grace_ms, cwd, env
  batch INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  started_at INTEGER,                      -- these five: the latest run
  finished_at INTEGER,
  exit_code INTEGER,
  signal TEXT,
  reason TEXT,
  CHECK (state != 'processing' OR (session_id IS NOT NULL AND started_at IS NOT NULL AND run > 0)),
  CHECK (session_id IS NULL OR state IN ('processing', 'failed')),
  CHECK (state NOT IN ('failed', 'completed', 'dead', 'cancelled') OR finished_at IS NOT NULL)
) STRICT;

-- Ready rows only, in the order of the claim.
CREATE INDEX jobs_ready ON jobs (queue, priority DESC, run_at, seq) WHERE state = 'pending';
-- What a promotion looks at, each state by its time.
CREATE INDEX jobs_due ON jobs (state, run_at) WHERE state IN ('scheduled', 'failed');
-- Scheduled again after a crash or a refused start: what a worker that drains its queues still waits for.
CREATE INDEX jobs_rerun ON jobs (queue) WHERE state = 'scheduled' AND run > 0;
CREATE INDEX jobs_owned ON jobs (session_id) WHERE session_id IS NOT NULL;
-- For lists: the states that the indexes above do not hold.
CREATE INDEX jobs_ended ON jobs (state, finished_at) WHERE state IN ('completed', 'dead', 'cancelled');
CREATE INDEX jobs_put_aside ON jobs (state) WHERE state IN ('blocked', 'held');
CREATE UNIQUE INDEX jobs_id ON jobs (id) WHERE id IS NOT NULL;

CREATE TABLE runs (                        -- one row for each run that has ended
  seq INTEGER NOT NULL,
  run INTEGER NOT NULL,
  session_id INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('success', 'failure', 'timeout', 'cancelled', 'given_back', 'lost')),
  exit_code INTEGER,
  signal TEXT,
  reason TEXT,
  user_ms INTEGER,
  system_ms INTEGER,
  max_rss_kb INTEGER,
  output_bytes INTEGER NOT NULL DEFAULT 0,
  output BLOB,                             -- small output; larger is in a file
  PRIMARY KEY (seq, run)
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (                     -- one row for each session: one start of a worker process
  session_id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('worker', 'run')),
  host TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  pid INTEGER NOT NULL,
  pid_start_time TEXT NOT NULL,
  lock_name TEXT NOT NULL,                 -- its liveness lock, a file in run/
  lock_inode TEXT NOT NULL,
  slots INTEGER NOT NULL,
  queues TEXT,                             -- JSON list; NULL: every queue
  started_at INTEGER NOT NULL,
  heartbeat INTEGER NOT NULL,
  stop_requested_at INTEGER
) STRICT;

CREATE TABLE queues (
  name TEXT PRIMARY KEY,
  paused_at INTEGER,
  defaults TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (                    -- jobs in each queue and state, so that nobody counts rows
  queue TEXT NOT NULL,
  state TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (queue, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE migrations (
  version INTEGER PRIMARY KEY,
  checksum TEXT NOT NULL,
  applied_at INTEGER NOT NULL
) STRICT;

INSERT INTO meta (key, value) VALUES ('database_id', lower(hex(randomblob(8))));
`;

const CANCEL_AND_LAUNCHER = `
ALTER TABLE jobs ADD COLUMN cancel TEXT;             -- JSON: at, signal, grace_ms; its running process is to be ended
ALTER TABLE workers ADD COLUMN launcher_lock_name TEXT;  -- held by its launcher until the last process is gone
ALTER TABLE workers ADD COLUMN launcher_lock_inode TEXT;
`;

/** 1: what runs is ended and given back. */
const STOP_NOW = `ALTER TABLE workers ADD COLUMN stop_now INTEGER NOT NULL DEFAULT 0`;

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, checksum: '98e3f14a', sql: FIRST },
  { version: 2, checksum: '8b06c95e', sql: CANCEL_AND_LAUNCHER },
  { version: 3, checksum: 'd06a46d3', sql: REBUILT },
  { version: 4, checksum: '1844536f', sql: COMMAND_LINE },
  { version: 5, checksum: '63097bff', sql: STOP_NOW },
];
