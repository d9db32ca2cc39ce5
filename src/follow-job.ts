/** What a job prints, while it runs: from the file of a run, or from where a run that has ended left it. */
import type { Job, Run } from './job/job.js';
import { isFinal } from './job/state.js';
import { followFile } from './output/follow.js';
import { logFile } from './output/log-file.js';
import { readFileRange } from './output/read.js';
import type { Store } from './store/store.js';

/** The doorbell tells of every end; this is for the ring that got lost. */
const LOOK_AGAIN_MS = 1000;

/** Run after run, from the first one that is not over (or the last), until the job is or the signal aborts. */
export async function* followJobOutput(
  store: Store,
  job: Job,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const change = new StoreChange(store, signal);
  let run = Math.max(1, job.state === 'scheduled' || job.state === 'pending' ? job.run + 1 : job.run);
  while (!signal.aborted) {
    yield* followRun(store, job, run, change, signal);
    const now = await store.getJob(job.id);
    if (now === null || (isFinal(now.state) && now.run <= run)) return;
    run += 1;
  }
}

/** Follows the file until the store knows the run's end, then yields what the file did not show. */
async function* followRun(
  store: Store,
  job: Job,
  run: number,
  change: StoreChange,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const over = new AbortController();
  const file = logFile(store.logsDir, job.seq, run);
  const ended = waitForEnd(store, job, run, change, signal).finally(() => over.abort());
  let shown = 0;
  for await (const chunk of followFile(file, over.signal)) {
    shown += chunk.length;
    yield chunk;
  }
  const end = await ended;
  if (end === null || end.outputBytes <= shown) return;
  if (end.output === null) yield* readFileRange(file, shown);
  else yield end.output.subarray(shown);
}

/** Null where the run will not come, or the signal aborted first. */
async function waitForEnd(
  store: Store,
  { seq, id }: Job,
  run: number,
  change: StoreChange,
  signal: AbortSignal,
): Promise<Run | null> {
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

/** Resolves its `next` promise whenever the store may have changed. */
class StoreChange {
  #resolve: (() => void) | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store, signal: AbortSignal) {
    store.bell.onRing(() => this.#announce(), signal);
    signal.addEventListener('abort', () => this.#announce(), { once: true });
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#timer = setTimeout(() => this.#announce(), LOOK_AGAIN_MS);
    });
  }

  #announce(): void {
    clearTimeout(this.#timer);
    this.#resolve?.();
    this.#resolve = null;
  }
}
