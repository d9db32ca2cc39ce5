/** What a list of jobs can show of each, and by what it can be ordered. */
import { workText } from '../job/command.js';
import type { Job } from '../job/job.js';
import { unknownWord } from '../job/show-value.js';
import type { Sort, SortColumn } from '../job/selection.js';
import { formatDuration, SECOND } from '../time.js';
import type { Flag, Flags } from './flags.js';
import { instantCell } from './output/table.js';
import type { Cell, Table } from './output/table.js';

interface JobColumn {
  readonly right?: true;
  readonly cell: (job: Job, now: number) => Cell;
}

const endOf = (job: Job) => ('finishedAtMs' in job ? job : null);
const startOf = (job: Job): number | null => ('startedAtMs' in job ? job.startedAtMs : null);
const instant = (at: number | null | undefined): Cell =>
  at === null || at === undefined ? null : instantCell(at);

const COLUMNS: Readonly<Record<string, JobColumn>> = {
  id: { cell: (job) => job.id },
  command: { cell: workText },
  state: { cell: (job) => job.state },
  queue: { cell: (job) => job.queue },
  priority: { right: true, cell: (job) => job.priority },
  attempts: { right: true, cell: (job) => job.attempts },
  max_retries: { right: true, cell: (job) => job.maxRetries },
  crashes: { right: true, cell: (job) => job.crashes },
  run: { right: true, cell: (job) => job.run },
  tags: { cell: (job) => job.tags.join(',') },
  label: { cell: (job) => job.label },
  exit_code: { right: true, cell: (job) => endOf(job)?.exitCode ?? null },
  signal: { cell: (job) => endOf(job)?.signal ?? null },
  reason: { cell: (job) => endOf(job)?.reason ?? null },
  created_at: { cell: (job) => instant(job.createdAtMs) },
  updated_at: { cell: (job) => instant(job.updatedAtMs) },
  run_at: { cell: (job) => instant(job.runAtMs) },
  started_at: { cell: (job) => instant(startOf(job)) },
  finished_at: { cell: (job) => instant(endOf(job)?.finishedAtMs) },
  age: { right: true, cell: (job, now) => duration(now - job.createdAtMs) },
  due: { right: true, cell: (job, now) => duration(dueMs(job, now)) },
  took: { right: true, cell: (job, now) => duration(tookMs(job, now)) },
};

/** For a person to the second, for a program in milliseconds. */
function duration(ms: number | null): Cell {
  if (ms === null) return null;
  const rounded = Math.abs(ms) < 10 * SECOND ? Math.round(ms / 100) * 100 : Math.round(ms / SECOND) * SECOND;
  return { box: formatDuration(Math.max(0, rounded)), tsv: String(ms) };
}

function dueMs(job: Job, now: number): number | null {
  return job.state === 'scheduled' || job.state === 'failed' ? Math.max(0, job.runAtMs - now) : null;
}

function tookMs(job: Job, now: number): number | null {
  const startedAtMs = startOf(job);
  return startedAtMs === null ? null : (endOf(job)?.finishedAtMs ?? now) - startedAtMs;
}

const NAMES = Object.keys(COLUMNS);

export const COLUMNS_FLAG: Flag = {
  long: 'columns',
  argument: 'A,B',
  help: `these columns: ${NAMES.join(', ')}`,
};

/** Throws `usage` with the nearest column. */
export function readColumns(flags: Flags, fallback: readonly string[]): readonly string[] {
  const names = flags.list('columns')?.map((name) => name.replaceAll('-', '_'));
  const unknown = names?.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw unknownWord('column', unknown, NAMES);
  return names ?? fallback;
}

export function jobTable(jobs: readonly Job[], names: readonly string[]): Table {
  const now = Date.now();
  const columns = names.flatMap((name) => {
    const column = COLUMNS[name];
    return column === undefined ? [] : [{ name, ...column }];
  });
  return {
    columns: columns.map(({ name, right }) => (right === undefined ? { name } : { name, right })),
    rows: jobs.map((job) => columns.map(({ cell }) => cell(job, now))),
  };
}

const SORTS: Readonly<Record<string, SortColumn>> = {
  id: 'seq',
  queue: 'queue',
  state: 'state',
  priority: 'priority',
  attempts: 'attempts',
  created_at: 'created_at',
  updated_at: 'updated_at',
  run_at: 'run_at',
  started_at: 'started_at',
  finished_at: 'finished_at',
};

export const SORT_FLAG: Flag = {
  long: 'sort',
  argument: 'COLUMN',
  help: `in this order, with a - before it the other way round: ${Object.keys(SORTS).join(', ')}`,
};

/** Throws `usage` with the nearest column. */
export function readSort(flags: Flags): Sort | undefined {
  const text = flags.text('sort');
  if (text === undefined) return undefined;
  const name = text.replace(/^-/, '').replaceAll('-', '_');
  const by = SORTS[name];
  if (by === undefined) throw unknownWord('column to sort by', name, Object.keys(SORTS));
  return { by, descending: text.startsWith('-') };
}
