/** Migration 4: what the wide command line needs. */
export const COMMAND_LINE = `
ALTER TABLE jobs ADD COLUMN label TEXT;    -- a person's words for it
CREATE TABLE tags (                        -- the index of the tags that stand in jobs.options
  tag TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (tag, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_of_job ON tags (seq);

ALTER TABLE workers ADD COLUMN name TEXT;  -- by which a person stops it and reads its log

CREATE TABLE acts (                        -- what persons did to jobs: a row for each transaction of it
  act INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  seqs TEXT NOT NULL                       -- JSON list
) STRICT;
CREATE INDEX acts_at ON acts (at);
`;
