import type { Checker, Violation } from './evidence.js';

/** I8: nothing of a job runs once every worker has drained and stopped. */
export const noOrphans: Checker = ({ leftProcesses }) =>
  leftProcesses.map((process) => ({ invariant: 'I8', job: null, message: `still runs: ${process}` }));

const LIMITS = { rssKb: 300_000, descriptors: 100, threads: 40, walBytes: 64 << 20 } as const;

/** I13: a worker's memory, descriptors and threads, and the write-ahead log, stay small. */
export const withinBounds: Checker = ({ samples, snapshot }) => {
  const found: Violation[] = [];
  const over = (what: string, value: number, limit: number): void => {
    if (value > limit)
      found.push({ invariant: 'I13', job: null, message: `${what}: ${value}, over ${limit}` });
  };
  for (const name of ['rssKb', 'descriptors', 'threads'] as const) {
    over(`most ${name} of a worker`, Math.max(0, ...samples.map((sample) => sample[name])), LIMITS[name]);
  }
  over('bytes of write-ahead log', snapshot.walBytes, LIMITS.walBytes);
  return found;
};

/** I14: the file is whole, and the counters are what counting gives. */
export const integrity: Checker = ({ snapshot: { damage, jobs, counters, sessions } }) => {
  const found = damage.map((message): Violation => ({ invariant: 'I14', job: null, message }));
  const counted = new Map<string, number>();
  for (const { queue, state } of jobs)
    counted.set(`${queue} ${state}`, (counted.get(`${queue} ${state}`) ?? 0) + 1);
  for (const key of new Set([...counted.keys(), ...counters.keys()])) {
    const [kept = 0, real = 0] = [counters.get(key), counted.get(key)];
    if (kept !== real)
      found.push({
        invariant: 'I14',
        job: null,
        message: `the counter of ${key} is ${kept}, but there are ${real}`,
      });
  }
  if (sessions > 0)
    found.push({
      invariant: 'I14',
      job: null,
      message: `${sessions} sessions are left, though every worker has stopped`,
    });
  return found;
};
