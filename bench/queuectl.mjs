// The side that is ours: the shipped binary as a person runs it, in a home of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { environment, run } from './child.mjs';

export const binary = fileURLToPath(new URL('../bin/queuectl.cjs', import.meta.url));

/** Stops the script here, with a reason, where there is nothing to measure. */
export function requireBuild() {
  if (existsSync(new URL('../dist/cli.cjs', import.meta.url))) return;
  console.error('error: queuectl is not built\nhint: npm install');
  process.exit(1);
}

/** @param {string | undefined} url */
const inDatabase = (url) => (url === undefined ? {} : { QUEUECTL_DATABASE_URL: url });

/** @param {string} home @param {readonly string[]} args @param {string} [input] @param {string} [url] of a database on a server */
export function queuectl(home, args, input = '', url) {
  return run(process.execPath, [binary, ...args], {
    input,
    env: { QUEUECTL_HOME: home, ...inDatabase(url) },
  });
}

/** Stores that many `true`; the milliseconds it took. @param {string} home @param {number} jobs @param {string} [url] */
export function enqueueTrue(home, jobs, url) {
  return queuectl(home, ['enqueue', '-f', '-'], '{"command":"true"}\n'.repeat(jobs), url).ms;
}

/**
 * Runs what is queued, two at a time, from the start of the worker to its exit; the milliseconds.
 * Throws unless every job is completed then: the figure would be void.
 *
 * @param {string} home
 * @param {number} jobs
 * @param {string} [url]
 */
export function drain(home, jobs, url) {
  const { ms } = queuectl(home, ['worker', 'start', '--count', '2', '--until-empty'], '', url);
  const counts = JSON.parse(queuectl(home, ['status', '--json'], '', url).stdout).jobs;
  if (counts.completed !== jobs)
    throw new Error(`void: not all ${jobs} completed: ${JSON.stringify(counts)}`);
  return ms;
}

/** The SQLite that the binary carries. */
export function sqliteVersion() {
  const { stdout } = run(process.execPath, [binary, 'version', '--json']);
  return String(JSON.parse(stdout).sqlite);
}

export const DURABILITY = 'fsync per commit; history and output kept';

/** A worker that waits for jobs, in a process of its own. @param {string} home @param {string} [url] */
export async function startWorker(home, url) {
  const child = spawn(process.execPath, [binary, 'worker', 'start'], {
    env: { ...environment, QUEUECTL_HOME: home, ...inDatabase(url) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const chunk of child.stdout) if (String(chunk).includes('Polling')) break;
  const exited = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
