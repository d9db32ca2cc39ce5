/** What persons do to jobs: to those they name, or to all that a filter means. */
import { QueueError } from './errors.js';
import { parseCancel } from './job/cancel-options.js';
import type { CancelOptions } from './job/cancel-options.js';
import { statesOfChange } from './job/change.js';
import type { Change } from './job/change.js';
import type { Filter } from './job/filter/filter.js';
import type { Job } from './job/job.js';
import { readValue } from './job/option-kinds.js';
import { parseSettings } from './job/settings.js';
import type { JobSettings } from './job/settings.js';
import { AT_REST, statesBefore } from './job/state.js';
import type { State } from './job/state.js';
import { removeLogsOf } from './left-logs.js';
import type { ChangedJob } from './job/change.js';
import type { Selection } from './job/selection.js';
import type { Store } from './store/store.js';
import { DAY } from './time.js';

/** An act, as a program or a command asks for it. */
export type Act =
  | ({ readonly act: 'cancel' } & CancelOptions)
  /** `delay`: "10m"; a number is seconds. `from`: only jobs in these states. */
  | { readonly act: 'retry'; readonly delay?: string | number | undefined; readonly from?: readonly State[] }
  | { readonly act: 'remove'; readonly from?: readonly State[] }
  | { readonly act: 'hold' | 'release' }
  | { readonly act: 'set'; readonly settings: JobSettings };

const LONGEST_DELAY_MS = 3650 * DAY;

/** Throws `usage`. */
export function parseAct(act: Act): Change {
  switch (act.act) {
    case 'cancel':
      return { kind: 'cancel', cancel: parseCancel(act) };
    case 'retry': {
      const kind = { kind: 'duration', minMs: 0, maxMs: LONGEST_DELAY_MS } as const;
      const delayMs = act.delay === undefined ? 0 : Number(readValue(kind, act.delay, 'the delay'));
      return { kind: 'retry', from: act.from ?? statesBefore('retry'), delayMs };
    }
    case 'remove':
      return { kind: 'remove', from: act.from ?? AT_REST };
    case 'set':
      return { kind: 'set', settings: parseSettings(act.settings) };
    default:
      return { kind: act.act };
  }
}

/** The jobs of the filter that can be changed so: all others are left alone. */
export function selectionOfChange(filter: Filter, change: Change): Selection {
  return { filter, states: statesOfChange(change) };
}

/** All in one transaction. Throws `failed` where logs of removed jobs are left. */
export async function changeByIds(
  store: Store,
  ids: readonly string[],
  change: Change,
): Promise<readonly ChangedJob[]> {
  const { jobs, left } = await store.changeJobs({ ids }, change);
  if (left !== null) await removeLogsOf(store, left);
  return jobs;
}

/** As a program wants it: the job, or the error. */
export async function changeOne(store: Store, id: string, change: Change): Promise<Job> {
  const [changed] = await changeByIds(store, [id], change);
  if (changed?.outcome === 'changed') return changed.job;
  throw changed?.outcome === 'refused' ? changed.error : noSuchJob(id);
}

/** The first transactions are small, so that the first results come soon; none holds the lock for long. */
const FIRST = 50;
const MOST = 500;
/** A transaction holds the write lock, and a program's event loop, for about this long. */
const BATCH_MS = 20;

/**
 * One transaction after the other, in the order of the jobs' numbers; the next one is begun when the caller asks for its
 * results. Jobs that are stored meanwhile may be met or not.
 */
export async function* changeSelected(
  store: Store,
  selection: Selection,
  change: Change,
): AsyncGenerator<readonly ChangedJob[], void, undefined> {
  let [seq, limit] = [0, FIRST];
  for (;;) {
    const seqs = await store.selectSeqs(selection, seq, limit);
    const last = seqs.at(-1);
    if (last === undefined) return;
    const began = performance.now();
    const { jobs, left } = await store.changeJobs({ seqs, selection }, change);
    const tookMs = performance.now() - began;
    if (left !== null) await removeLogsOf(store, left);
    yield jobs;
    seq = last;
    limit = tookMs > BATCH_MS ? Math.max(1, limit >> 1) : Math.min(MOST, limit * 2);
  }
}

/** What means jobs by a filter, and can be no id. */
const FILTER_WORD = /^(last|all|\d+-[\d,-]+|[a-z-]+[:~][\w.,-]+)$/;

export function noSuchJob(id: string): QueueError {
  const hint = FILTER_WORD.test(id)
    ? `this takes one id; queuectl list ${id} finds jobs`
    : 'queuectl list --state all shows what there is';
  return new QueueError('not_found', `no job ${JSON.stringify(id)}`, hint);
}
