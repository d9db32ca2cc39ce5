import { usageError } from '../../errors.js';
import type { Lane } from '../../job/lane.js';
import type { Counts } from '../../job/job.js';
import { STATES } from '../../job/state.js';
import type { Queue } from '../../queue.js';
import type { ReadyLane } from '../../store/overview.js';
import type { Pauses, QueueState, Session } from '../../store/store.js';
import type { Command, Context } from '../command.js';
import { liveWorkers, workerTable } from '../live-workers.js';
import { showLive } from '../output/live.js';
import type { Output } from '../output/output.js';
import { pausesJson } from '../pauses-json.js';
import { queuesJson, queueTable } from '../queue-table.js';
import { followStatus } from '../status-stream.js';
import { noteUnserved } from '../no-worker-note.js';
import { describeUnserved } from '../unserved.js';

const NOT_SERVED = 3;

export const status: Command = {
  usage: '[options]',
  description: `Counts the jobs of each state and queue, and lists the workers. It never counts rows: a million jobs cost no
more than ten. "waiting" is what is scheduled or waits for a retry.

--watch draws this anew on the terminal whenever something has changed, until Ctrl-C; with --json it prints one line of
JSON for each change, in a pipe, too. --check exits with 0 where a worker runs for every queue that has ready jobs, else
with 3, and says why in one line; paused queues do not count.`,
  examples: [
    { command: 'queuectl status', does: 'jobs in each state and queue, and the workers' },
    { command: 'queuectl status --watch', does: 'the same, as it changes' },
    { command: 'queuectl status --check -q || page-somebody', does: 'for a monitor' },
    { command: 'queuectl status --json', does: '{"jobs": {"pending": 2, …}, "workers": {"running": 1}, …}' },
  ],
  flags: [
    { long: 'watch', help: 'go on, and show each change' },
    { long: 'check', help: 'only whether a worker runs for every queue that has ready jobs: exit 0 or 3' },
  ],
  fields: () => ['jobs', 'workers', 'paused', 'queues', 'ok', 'reason', 'unserved'],
  run: async (context) => {
    const { flags, output } = context;
    if (flags.has('watch') && flags.has('check')) throw usageError('--watch and --check exclude each other');
    if (flags.has('watch') && !output.json && !output.terminal)
      throw usageError(
        '--watch draws on a terminal',
        'queuectl status --watch --json prints a line a change',
      );
    const queue = await context.openQueue();
    if (flags.has('check')) return check(context, queue);
    const look = async (): Promise<Look> => lookAt(queue);
    if (!flags.has('watch')) return print(output, await look());
    if (output.json) return followStatus(queue.store, output, async () => statusJson(await look()));
    return showLive(queue.store, () => output.captured(async (frame) => print(frame, await look())));
  },
};

interface Look {
  readonly counts: Counts;
  readonly workers: readonly Session[];
  readonly pauses: Pauses;
  readonly queues: readonly QueueState[];
  readonly lanes: readonly ReadyLane[];
  /** Lanes with jobs that no worker takes. */
  readonly unserved: readonly Lane[];
}

async function lookAt(queue: Queue): Promise<Look> {
  return {
    counts: await queue.counts(),
    workers: await liveWorkers(queue),
    pauses: await queue.pauses(),
    queues: await queue.queues(),
    lanes: await queue.store.readyLanes(),
    unserved: await queue.store.unservedLanes(),
  };
}

function statusJson({ counts, workers, pauses, queues, lanes }: Look): Record<string, unknown> {
  return {
    jobs: counts,
    workers: { running: workers.length },
    paused: pausesJson(pauses),
    queues: queuesJson(queues, lanes),
  };
}

async function print(output: Output, look: Look): Promise<void> {
  const { counts, workers, pauses, queues, lanes } = look;
  if (output.json) return output.object(statusJson(look));
  output.heading('Job Summary');
  const columns = [{ name: 'state' }, { name: 'jobs', right: true }] as const;
  await output.table({ columns, rows: STATES.map((state) => [state, counts[state]]) });
  if (queues.length > 0) {
    output.heading('Queue Summary');
    await output.table(queueTable(queues, lanes, Date.now()));
  }
  output.heading('Worker Summary');
  await output.table(workerTable(workers));
  if (pauses.allSinceMs !== null) output.note('all queues are paused: queuectl resume');
  if (workers.length > 0) return noteUnserved(output, look.unserved);
  const waiting = counts.pending === 1 ? '1 job is pending and' : `${counts.pending} jobs are pending and`;
  output.note(`${counts.pending === 0 ? '' : `${waiting} `}no worker is running: queuectl worker start`);
}

async function check({ output }: Context, queue: Queue): Promise<number> {
  const { lanes, queues, unserved } = await lookAt(queue);
  const { problem, start } = describeUnserved(unserved);
  const lacking = start === undefined ? problem : `${problem}: ${start}`;
  const reason = unserved.length > 0 ? lacking : served(lanes, queues);
  const names = [...new Set(unserved.map((lane) => lane.queue))];
  if (output.json) output.object({ ok: unserved.length === 0, reason, unserved: names });
  else output.say(reason);
  return unserved.length === 0 ? 0 : NOT_SERVED;
}

function served(lanes: readonly ReadyLane[], queues: readonly QueueState[]): string {
  const paused = new Set(queues.filter(({ pausedAtMs }) => pausedAtMs !== null).map(({ name }) => name));
  const names = new Set(lanes.map(({ queue }) => queue).filter((name) => !paused.has(name)));
  if (names.size > 0) return `a worker runs for every queue that has ready jobs: ${[...names].join(', ')}`;
  return lanes.length === 0 ? 'no job is ready' : 'no job is ready but in paused queues';
}
