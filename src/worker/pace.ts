/** How far a worker claims ahead of its slots, and how long the end of a run may wait to be stored with others. */

/** A commit that waits for the disk costs as much as a short job: several of them share one. */
const SHARED_MS = 40;
/** A job that was claimed ahead and is not started after this time goes back: others may be free for it. */
const LONGEST_WAIT_MS = 250;
const MOST_AHEAD = 256;
/** Runs that must have been short before anything is claimed ahead. */
const SAMPLES = 16;

export class Pace {
  readonly #durationsMs: number[] = [];
  #next = 0;

  noteRun(durationMs: number): void {
    this.#durationsMs[this.#next] = durationMs;
    this.#next = (this.#next + 1) % SAMPLES;
  }

  /** The latest runs tell nothing about the next ones any more. */
  forget(): void {
    this.#durationsMs.length = 0;
    this.#next = 0;
  }

  /** As many as so many slots run in twice the time that ends are collected: 0 unless the jobs are short. */
  ahead(slots: number): number {
    if (this.#durationsMs.length < SAMPLES) return 0;
    const meanMs = this.#durationsMs.reduce((sum, ms) => sum + ms, 0) / SAMPLES;
    return Math.min(MOST_AHEAD, Math.floor((slots * SHARED_MS * 2) / Math.max(meanMs, 1)));
  }

  /** How long an end that came at `endedAt` may still wait for others (performance.now). */
  shareInMs(endedAt: number): number {
    return Math.max(0, endedAt + SHARED_MS - performance.now());
  }

  /** How long a job that was claimed at `claimedAt` may still wait for a slot. */
  staleInMs(claimedAt: number): number {
    return Math.max(0, claimedAt + LONGEST_WAIT_MS - performance.now());
  }
}
