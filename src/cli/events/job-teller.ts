/** Which events a job's moment means, given what has been told of the job before. */
import type { JobMoment, RunMoment } from '../../store/overview.js';
import type { QueueEvent } from './queue-event.js';

interface Told {
  /** The latest run whose start, and whose end, has been told. */
  readonly started: number;
  readonly finished: number;
  /** What it waited for or how it ended, and when. */
  readonly end: string;
}

const NOTHING: Told = { started: 0, finished: 0, end: '' };
/** Of the jobs that were told of last; of an older one something may be told twice. */
const MOST_REMEMBERED = 50_000;

export class JobTeller {
  readonly #told = new Map<number, Told>();

  /** Behind which run the ends are still to be told; null: there is none. */
  isBehind({ seq, run, state }: JobMoment): number | null {
    const { finished } = this.#told.get(seq) ?? NOTHING;
    return (state === 'processing' ? run - 1 : run) > finished ? finished : null;
  }

  /** `runs`: those of the job that ended and were not told. In no order. */
  tell(job: JobMoment, runs: readonly RunMoment[]): QueueEvent[] {
    const told = this.#told.get(job.seq) ?? NOTHING;
    const events = runs.flatMap((run) => tellRun(job, run, told.started));
    const started = Math.max(told.started, ...runs.map(({ run }) => run));
    const isNew = job.state === 'processing' && job.run > started;
    if (isNew && job.startedAtMs !== null) events.push(startOf(job, job.run, job.startedAtMs, job.sessionId));
    const end = `${job.state} ${job.finishedAtMs}`;
    if (end !== told.end) events.push(...tellEnd(job, told));
    const over = job.state === 'processing' ? job.run - 1 : job.run;
    const finished = Math.max(told.finished, over, ...runs.map(({ run }) => run));
    this.#remember(job.seq, { started: isNew ? job.run : started, finished, end });
    return events;
  }

  #remember(seq: number, told: Told): void {
    this.#told.delete(seq);
    this.#told.set(seq, told);
    if (this.#told.size <= MOST_REMEMBERED) return;
    const [oldest] = this.#told.keys();
    if (oldest !== undefined) this.#told.delete(oldest);
  }
}

function about({ seq, id, queue }: JobMoment): Pick<QueueEvent, 'seq' | 'job' | 'queue'> {
  return { seq, job: id, queue };
}

function startOf(job: JobMoment, run: number, atMs: number, worker: number | null): QueueEvent {
  return { event: 'started', atMs, ...about(job), run, worker };
}

function tellRun(job: JobMoment, ended: RunMoment, started: number): QueueEvent[] {
  const { run, sessionId, startedAtMs, finishedAtMs, outcome, exitCode, signal, reason } = ended;
  const finished: QueueEvent = {
    event: 'finished',
    atMs: finishedAtMs,
    ...about(job),
    run,
    worker: sessionId,
    outcome,
    exitCode,
    signal,
    reason,
    durationMs: finishedAtMs - startedAtMs,
  };
  return run > started ? [startOf(job, run, startedAtMs, sessionId), finished] : [finished];
}

function tellEnd(job: JobMoment, told: Told): QueueEvent[] {
  const { state, run, reason, finishedAtMs } = job;
  if (finishedAtMs === null) return [];
  const what = { ...about(job), ...(run > 0 && { run }) };
  // A foreground run that died leaves its failed job dead without another run: that happened at its last change.
  const atMs = state === 'dead' && told.end === `failed ${finishedAtMs}` ? job.updatedAtMs : finishedAtMs;
  if (state === 'failed') return [{ event: 'retry_scheduled', atMs, ...what, dueAtMs: job.runAtMs }];
  return state === 'dead' || state === 'cancelled' ? [{ event: state, atMs, ...what, reason }] : [];
}
