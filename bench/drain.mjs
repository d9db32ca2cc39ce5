// P1: shell jobs from the queue to "completed". node bench/drain.mjs [JOBS] [ROUNDS]
// So many jobs that the worker's start, a quarter of a second, is little beside them.
// Ours keeps the history and the output of each job and syncs each commit to the disk; no other side does.
import { runAlone } from './alone.mjs';
import { inNewDirectory } from './child.mjs';
import { inTurn, median, pairwise } from './measure.mjs';
import { findPeers } from './peers.mjs';
import { drain, DURABILITY, enqueueTrue } from './queuectl.mjs';

/** How many rounds make a figure. */
const ROUNDS = 5;

/**
 * @param {number} jobs
 * @param {number} rounds
 */
export function measureDrain(jobs = 2000, rounds = ROUNDS) {
  const peers = findPeers();
  /** @type {number[]} */
  const enqueued = [];
  /** @type {Record<string, () => number>} */
  const sides = {
    ours: () =>
      inNewDirectory((home) => {
        enqueued.push(enqueueTrue(home, jobs));
        return drain(home, jobs);
      }),
  };
  for (const peer of peers)
    sides[peer.name] = () => inNewDirectory((directory) => peer.drain(directory, jobs));
  sides['empty'] = () => inNewDirectory((home) => drain(home, 0));
  const times = inTurn(sides, { rounds });

  const ours = times['ours'] ?? [];
  const withEnqueue = ours.map((ms, round) => ms + (enqueued[round] ?? NaN));
  const net = ours.map((ms, round) => ms - (times['empty']?.[round] ?? NaN));
  const rate = (/** @type {readonly number[]} */ ms) => ((jobs / median(ms)) * 1000).toFixed(0);

  const rows = [
    ['queuectl, 2 slots', rate(ours), '1', DURABILITY],
    ['… without its start and exit', rate(net), '', 'the same'],
    ['… with one `enqueue -f -` before it', rate(withEnqueue), '', 'the same'],
  ];
  const sentences = [];
  for (const { name, enqueues, durability } of peers) {
    const theirs = times[name] ?? [];
    const { median: times_, range } = pairwise(theirs, enqueues ? withEnqueue : ours, (a, b) => a / b);
    rows.push([name, rate(theirs), `${times_.toFixed(2)} (${range})`, durability]);
    const figure =
      name === 'C floor' ? `${times_.toFixed(2)} of the floor` : `${times_.toFixed(1)} times ${name}`;
    sentences.push(figure);
  }
  return {
    title: `P1, ${jobs} jobs \`true\`, two at a time, median of ${rounds} rounds`,
    head: ['', 'jobs/s', 'queuectl is … times as fast', 'durability'],
    rows,
    summary: `P1 drain: ${sentences.join(', ')}`,
  };
}

await runAlone(import.meta.url, measureDrain);
