/** What a job prints, while it runs: from the file of a run, or from where a run that has ended left it. */
import type { Job, Run } from './job/job.js';
import { isFinal } from './job/state.js';
import { followOutput } from './output/follow.js';
import { logFile } from './output/log-file.js';
import type { FollowedRecord, OutputRecord } from './output/records.js';
import type { OutputSelection } from './output/selection.js';
import { readRunOutput, RunParts } from './run-output.js';
import { StoreChange } from './store-change.js';
import type { Store } from './store/store.js';

/**
 * Run after run, from the first one that is not over (or the last), until the job is or the signal aborts. `last` counts in
 * what is there when the following begins.
 */
export async function* followJobOutput(
  store: Store,
  job: Job,
  signal: AbortSignal,
  selection: OutputSelection,
): AsyncGenerator<FollowedRecord, void, undefined> {
  const change = new StoreChange(store, signal);
  const isAhead = job.state === 'scheduled' || job.state === 'pending' || job.run === 0;
  let run = isAhead ? job.run + 1 : job.run;
  const whole = { ...selection, last: undefined };
  let part = isAhead ? whole : selection;
  while (!signal.aborted) {
    for await (const record of followRun({ store, job, run, change, signal }, part)) yield { ...record, run };
    const now = await store.getJob(job.id);
    if (now === null || (isFinal(now.state) && now.run <= run)) return;
    run += 1;
    part = whole;
  }
}

interface Following {
  readonly store: Store;
  readonly job: Job;
  readonly run: number;
  readonly change: StoreChange;
  readonly signal: AbortSignal;
}

/** Follows the file until the store knows the run's end; a short run may have none, or had it for too short a time. */
async function* followRun(
  following: Following,
  selection: OutputSelection,
): AsyncGenerator<OutputRecord, void, undefined> {
  const { store, job, run } = following;
  const over = new AbortController();
  const file = logFile(store.logsDir, job.seq, run);
  const parts = new RunParts(store, { seq: job.seq, run });
  const ended = waitForEnd(following, parts).finally(() => over.abort());
  // Trouble of the store is told below, once the file has been read; until then nobody waits for it.
  ended.catch(() => undefined);
  const wasThere = yield* followOutput(file, over.signal, selection, parts);
  const end = await ended;
  if (end === null) return;
  if (!wasThere) return yield* readRunOutput(store, { seq: job.seq, run }, end, selection);
  if (!following.signal.aborted) yield* parts.missing(true);
}

/** Until all that it printed is here, as far as it comes. Null where the run will not come, or the signal aborted first. */
async function waitForEnd(following: Following, parts: RunParts): Promise<Run | null> {
  const end = await waitForReport(following);
  if (end !== null) await parts.arrived(end, following.signal);
  return end;
}

async function waitForReport({ store, job, run, change, signal }: Following): Promise<Run | null> {
  const { seq, id } = job;
  for (;;) {
    const next = change.next();
    const latest = (await store.latestRuns([seq])).get(seq);
    if (latest !== undefined && latest.run >= run)
      return (await store.listRuns(seq)).find((ended) => ended.run === run) ?? null;
    if (signal.aborted || (await willNotRun(store, id, run))) return null;
    await next;
  }
}

async function willNotRun(store: Store, id: string, run: number): Promise<boolean> {
  const job = await store.getJob(id);
  return job === null || (isFinal(job.state) && job.run < run);
}
