/** What jobs that are over took and how they ended, in memory that does not grow with their number. */
import { Histogram } from './histogram.js';
import type { OutcomeKind } from './job.js';
import type { FinalState } from './state.js';

/** A job that is over, as the figures need it. */
export interface EndedJob {
  readonly seq: number;
  readonly queue: string;
  /** Its command, or its handler, as a person reads it. */
  readonly work: string;
  readonly state: FinalState;
  readonly finishedAtMs: number;
  /** How long its last run was ready before it started; null where it never ran, or was cancelled afterwards. */
  readonly waitedMs: number | null;
  /** In their order. */
  readonly runs: readonly EndedRun[];
}

export interface EndedRun {
  readonly outcome: OutcomeKind;
  readonly ranMs: number;
  /** Null where the launcher could not tell. */
  readonly cpuMs: number | null;
  readonly maxRssKb: number | null;
  readonly outputBytes: number;
}

export interface Figures {
  readonly jobs: number;
  readonly completed: number;
  readonly dead: number;
  readonly cancelled: number;
  /** Of those that were not cancelled, from 0 to 1; null where there are none. */
  readonly successRate: number | null;
  readonly runs: number;
  /** Runs that failed or timed out. */
  readonly failedRuns: number;
  /** Those after which the job ran once more. */
  readonly retries: number;
  readonly runP50Ms: number | null;
  readonly runP95Ms: number | null;
  readonly runMaxMs: number | null;
  readonly waitP50Ms: number | null;
  readonly waitP95Ms: number | null;
  readonly cpuMs: number;
  readonly maxRssKb: number | null;
  readonly outputBytes: number;
}

export class JobStats {
  readonly #ended: Record<FinalState, number> = { completed: 0, dead: 0, cancelled: 0 };
  readonly #ranMs = new Histogram();
  readonly #waitedMs = new Histogram();
  #runs = 0;
  #failedRuns = 0;
  #retries = 0;
  #cpuMs = 0;
  #maxRssKb: number | null = null;
  #outputBytes = 0;

  add({ state, waitedMs, runs }: EndedJob): void {
    this.#ended[state] += 1;
    if (waitedMs !== null) this.#waitedMs.add(waitedMs);
    for (const [index, run] of runs.entries()) {
      this.#runs += 1;
      const hasFailed = run.outcome === 'failure' || run.outcome === 'timeout';
      if (hasFailed) this.#failedRuns += 1;
      if (hasFailed && index < runs.length - 1) this.#retries += 1;
      // What was given back or lost ran for as long as its worker did, which says nothing of the job.
      if (run.outcome !== 'given_back' && run.outcome !== 'lost') this.#ranMs.add(run.ranMs);
      this.#cpuMs += run.cpuMs ?? 0;
      if (run.maxRssKb !== null) this.#maxRssKb = Math.max(this.#maxRssKb ?? 0, run.maxRssKb);
      this.#outputBytes += run.outputBytes;
    }
  }

  figures(): Figures {
    const { completed, dead, cancelled } = this.#ended;
    return {
      jobs: completed + dead + cancelled,
      completed,
      dead,
      cancelled,
      successRate: completed + dead === 0 ? null : completed / (completed + dead),
      runs: this.#runs,
      failedRuns: this.#failedRuns,
      retries: this.#retries,
      runP50Ms: this.#ranMs.quantile(0.5),
      runP95Ms: this.#ranMs.quantile(0.95),
      runMaxMs: this.#ranMs.max(),
      waitP50Ms: this.#waitedMs.quantile(0.5),
      waitP95Ms: this.#waitedMs.quantile(0.95),
      cpuMs: this.#cpuMs,
      maxRssKb: this.#maxRssKb,
      outputBytes: this.#outputBytes,
    };
  }
}

/** A name that no queue can have; no command begins so either but by intent. */
export const OTHERS = '(others)';

/** One for each name, the first so many of them; all further names together. */
export class GroupedStats {
  readonly #groups = new Map<string, JobStats>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(name: string, job: EndedJob): void {
    const key = this.#groups.has(name) || this.#groups.size < this.#most ? name : OTHERS;
    const stats = this.#groups.get(key) ?? new JobStats();
    this.#groups.set(key, stats);
    stats.add(job);
  }

  /** Those with most jobs first. */
  figures(): { readonly name: string; readonly figures: Figures }[] {
    return [...this.#groups]
      .map(([name, stats]) => ({ name, figures: stats.figures() }))
      .toSorted((a, b) => b.figures.jobs - a.figures.jobs || (a.name < b.name ? -1 : 1));
  }
}
