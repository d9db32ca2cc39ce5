/** How far a worker claims ahead of its slots, and how long the end of a run may wait to be stored with others. */

/** A commit that waits for the disk costs as much as a short job: several of them share one. */
const SHARED_MS = 80;
/** Nor more ends than these: they are stored, and as many jobs begun, in one turn of the event loop. */
const MOST_SHARED = 32;
/** A job that was claimed ahead and is not started after this time goes back: others may be free for it. */
const LONGEST_WAIT_MS = 500;
/** Runs that must have been short before anything is claimed ahead. */
const SAMPLES = 16;

/** Fewer are not halved: an exchange costs the store as much as the ends of 30 jobs. */
const HALVED_FROM = 256;

/**
 * How many handlers begin together where nothing has ended, with a store that answers later: half of many, so that the two
 * halves take turns, one running while the store takes the ends of the other.
 */
export function handlersAtOnce(slots: number): number {
  return slots < HALVED_FROM ? slots : Math.ceil(slots / 2);
}

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

  /** As many as so many slots run while ends are collected and stored: 0 unless the jobs are short. */
  ahead(slots: number): number {
    if (this.#durationsMs.length < SAMPLES) return 0;
    return Math.floor((1.5 * slots * this.#sharedMs(slots)) / this.#meanMs);
  }

  /** How long an end that came at `endedAt` may still wait for others (performance.now). */
  shareInMs(endedAt: number, slots: number): number {
    return Math.max(0, endedAt + this.#sharedMs(slots) - performance.now());
  }

  #sharedMs(slots: number): number {
    return Math.min(SHARED_MS, (MOST_SHARED * this.#meanMs) / slots);
  }

  /** Of the latest runs; of none that is known, long. */
  get #meanMs(): number {
    const known = this.#durationsMs.length;
    if (known < SAMPLES) return SHARED_MS;
    return Math.max(1, this.#durationsMs.reduce((sum, ms) => sum + ms, 0) / known);
  }

  /** How long a job that was claimed at `claimedAt` may still wait for a slot. */
  staleInMs(claimedAt: number): number {
    return Math.max(0, claimedAt + LONGEST_WAIT_MS - performance.now());
  }
}
