/** What runs and carries a job's mark of a home. */
import { readFileSync } from 'node:fs';
import { pidsWithEnv, waitUntil } from '../../support/processes.js';
import { uptimeS } from './clock.js';
import type { World } from './world.js';

interface JobProcess {
  readonly pid: number;
  readonly job: string;
  readonly command: string;
  /** Of its run. */
  readonly token: string;
}

/** The tokens of all runs that have a process. */
export function runTokens(world: World): ReadonlySet<string> {
  return new Set(jobProcesses(world).map(({ token }) => token));
}

/** When, by the machine's uptime, the last look began that saw a process of these runs; -1: none did. */
export async function lastSeenS(world: World, tokens: ReadonlySet<string>): Promise<number> {
  let lastS = -1;
  const isGone = (): boolean => {
    const lookS = uptimeS();
    const isAlive = jobProcesses(world).some(({ token }) => tokens.has(token));
    if (isAlive) lastS = lookS;
    return !isAlive;
  };
  await waitUntil(isGone, {
    what: `the end of ${describeJobProcesses(world).join('; ')}`,
  });
  return lastS;
}

export function describeJobProcesses(world: World): string[] {
  return jobProcesses(world).map(({ pid, job, command }) => `${pid} of job ${job}: ${command}`);
}

function jobProcesses({ base }: World): JobProcess[] {
  return pidsWithEnv('HOME', base).flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
      const value = (name: string): string | undefined =>
        new RegExp(`(?:^|\0)${name}=([^\0]*)`).exec(environment)?.[1];
      const job = value('QUEUECTL_JOB_ID');
      if (job === undefined) return [];
      const token = value('QUEUECTL_TOKEN') ?? '';
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
      return [{ pid, job, command, token }];
    } catch {
      return []; // It ended meanwhile.
    }
  });
}
