// Starts the programs that are measured, and gives them a place to work in.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const TIMEOUT_MS = 300_000;

/** What every child gets: no settings of the caller's, and no certificates for Node to read (40 ms a start). */
export const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => name !== 'NODE_EXTRA_CA_CERTS' && !name.startsWith('QUEUECTL_'),
  ),
);

/**
 * Runs a program to its end. Throws, with what it printed, where it fails: a side that failed has no time.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ input?: string, env?: Record<string, string> }} [options]
 * @returns {{ ms: number, stdout: string }}
 */
export function run(program, args, { input = '', env = {} } = {}) {
  const start = performance.now();
  const child = spawnSync(program, args, {
    input,
    env: { ...environment, ...env },
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: Infinity,
  });
  const ms = performance.now() - start;
  if (child.error !== undefined) throw child.error;
  if (child.status !== 0) {
    const end = child.signal ?? `exit code ${child.status}`;
    throw new Error(`${program} ${args.join(' ')}: ${end}\n${child.stdout}${child.stderr}`.trimEnd());
  }
  return { ms, stdout: child.stdout };
}

/** The path of a program, null where there is none. @param {string} name */
export function findProgram(name) {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this one.
    }
  }
  return null;
}

/** Lends a new directory to the work and removes it. @template T @param {(directory: string) => T} work */
export function inNewDirectory(work) {
  const directory = mkdtempSync(join(tmpdir(), 'queuectl-bench-'));
  try {
    return work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The same for work that waits. @template T @param {(directory: string) => Promise<T>} work */
export async function inNewDirectoryAsync(work) {
  const directory = mkdtempSync(join(tmpdir(), 'queuectl-bench-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
