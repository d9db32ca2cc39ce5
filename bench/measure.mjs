// How every figure here is taken. A machine that others use drifts by a factor of two within minutes, so a time
// alone says little. All sides run in one go, in turn (A B C, A B C, …); two sides are compared round by round,
// and the median of those ratios is the figure.
import { availableParallelism, cpus } from 'node:os';

/**
 * Runs each side once a round; the milliseconds of each, by its name. Rounds of warm-up are not counted.
 *
 * @param {Record<string, () => number>} sides
 * @param {{ rounds: number, warmUp?: number }} options
 * @returns {Record<string, number[]>}
 */
export function inTurn(sides, { rounds, warmUp = 0 }) {
  /** @type {Record<string, number[]>} */
  const times = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, side] of Object.entries(sides)) {
      const ms = side();
      if (round >= 0) times[name]?.push(ms);
    }
  }
  return times;
}

/**
 * The same for sides that wait.
 *
 * @param {Record<string, () => Promise<number>>} sides
 * @param {{ rounds: number }} options
 * @returns {Promise<Record<string, number[]>>}
 */
export async function inTurnAsync(sides, { rounds }) {
  /** @type {Record<string, number[]>} */
  const times = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const [name, side] of Object.entries(sides)) times[name]?.push(await side());
  return times;
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/**
 * Compares two sides round by round: the median, and the smallest and the largest as "0.41-0.48".
 *
 * @param {readonly number[]} left
 * @param {readonly number[]} right
 * @param {(left: number, right: number) => number} compare
 */
export function pairwise(left, right, compare) {
  const values = left.map((value, round) => compare(value, right[round] ?? NaN));
  const range = `${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)}`;
  return { median: median(values), range };
}

/** "2 CPUs (AMD EPYC), linux x64, Node 20.19.5" */
export function machine() {
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  return `${availableParallelism()} CPUs (${model}), ${process.platform} ${process.arch}, Node ${process.versions.node}`;
}

/** The value that this part of them does not exceed. @param {readonly number[]} values @param {number} part */
export function percentile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}
