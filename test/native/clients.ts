/** A worker process with a launcher of its own, for tests that stop or kill it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { onTestFinished } from 'vitest';

import type { NativeLaunchSpec } from '../../src/launcher/native-spec.js';
import { bundle } from '../launcher/bundle.js';
import { isAlive, killQuietly, launcherPid, waitUntil } from '../support/processes.js';
import { startStopwatch } from '../support/stopwatch.js';
import { program } from './launchers.js';

export interface Client {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly launcher: number;
  /** The lines it printed so far: one for each run that ended. */
  readonly lines: string[];
}

/** Runs the specs side by side, with the options of a launcher; each end is one line of JSON. */
export async function startClient(specs: readonly NativeLaunchSpec[], options: object = {}): Promise<Client> {
  const file = await bundle(`
    import { bootMs } from '../../src/boot-clock.js';
    import { NativeLauncher } from '../../src/launcher/native-launcher.js';
    const { deadline, ...options } = ${JSON.stringify({ program, ...options })};
    const launcher = new NativeLauncher(options);
    await launcher.ready();
    if (deadline !== undefined) launcher.setDeadline({ askedAtMs: bootMs(), ...deadline });
    const never = new AbortController().signal;
    for (const spec of ${JSON.stringify(specs)})
      void launcher.run(spec, never).then((exit) => console.log(JSON.stringify(exit)));
  `);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = child.pid ?? 0;
  onTestFinished(() => killQuietly(pid));
  const lines: string[] = [];
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    lines.splice(0, lines.length, ...text.split('\n').slice(0, -1));
  });
  const launcher = await waitUntil(() => launcherPid(pid), { what: 'the launcher' });
  onTestFinished(() => killQuietly(launcher));
  return { child, pid, launcher, lines };
}

export async function kill(client: Client): Promise<void> {
  const gone = once(client.child, 'exit');
  process.kill(client.pid, 'SIGKILL');
  await gone;
}

/** How long it took from now until none of them was alive, without what the launcher, which ends them, waited for a CPU. */
export async function untilGone(pids: readonly number[], { launcher }: Client): Promise<number> {
  const stopwatch = startStopwatch(launcher);
  const areGone = (): boolean => {
    stopwatch.waitedMs();
    return !pids.some(isAlive);
  };
  await waitUntil(areGone, { what: `the end of ${pids.join(', ')}` });
  return stopwatch.elapsedMs();
}
