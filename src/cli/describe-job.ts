/** A job and its runs in words. */
import { workText } from '../job/command.js';
import type { Job, Run } from '../job/job.js';
import { formatSize, formatSizeRoughly } from '../job/size.js';
import { formatDuration } from '../time.js';
import { instantCell } from './output/table.js';
import type { Cell, Properties, Table } from './output/table.js';

/** What there is to say about a job, a line each; what it does not have is left out. */
export function describeJob(job: Job): Properties {
  const { base, maxMs, jitter } = job.backoff;
  const env = Object.entries(job.env).map(([name, value]) => `${name}=${value}`);
  const properties: Properties = [
    ['id', job.id],
    ['state', job.state],
    ['command', workText(job)],
    ['queue', job.queue],
    ['priority', job.priority],
    ['attempts', `${job.attempts} of ${Math.max(1, job.maxRetries)}`],
    ['crashes', job.crashes === 0 ? null : job.crashes],
    [
      'backoff',
      `${base}^n s${maxMs === null ? '' : `, at most ${formatDuration(maxMs)}`}${jitter === 0 ? '' : `, jitter ${jitter}`}`,
    ],
    [
      'timeout',
      job.timeoutMs === null
        ? null
        : `${formatDuration(job.timeoutMs)}, then TERM, KILL after ${formatDuration(job.graceMs)}`,
    ],
    ['directory', job.cwd],
    ['environment', env.length === 0 ? null : env.join(' ')],
    ...describeProcess(job),
    ['created_at', instantCell(job.createdAtMs)],
    ['updated_at', instantCell(job.updatedAtMs)],
    ['next_run', nextRun(job)],
    ...describeEnd(job),
  ];
  return properties.filter(([, value]) => value !== null);
}

/** What it asks for its process. */
function describeProcess(job: Job): Properties {
  return [
    ['stdin', job.stdin === null ? null : `${Buffer.byteLength(job.stdin)} bytes`],
    ['stdin_file', job.stdinFile],
    ['stragglers', job.stragglers === 'end' ? null : job.stragglers],
    ['user', job.user],
    ['nice', job.nice],
    ['umask', job.umask],
    ['memory_limit', job.memoryLimitBytes === null ? null : formatSize(job.memoryLimitBytes)],
    ['cpu_limit', job.cpuLimitMs === null ? null : formatDuration(job.cpuLimitMs)],
    ['open_files_limit', job.openFilesLimit],
    ['process_limit', job.processLimit],
  ];
}

function nextRun(job: Job): Cell {
  if (job.state !== 'scheduled' && job.state !== 'failed') return null;
  const waitMs = Math.max(0, Math.round((job.runAtMs - Date.now()) / 1000) * 1000);
  const { box, tsv } = instantCell(job.runAtMs);
  return { box: `${box} (in ${formatDuration(waitMs)})`, tsv };
}

function describeEnd(job: Job): Properties {
  if (job.state === 'processing')
    return [
      ['started_at', instantCell(job.startedAtMs)],
      ['cancel_requested_at', job.cancel === null ? null : instantCell(job.cancel.atMs)],
      ['reason', job.cancel?.reason ?? null],
    ];
  if (!('finishedAtMs' in job)) return [];
  return [
    ['started_at', job.startedAtMs === null ? null : instantCell(job.startedAtMs)],
    ['finished_at', instantCell(job.finishedAtMs)],
    ['exit_code', job.exitCode],
    ['signal', job.signal],
    ['reason', job.reason],
  ];
}

export function runTable(runs: readonly Run[]): Table {
  return {
    columns: [
      { name: 'run', right: true },
      { name: 'outcome' },
      { name: 'exit_code', right: true },
      { name: 'signal' },
      { name: 'started_at' },
      { name: 'duration', right: true },
      { name: 'user', right: true },
      { name: 'system', right: true },
      { name: 'memory', right: true },
      { name: 'output_bytes', right: true },
      { name: 'reason' },
    ],
    rows: runs.map((run) => [
      run.run,
      run.outcome,
      run.exitCode,
      run.signal,
      instantCell(run.startedAtMs),
      formatDuration(run.finishedAtMs - run.startedAtMs),
      run.usage === null ? null : formatDuration(run.usage.userMs),
      run.usage === null ? null : formatDuration(run.usage.systemMs),
      run.usage === null ? null : formatSizeRoughly(run.usage.maxRssKb * 1024),
      run.outputBytes,
      run.reason,
    ]),
  };
}
