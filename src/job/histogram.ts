/** Quantiles of any number of durations in little memory. */

/** Values below it are kept exactly, others in buckets of 1/64 of their size. */
const EXACT_BELOW = 128;
const PER_DOUBLING = EXACT_BELOW / 2;

/**
 * Counts of whole numbers from 0. A quantile is at most 0.8 % off; the largest is exact. At most 64 buckets for each
 * doubling: 2,300 for the milliseconds of a thousand years.
 */
export class Histogram {
  readonly #buckets = new Map<number, number>();
  #count = 0;
  #max = 0;

  add(value: number): void {
    const whole = Math.max(0, Math.round(value));
    const bucket = bucketOf(whole);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count += 1;
    this.#max = Math.max(this.#max, whole);
  }

  /** Null where there is none. */
  max(): number | null {
    return this.#count === 0 ? null : this.#max;
  }

  /** The value that this part of all, 0 to 1, does not exceed; null where there is none. */
  quantile(part: number): number | null {
    let left = Math.max(1, Math.ceil(part * this.#count));
    for (const bucket of [...this.#buckets.keys()].toSorted((a, b) => a - b)) {
      left -= this.#buckets.get(bucket) ?? 0;
      if (left <= 0) return Math.min(middleOf(bucket), this.#max);
    }
    return null;
  }
}

function bucketOf(value: number): number {
  if (value < EXACT_BELOW) return value;
  const doublings = Math.floor(Math.log2(value / PER_DOUBLING));
  return doublings * PER_DOUBLING + Math.floor(value / 2 ** doublings);
}

function middleOf(bucket: number): number {
  if (bucket < EXACT_BELOW) return bucket;
  const doublings = Math.floor(bucket / PER_DOUBLING) - 1;
  const width = 2 ** doublings;
  return (bucket - doublings * PER_DOUBLING) * width + Math.floor((width - 1) / 2);
}
