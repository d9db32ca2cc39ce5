/** Real launchers for tests, closed when the test is over. */

import { readFileSync } from 'node:fs';

import { onTestFinished } from 'vitest';

import type { LaunchSpec } from '../../src/launcher/launcher.js';
import type { NativeExit } from '../../src/launcher/native-exit.js';
import { NativeLauncher, type NativeLauncherOptions } from '../../src/launcher/native-launcher.js';
import type { NativeLaunchSpec } from '../../src/launcher/native-spec.js';
import { readOutput } from '../../src/output/read.js';
import { decodeLog, type OutputRecord, textOf } from '../../src/output/records.js';
import { buildLauncher } from './build.js';

export const program = buildLauncher();

export function openLauncher(options: Partial<NativeLauncherOptions> = {}): NativeLauncher {
  if (program === null) throw new Error('the launcher was not built');
  const launcher = new NativeLauncher({ program, ...options });
  onTestFinished(() => launcher.close());
  return launcher;
}

/** What only this launcher can be asked for, as changes of a trial run's spec. */
export function asking(more: Partial<NativeLaunchSpec>): Partial<LaunchSpec> {
  return more;
}

/** Everything in a run's log, wherever it is. */
export async function logOf(exit: NativeExit, spec: NativeLaunchSpec): Promise<OutputRecord[]> {
  const inline = exit.output?.inline;
  if (inline !== null && inline !== undefined) return [...decodeLog(inline)];
  const records: OutputRecord[] = [];
  for await (const record of readOutput(spec.outputFile)) records.push(record);
  return records;
}

export async function printed(
  exit: NativeExit,
  spec: NativeLaunchSpec,
  stream?: 'stdout' | 'stderr',
): Promise<string> {
  return Buffer.from(textOf(await logOf(exit, spec), stream)).toString('latin1');
}

/** What a process holds in memory that is its own, in KiB. */
export function residentKb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0);
}
