/** What runs and carries a job's mark of a home. */
import { readFileSync } from 'node:fs';
import { pidsWithEnv } from '../../support/processes.js';
import type { World } from './world.js';

interface JobProcess {
  readonly pid: number;
  readonly job: string;
  readonly command: string;
}

export function jobPids(world: World): number[] {
  return jobProcesses(world).map(({ pid }) => pid);
}

export function describeJobProcesses(world: World): string[] {
  return jobProcesses(world).map(({ pid, job, command }) => `${pid} of job ${job}: ${command}`);
}

function jobProcesses({ home }: World): JobProcess[] {
  return pidsWithEnv('QUEUECTL_HOME', home).flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
      const job = /(?:^|\0)QUEUECTL_JOB_ID=([^\0]*)/.exec(environment)?.[1];
      if (job === undefined) return [];
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
      return [{ pid, job, command }];
    } catch {
      return []; // It ended meanwhile.
    }
  });
}
