/** Can this machine run a job, and how many? */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launcherName, openLauncher } from '../../launcher/open-launcher.js';
import { fail, ok, warn } from './check.js';
import type { Check, Finding } from './check.js';

const MOST_MS = 10_000;

export const launcher: Check = {
  name: 'launcher',
  look: async () => {
    // Beside the queue, whose directories no check may touch.
    const directory = mkdtempSync(join(tmpdir(), 'queuectl-doctor-'));
    try {
      return await startOne(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function startOne(directory: string): Promise<Finding> {
  const opened = await openLauncher(join(directory, 'lock'));
  try {
    const token = `doctor-${process.pid}`;
    const exit = await opened.run(
      {
        command: { shell: 'exit 0' },
        cwd: directory,
        env: { PATH: process.env['PATH'] ?? '', QUEUECTL_TOKEN: token },
        token,
        timeoutMs: MOST_MS,
        graceMs: 0,
        outputFile: join(directory, 'log'),
        noteFile: join(directory, 'note'),
        noteDraft: join(directory, 'draft'),
      },
      new AbortController().signal,
    );
    if (exit.exitCode !== 0)
      return fail(`the ${opened.name} launcher cannot start a command: ${exit.message ?? exit.cause}`);
    if (opened.name === 'native') return ok('native; it has started a command');
    const mend = 'install a C compiler, then npm rebuild queuectl';
    return launcherName() === 'native'
      ? warn('the native launcher does not run on this kernel; Node starts jobs', 'use a newer kernel')
      : warn(
          'there is no native launcher: Node starts jobs, slower, and tells nothing of CPU and memory',
          mend,
        );
  } finally {
    await opened.close();
  }
}

const [FEW_FILES, FEW_PROCESSES] = [1024, 256];

export const limits: Check = {
  name: 'limits',
  look: async () => {
    if (process.platform !== 'linux') return { verdict: 'not_checked', found: 'only Linux tells them' };
    const text = readFileSync('/proc/self/limits', 'latin1');
    const [files, processes] = [softLimit(text, 'Max open files'), softLimit(text, 'Max processes')];
    const found = `${files} open files, ${processes} processes`;
    if (files < FEW_FILES)
      return warn(found, `a running job needs about four files: ulimit -n ${FEW_FILES * 4}`);
    if (processes < FEW_PROCESSES) return warn(found, `ulimit -u ${FEW_PROCESSES * 4}`);
    return ok(found);
  },
};

function softLimit(text: string, name: string): number {
  const found = new RegExp(`^${name} +(\\S+)`, 'm').exec(text)?.[1];
  return found === undefined || found === 'unlimited' ? Infinity : Number(found);
}
