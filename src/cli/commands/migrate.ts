import { join } from 'node:path';
import { findSetting, listSettings, loadSettings, saveSetting } from '../../config.js';
import { QueueError, usageError } from '../../errors.js';
import { failpoint } from '../../failpoint.js';
import { databaseName, maskedUrl, readDatabaseUrl } from '../../job/database-url.js';
import { STATES } from '../../job/state.js';
import { linkLogs, removeLogTree } from '../../output/move-logs.js';
import { QueueMove } from '../../store/move-queue.js';
import type { EarlierMove } from '../../store/move-queue.js';
import type { QueueContents } from '../../store/rows/moved-tables.js';
import { formatInstant, HOUR } from '../../time.js';
import type { Command, Context } from '../command.js';
import { noteIfHidden } from '../config-flags.js';
import { drainQueue } from '../drain-queue.js';
import { Progress } from '../output/progress.js';
import { isTerminal } from '../output/terminal.js';

export const migrate: Command = {
  usage: '[options] --to URL',
  description: `Moves the queue of this home into an empty PostgreSQL database: all jobs with their numbers, history, output, tags and
pauses. From then on the home uses that database; its queue.db is kept as it was, and whoever still opens it is told where
the queue is.

While jobs run it is refused (4); with --drain the workers are asked to stop, and what runs is waited for. Nobody else can write
meanwhile. All of it is moved or nothing: after a crash do the same again.`,
  examples: [
    {
      command: 'queuectl migrate --to postgres://queue@db.example/jobs --dry-run',
      does: 'what would be moved',
    },
    {
      command: 'queuectl migrate --to postgres://queue@db.example/jobs --drain',
      does: 'move it, once nothing runs',
    },
  ],
  flags: [
    { long: 'to', argument: 'URL', help: 'the database; it must be empty' },
    { long: 'drain', help: 'ask the workers to stop, and wait for what runs' },
    { long: 'keep-setting', help: 'leave the setting "database" of this home alone' },
    { long: 'dry-run', help: 'say what would be moved, and move nothing' },
  ],
  fields: () => ['to', 'moved', 'dry_run', 'jobs', 'runs', 'logs'],
  run: async (context) => {
    const url = readTarget(context);
    const timeoutMs = lockTimeoutMs(context);
    const move = await QueueMove.open(context.home, url, timeoutMs);
    try {
      const earlier = await move.earlier();
      if (earlier !== null) return finishEarlier(context, url, earlier, move.fromId);
      const isDry = context.flags.has('dry-run');
      const drains = context.flags.has('drain');
      const contents = await move.check(!isDry && !drains);
      if (isDry) return await report(context, url, contents, { moved: false, logs: null });
      const ended = drains ? await drainQueue(context, timeoutMs) : null;
      return ended ?? (await moveNow(context, url, move));
    } finally {
      await move.close();
    }
  },
};

function readTarget({ flags }: Context): string {
  const url = flags.text('to');
  if (url === undefined) throw usageError('where to?', 'queuectl migrate --to postgres://user@host/database');
  if (flags.has('db'))
    throw usageError(
      'migrate moves the queue of the home, and takes no --db',
      'name the new place with --to',
    );
  readDatabaseUrl(url, '--to');
  // What gives access to the database is not to be seen in a list of processes.
  process.title = process.argv.map((word) => word.replace(url, maskedUrl(url))).join(' ');
  return url;
}

function lockTimeoutMs({ flags, home, env }: Context): number {
  return flags.duration('lock-timeout', HOUR) ?? loadSettings(home, env).lockTimeoutMs;
}

async function moveNow(context: Context, url: string, move: QueueMove): Promise<void> {
  const { output, home } = context;
  const progress = new Progress({ shown: isTerminal(2) && !output.json && !output.quiet, noun: 'rows' });
  let logs = 0;
  let contents: QueueContents;
  try {
    contents = await move.move({
      onProgress: (done) => progress.update(done, done),
      beforeCommit: (fromId, toId) => {
        logs = linkLogs(join(home, fromId, 'logs'), join(home, toId, 'logs'));
      },
    });
  } finally {
    progress.clear();
  }
  settleHome(context, url, move.fromId);
  return report(context, url, contents, { moved: true, logs });
}

/** What is left to do in the home once the database has the queue. Done again, it does what is left. */
function settleHome(context: Context, url: string, fromId: string): void {
  const { flags, home } = context;
  removeLogTree(join(home, fromId, 'logs'));
  failpoint('move.after_logs');
  if (!flags.has('keep-setting')) saveSetting(home, findSetting('database'), url);
}

function finishEarlier(context: Context, url: string, { place, atMs }: EarlierMove, fromId: string): void {
  const { output, flags } = context;
  if (databaseName(place) !== databaseName(url))
    throw new QueueError('conflict', `this queue was moved to ${place} already`, 'move it on with pg_dump');
  if (flags.has('dry-run')) return alreadyMoved(context, url, place, atMs);
  settleHome(context, url, fromId);
  alreadyMoved(context, url, place, atMs);
  if (!output.json) noteWhere(context);
}

function alreadyMoved({ output, flags }: Context, url: string, place: string, atMs: number): void {
  if (output.json)
    return output.object({
      to: maskedUrl(url),
      moved: false,
      dry_run: flags.has('dry-run'),
      jobs: null,
      runs: null,
      logs: null,
    });
  output.say(`This queue was moved to ${place} already, at ${formatInstant(atMs)}.`);
}

interface Outcome {
  readonly moved: boolean;
  readonly logs: number | null;
}

async function report(
  context: Context,
  url: string,
  { jobs, rows }: QueueContents,
  { moved, logs }: Outcome,
): Promise<void> {
  const { output } = context;
  const to = maskedUrl(url);
  const runs = rows['runs'] ?? 0;
  if (output.json) {
    const byState = Object.fromEntries(STATES.map((state) => [state, jobs[state] ?? 0]));
    return output.object({ to, moved, dry_run: !moved, jobs: byState, runs, logs });
  }
  const counted = `${rows['jobs'] ?? 0} jobs with ${runs} runs`;
  output.say(moved ? `✅ Moved ${counted} to ${to}.` : `${counted} would be moved to ${to}.`);
  const states = STATES.filter((state) => (jobs[state] ?? 0) > 0);
  // Both were counted and compared before the database took them.
  const columns = [
    { name: 'state' },
    { name: 'queue.db', right: true },
    { name: 'database', right: true },
  ] as const;
  if (!output.quiet)
    await output.table({
      columns: moved ? columns : columns.slice(0, 2),
      rows: states.map((state) => {
        const n = jobs[state] ?? 0;
        return moved ? [state, n, n] : [state, n];
      }),
    });
  if (moved) noteWhere(context);
}

function noteWhere(context: Context): void {
  const { output, flags, home, env } = context;
  const setting = findSetting('database');
  if (flags.has('keep-setting')) {
    const { value } = listSettings(home, env).find(({ name }) => name === setting.name) ?? { value: null };
    if (value === null) output.note('this home does not use it yet: queuectl config set database URL');
    return;
  }
  output.note('this home uses that database from now on; queue.db is kept as it was');
  noteIfHidden(context, setting);
}
