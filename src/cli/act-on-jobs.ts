/** A change of jobs, by their ids or by a filter. By a filter, a person is told how many and is asked first. */
import { parseAct, selectionOfChange } from '../change-jobs.js';
import { QueueError } from '../errors.js';
import type { Filter } from '../job/filter/filter.js';
import type { Queue } from '../queue.js';
import type { Selection } from '../job/selection.js';
import { actOnIds } from './act-on-ids.js';
import type { JobAct } from './act-on-ids.js';
import type { Context } from './command.js';
import { requireConsent } from './confirm.js';
import type { JobWords } from './job-words.js';
import { Progress } from './output/progress.js';
import { isTerminal } from './output/terminal.js';
import { exitCodeOf, onEndSignal } from './signals.js';
import type { EndSignal } from './signals.js';

const SAMPLE = 5;

/** The exit code. Throws `usage` before anything is opened, and `partial` where a part was refused. */
export async function actOnJobs(context: Context, { filter, ids }: JobWords, act: JobAct): Promise<number> {
  const { states } = selectionOfChange(filter, parseAct(act.act));
  const { flags, output } = context;
  const queue = await context.openQueue();
  if (ids !== null && !flags.has('dry-run')) {
    await actOnIds(output, queue, ids, act);
    return 0;
  }
  const count = await queue.count(filter, act.act);
  const jobs = count === 1 ? '1 job' : `${count} jobs`;
  const names = await sample(queue, { filter, states }, count);
  if (count === 0 || flags.has('dry-run')) {
    if (output.json) output.object({ matched: count, changed: 0, refused: 0, dry_run: flags.has('dry-run') });
    else if (count === 0) output.note(`there is no job to ${act.verb}`);
    else output.say(`This would ${act.verb} ${jobs}: ${names}`);
    return 0;
  }
  requireConsent(context, `${act.verb} ${jobs}: ${names}`);
  return actOnAll(context, queue, filter, act, count);
}

/** "3, 7, build, …": the first few of those that would be changed. */
async function sample(queue: Queue, selection: Selection, count: number): Promise<string> {
  const ids = (await queue.list({ ...selection, limit: SAMPLE })).map((job) => job.id);
  return [...ids, ...(count > ids.length ? ['…'] : [])].join(', ');
}

async function actOnAll(
  { output }: Context,
  queue: Queue,
  filter: Filter,
  { act, participle }: JobAct,
  count: number,
): Promise<number> {
  const shown = !output.quiet && !output.json && isTerminal(2);
  const progress = new Progress({ shown, noun: 'jobs', total: count });
  let [changed, refused] = [0, 0];
  let firstError: QueueError | undefined;
  let stopped: EndSignal | undefined;
  const forget = onEndSignal((signal) => (stopped = signal));
  try {
    for await (const batch of queue.changeAll(filter, act)) {
      const ids: string[] = [];
      for (const one of batch) {
        if (one.outcome === 'changed') ids.push(one.id);
        else if (one.outcome === 'refused') {
          refused += 1;
          firstError ??= one.error;
        }
      }
      changed += ids.length;
      progress.update(changed, changed);
      if (output.quiet && !output.json) output.lines(ids);
      if (stopped !== undefined) break;
    }
  } finally {
    forget();
    progress.clear();
  }
  const jobs = changed === 1 ? '1 job' : `${changed} jobs`;
  if (output.json) output.object({ matched: count, changed, refused, dry_run: false });
  output.say(`${jobs} ${participle}.`);
  if (stopped !== undefined) {
    output.note(`stopped by ${stopped}: the same command goes on with the rest`);
    return exitCodeOf(stopped);
  }
  if (firstError === undefined) return 0;
  throw new QueueError(
    changed === 0 ? firstError.code : 'partial',
    `${refused} of ${changed + refused} jobs were not ${participle}: ${firstError.message}`,
    firstError.hint,
  );
}

/** The fields of what a change by a filter prints under --json; one by ids prints the jobs. */
export const BULK_FIELDS = ['matched', 'changed', 'refused', 'dry_run'] as const;
