// What else runs `sh -c true` two at a time. Each is looked for on the PATH.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, run } from './child.mjs';

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} program what must be on the PATH
 * @property {string} durability what it keeps, and how safely
 * @property {boolean} [enqueues] true: a job enters by a command of its own, and that is part of its time
 * @property {(directory: string, jobs: number) => number} drain the milliseconds; throws unless all have run
 */

const source = fileURLToPath(new URL('spawn-floor.c', import.meta.url));

/** @type {readonly Peer[]} */
export const PEERS = [
  {
    name: 'C floor',
    program: 'cc',
    durability: 'none; keeps nothing',
    drain: (directory, jobs) => {
      const floor = join(directory, 'spawn-floor');
      run('cc', ['-O2', '-o', floor, source]);
      return run(floor, [String(jobs), '2']).ms;
    },
  },
  {
    name: 'xargs',
    program: 'xargs',
    durability: 'none; keeps nothing',
    drain: (_, jobs) => run('xargs', ['-P2', '-n1', 'sh', '-c', 'true'], { input: numbers(jobs) }).ms,
  },
  {
    name: 'GNU parallel',
    program: 'parallel',
    durability: 'none; keeps nothing',
    drain: (directory, jobs) => {
      const env = { PARALLEL_SHELL: '/bin/sh', PARALLEL_HOME: directory, TMPDIR: directory };
      return run('parallel', ['--will-cite', '-j2', '-N0', 'true'], { input: numbers(jobs), env }).ms;
    },
  },
  {
    name: 'task-spooler',
    program: 'tsp',
    durability: "none: the queue is in its server's memory; output kept in files",
    enqueues: true,
    drain: (directory, jobs) => {
      const env = { TS_SOCKET: join(directory, 'socket'), TMPDIR: directory, TS_MAXFINISHED: String(jobs) };
      const script = `tsp -S 2; i=0; while [ $i -lt ${jobs} ]; do tsp sh -c true; i=$((i+1)); done
        tsp -w ${jobs - 2}; tsp -w ${jobs - 1}`;
      try {
        const { ms } = run('sh', ['-c', script], { env });
        const finished = run('tsp', [], { env }).stdout.match(/ finished +\S+ +0 /g)?.length;
        return checked(ms, finished, jobs);
      } finally {
        run('tsp', ['-K'], { env });
      }
    },
  },
  {
    name: 'nq',
    program: 'nq',
    durability: 'page cache: commands and output in files',
    enqueues: true,
    // It runs the jobs of one directory one after another: two directories, to have two at a time.
    drain: (directory, jobs) => {
      const script = `for queue in a b; do (
        export NQDIR=${directory}/$queue; i=0
        while [ $i -lt ${jobs / 2} ]; do nq sh -c true; i=$((i+1)); done; nq -w
      ) & done; wait`;
      const { ms } = run('sh', ['-c', script]);
      const logs = ['a', 'b'].flatMap((queue) => readdirSync(join(directory, queue)));
      return checked(ms, logs.length, jobs);
    },
  },
];

/** The peers that this machine has; says why each of the others is left out. */
export function findPeers() {
  return PEERS.filter(({ name, program }) => {
    const missing = findProgram(program) === null;
    if (missing) console.log(`skipped: ${name} [no ${program} on the PATH]`);
    return !missing;
  });
}

/** One line a job, as xargs and parallel want it. @param {number} jobs */
function numbers(jobs) {
  return Array.from({ length: jobs }, (_, index) => `${index}\n`).join('');
}

/** @param {number} ms @param {number | undefined} ran @param {number} jobs */
function checked(ms, ran, jobs) {
  if (ran !== jobs) throw new Error(`void: ${ran} of ${jobs} jobs ran`);
  return ms;
}
