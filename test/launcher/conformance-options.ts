import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Launcher, LaunchSpec } from '../../src/launcher/launcher.js';
import { isAlive, killQuietly } from '../support/processes.js';
import { argv, never, shell } from './runs.js';

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };

/** What a process is started with only where its launcher can, and the words that say so. */
const LIMITED: readonly [string, Partial<LaunchSpec>][] = [
  ['a memory limit', { limits: { memoryBytes: 2 ** 30 } }],
  ['a limit of CPU time', { limits: { cpuSeconds: 60 } }],
  ['a limit of open files', { limits: { openFiles: 64 } }],
  ['a limit of processes', { limits: { processes: 4096 } }],
  ['a nice value', { nice: 5 }],
  ['a umask', { umask: 0o27 }],
];

export function exerciseOptions(launcher: Launcher): void {
  describe('what a process is asked to be given', () => {
    test.each(LIMITED)('%s is set, or keeps it from starting', async (words, asked) => {
      const exit = await launcher.run(shell('true', asked).spec, never);
      expect(exit).toEqual(
        launcher.capabilities.limits
          ? { cause: 'exited', exitCode: 0, signal: null, message: null }
          : {
              cause: 'not_started',
              exitCode: 126,
              signal: null,
              message: `${words} needs the native launcher`,
            },
      );
    });

    test('its input inline, whatever it holds and however much it reads of it', async () => {
      const bytes = Buffer.from(Array.from({ length: 1024 * 1024 }, (_, n) => n % 251));
      const trial = shell('cksum; echo again | cat - /dev/stdin', { stdin: { bytes } });
      expect(await launcher.run(trial.spec, never)).toMatchObject({ exitCode: 0 });
      expect(trial.output()).toMatch(/^\d+ 1048576\nagain\n/);
      const deaf = shell('exit 3', { stdin: { bytes } });
      expect(await launcher.run(deaf.spec, never)).toMatchObject({ cause: 'exited', exitCode: 3 });
      const empty = argv(['wc', '-c'], { stdin: { bytes: new Uint8Array() } });
      await launcher.run(empty.spec, never);
      expect(empty.output().trim()).toBe('0');
    });

    test('its input from a file, named from its own directory', async () => {
      const trial = argv(['cat'], { stdin: { file: 'input' } });
      writeFileSync(join(trial.dir, 'input'), 'from a file\n');
      expect(await launcher.run(trial.spec, never)).toMatchObject({ exitCode: 0 });
      expect(trial.output()).toBe('from a file\n');
    });

    test('an input that is not there is 126', async () => {
      const file = '/no/such/input';
      expect(await launcher.run(argv(['cat'], { stdin: { file } }).spec, never)).toEqual({
        cause: 'not_started',
        exitCode: 126,
        signal: null,
        message: `cannot open its standard input ${file}: no such file`,
      });
    });

    test('more input than 1 MiB is 126', async () => {
      const stdin = { bytes: new Uint8Array(1024 * 1024 + 1) };
      expect(await launcher.run(argv(['cat'], { stdin }).spec, never)).toMatchObject({
        cause: 'not_started',
        exitCode: 126,
        message: 'standard input is too long: 1048577 bytes, 1 MiB at most',
      });
    });

    test('what outlives its leader is let live where it is asked to', async () => {
      const trial = shell('sleep 600 & echo $! > pid', { stragglers: 'leave' });
      expect(await launcher.run(trial.spec, never)).toEqual({
        cause: 'exited',
        exitCode: 0,
        signal: null,
        message: null,
      });
      const pid = Number(trial.said('pid'));
      expect(isAlive(pid)).toBe(true);
      killQuietly(pid);
    });

    test('where it is ended, what outlives its leader is ended in any case', async () => {
      const line =
        "trap 'exit 0' TERM; (trap '' TERM; sleep 600) & echo $! > pid; while :; do sleep 0.02; done";
      const trial = shell(line, { stragglers: 'leave', timeoutMs: 500 });
      expect(await launcher.run(trial.spec, never)).toMatchObject({ cause: 'timed_out', exitCode: 0 });
      expect(isAlive(Number(trial.said('pid')))).toBe(false);
    });

    test.skipIf(!isRoot)(`another user${isRoot ? '' : ' (skipped: only root can)'}`, async () => {
      const trial = shell('id -u; id -g; cat', { user: nobody, stdin: { bytes: Buffer.from('input\n') } });
      chmodSync(trial.dir, 0o755);
      expect(await launcher.run(trial.spec, never)).toMatchObject({ exitCode: 0 });
      expect(trial.output()).toBe('65534\n65534\ninput\n');
    });

    test.skipIf(!isRoot)(
      `an input file is opened with the rights of that user, or not at all${isRoot ? '' : ' (skipped: only root can)'}`,
      async () => {
        const trial = argv(['cat'], { user: nobody, stdin: { file: 'secret' } });
        chmodSync(trial.dir, 0o755);
        writeFileSync(join(trial.dir, 'secret'), 'secret\n', { mode: 0o600 });
        expect(await launcher.run(trial.spec, never)).toEqual({
          cause: 'not_started',
          exitCode: 126,
          signal: null,
          message: launcher.capabilities.limits
            ? 'cannot open its standard input secret: permission denied'
            : 'an input file of another user needs the native launcher',
        });
        expect(trial.output()).toBe('');
      },
    );

    const rooted = isRoot && launcher.capabilities.limits;
    test.skipIf(!rooted)(
      `a directory that the user may not enter is named${rooted ? '' : ' (skipped: only root and the native launcher can)'}`,
      async () => {
        const trial = shell('true', { user: nobody });
        expect(await launcher.run(trial.spec, never)).toMatchObject({
          cause: 'not_started',
          exitCode: 126,
          message: `permission denied: ${trial.dir}`,
        });
      },
    );
  });
}
