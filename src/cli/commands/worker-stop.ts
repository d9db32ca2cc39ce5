import { QueueError, usageError } from '../../errors.js';
import type { Queue } from '../../queue.js';
import type { HowToStop, Session } from '../../store/store.js';
import { DAY, formatDuration } from '../../time.js';
import type { Command, Context } from '../command.js';
import { findWorkers, liveWorkers } from '../live-workers.js';
import { StatusLine } from '../output/status-line.js';
import { exitCodeOf, onEndSignal } from '../signals.js';
import { waitForEnds } from '../worker-ends.js';

export const workerStop: Command = {
  usage: '[options] [NAME…]',
  arguments: '[names...]',
  description: `Asks workers, without a name all of them, to finish the jobs that they run and to exit. With --now they end
these jobs (TERM, and KILL after the job's grace) and give them back, which counts nothing; a worker that is stopping
already is hastened. It does not wait for them, unless --wait says so: then it returns when they are gone, with 124 when
--timeout is over before that.

Where no worker runs, that is fine; a name that no running worker has is an error (3).`,
  examples: [
    { command: 'queuectl worker stop', does: 'all of them, gracefully' },
    { command: 'queuectl worker stop w1 --wait', does: 'this one; returns when it is gone' },
    {
      command: 'queuectl worker stop --now --wait --timeout 30s',
      does: 'jobs that run are ended and given back',
    },
  ],
  flags: [
    { long: 'now', help: 'end the jobs that run, and give them back' },
    { long: 'wait', help: 'return when they are gone' },
    { long: 'timeout', argument: 'DURATION', help: 'with --wait: no longer than this (for ever)' },
  ],
  fields: () => ['asked', 'names', 'now', 'gone'],
  run: async (context) => {
    const { args, flags, output, openQueue } = context;
    const how: HowToStop = flags.has('now') ? 'now' : 'gracefully';
    const limitMs = flags.duration('timeout', 365 * DAY);
    if (limitMs !== undefined && !flags.has('wait'))
      throw usageError('--timeout needs --wait', 'queuectl worker stop --wait --timeout 30s');
    const queue = await openQueue();
    const living = await liveWorkers(queue);
    const workers = args.length === 0 ? living : findWorkers(living, args);
    if (args.length === 0) await queue.stopWorkers(how);
    else
      await queue.store.requestStop(
        how,
        workers.map(({ id }) => id),
      );
    output.say(sentence([...new Set(args)], how));
    if (workers.length === 0) output.note('no worker is running');
    const gone = flags.has('wait') ? await waitUntilGone(context, queue, workers, limitMs) : null;
    if (typeof gone === 'string') return exitCodeOf(gone);
    const names = workers.map(({ name }) => name);
    if (output.json) output.object({ asked: workers.length, names, now: how === 'now', gone });
    return 0;
  },
};

function sentence(names: readonly string[], how: HowToStop): string {
  const whom =
    names.length === 0 ? 'all workers' : `${names.length === 1 ? 'worker' : 'workers'} ${names.join(', ')}`;
  return `Signal sent to ${whom} to ${how === 'now' ? 'end their jobs and stop' : 'stop gracefully'}.`;
}

/** True, or the signal that ended the wait. Throws `timed_out`. */
async function waitUntilGone(
  { output, env }: Context,
  queue: Queue,
  workers: readonly Session[],
  limitMs: number | undefined,
): Promise<true | string> {
  const enough = new AbortController();
  const timer =
    limitMs === undefined ? undefined : setTimeout(() => enough.abort(), Math.min(limitMs, 2 ** 31 - 1));
  const stopListening = onEndSignal((signal) => enough.abort(signal));
  const line = StatusLine.of(output, env);
  const onLeft = (left: readonly Session[]): void => line.show(waitingText(left));
  try {
    const left = await waitForEnds(queue, workers, { signal: enough.signal, onLeft });
    line.clear();
    const reason: unknown = enough.signal.reason;
    if (left.length === 0) return true;
    if (typeof reason === 'string') return reason;
    throw stillRunning(left, limitMs ?? 0);
  } finally {
    line.clear();
    clearTimeout(timer);
    stopListening();
  }
}

function waitingText(left: readonly Session[]): string {
  return `waiting for ${left.length === 1 ? 'worker' : `${left.length} workers:`} ${namesOf(left)}`;
}

function stillRunning(left: readonly Session[], limitMs: number): QueueError {
  const names = namesOf(left);
  return new QueueError(
    'timed_out',
    `${left.length === 1 ? '1 worker still runs' : `${left.length} workers still run`} after ${formatDuration(limitMs)}: ${names}`,
    'they go on to stop; to hasten them: queuectl worker stop --now',
  );
}

function namesOf(workers: readonly Session[]): string {
  return workers.map(({ name, pid }) => name ?? `pid ${pid}`).join(', ');
}
