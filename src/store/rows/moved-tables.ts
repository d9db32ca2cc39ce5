/** What a queue takes with it into another database: the tables that both stores have, with their columns. */
import type { Row } from './row.js';

export interface MovedTable {
  readonly name: 'jobs' | 'runs' | 'queues' | 'tags' | 'acts' | 'meta';
  /** In whose order the rows are read. */
  readonly key: readonly string[];
  readonly columns: readonly string[];
  /** Those that may be long. */
  readonly long: readonly string[];
  /** Of its rows, where not all of them are moved. */
  readonly where?: string;
}

const words = (text: string): readonly string[] => text.split(/[\s,]+/);

export const MOVED_TABLES: readonly MovedTable[] = [
  {
    name: 'jobs',
    key: ['seq'],
    columns:
      words(`seq, id, queue, handler, state, priority, run_at, attempts, max_retries, backoff, crashes, run, session_id,
      command, options, label, batch, created_at, updated_at, started_at, finished_at, exit_code, signal, reason, cancel`),
    long: ['command', 'options'],
  },
  {
    name: 'runs',
    key: ['seq', 'run'],
    columns: words(`seq, run, session_id, started_at, finished_at, outcome, exit_code, signal, reason,
      user_ms, system_ms, max_rss_kb, output_bytes, output, result`),
    long: ['output', 'result'],
  },
  { name: 'queues', key: ['name'], columns: words('name, paused_at, defaults'), long: [] },
  { name: 'tags', key: ['tag', 'seq'], columns: words('tag, seq'), long: [] },
  { name: 'acts', key: ['act'], columns: words('act, at, kind, seqs'), long: ['seqs'] },
  // Whose logs are still to go, and the time of the last round of pruning.
  {
    name: 'meta',
    key: ['key'],
    columns: words('key, value'),
    long: ['value'],
    where: `key = 'prune_round' OR key LIKE 'left_logs:%'`,
  },
];

/** The highest numbers that were ever given: none of them is used again. */
export interface LastNumbers {
  readonly jobs: number;
  readonly acts: number;
  readonly workers: number;
}

/** How many rows each table has, and how many jobs are in each state. */
export interface QueueContents {
  readonly rows: Readonly<Record<string, number>>;
  readonly jobs: Readonly<Record<string, number>>;
}

/** Of what both have, the notes in `meta` aside: a database that was open before has some of its own. */
export const CONTENTS = `
  SELECT 'jobs' AS part, state AS name, count(*) AS n FROM jobs GROUP BY state
  UNION ALL SELECT 'rows', 'jobs', count(*) FROM jobs
  UNION ALL SELECT 'rows', 'runs', count(*) FROM runs
  UNION ALL SELECT 'rows', 'queues', count(*) FROM queues
  UNION ALL SELECT 'rows', 'tags', count(*) FROM tags
  UNION ALL SELECT 'rows', 'acts', count(*) FROM acts`;

export function toContents(rows: readonly Row[]): QueueContents {
  const of = (part: string): Record<string, number> =>
    Object.fromEntries(
      rows.filter((row) => row['part'] === part).map((row) => [String(row['name']), Number(row['n'])]),
    );
  return { rows: of('rows'), jobs: of('jobs') };
}

/** The first difference, in words; undefined: they are the same. */
export function difference(from: QueueContents, to: QueueContents): string | undefined {
  for (const part of ['jobs', 'rows'] as const)
    for (const name of Object.keys({ ...from[part], ...to[part] })) {
      const [before = 0, after = 0] = [from[part][name], to[part][name]];
      if (before !== after) return `${before} ${part === 'jobs' ? `${name} jobs` : name} became ${after}`;
    }
  return undefined;
}
