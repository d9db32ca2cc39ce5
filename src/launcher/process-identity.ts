/** Which process of which boot of which machine: what a pid alone does not say. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

import { readProcess } from './process-table.js';

export interface ProcessIdentity {
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  /** Empty only where the system does not tell (Windows). */
  readonly pidStartTime: string;
}

/** Null for a process that does not run; a zombie does not. Two equal answers for one pid and one boot mean one process. */
export function processStartTime(pid: number): string | null {
  return readProcess(pid)?.startTime ?? null;
}

let knownBootId: string | undefined;

/** The same until the machine starts again. */
export function bootId(): string {
  knownBootId ??= readBootId();
  return knownBootId;
}

function readBootId(): string {
  try {
    if (process.platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    return execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], {
      encoding: 'latin1',
      stdio,
    }).trim();
  } catch {
    // Not derived from the clock and the uptime: a set clock would look like a reboot.
    return 'unknown';
  }
}

export function thisProcess(): ProcessIdentity {
  return {
    host: hostname(),
    bootId: bootId(),
    pid: process.pid,
    pidStartTime: processStartTime(process.pid) ?? '',
  };
}
