import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Exit, Launcher } from '../../src/launcher/launcher.js';
import { argv, never, shell } from './runs.js';

function notStarted(exitCode: number, message: string): Exit {
  return { cause: 'not_started', exitCode, signal: null, message };
}

/** Root may enter and search every directory. */
const isRoot = process.getuid?.() === 0;
const forRoot = isRoot ? ' (skipped: nothing is closed to root)' : '';

export function exerciseFailures(launcher: Launcher): void {
  describe('a failure to start', () => {
    test('a command that does not exist is 127', async () => {
      for (const word of ['no-such-command', './no-such-file', '/no/such/file']) {
        const { spec } = argv([word, 'x']);
        expect(await launcher.run(spec, never)).toEqual(notStarted(127, `command not found: ${word}`));
      }
    });

    test('an argv without a word is 127', async () => {
      expect(await launcher.run(argv([]).spec, never)).toMatchObject({ cause: 'not_started', exitCode: 127 });
    });

    test("a shell's own 126 and 127 are exit codes like others", async () => {
      const exit = await launcher.run(shell('no-such-command').spec, never);
      expect(exit).toEqual({ cause: 'exited', exitCode: 127, signal: null, message: null });
    });

    test('a file that may not be executed is 126', async () => {
      const { spec, dir } = argv(['./plain']);
      writeFileSync(join(dir, 'plain'), '#!/bin/sh\n', { mode: 0o644 });
      expect(await launcher.run(spec, never)).toEqual(notStarted(126, 'permission denied: ./plain'));
    });

    test.skipIf(isRoot)(
      `a directory on the PATH that may not be searched hides nothing${forRoot}`,
      async () => {
        const { spec, dir } = argv(['no-such-command']);
        mkdirSync(join(dir, 'closed'), { mode: 0 });
        const env = { ...spec.env, PATH: `${join(dir, 'closed')}:/bin` };
        expect(await launcher.run({ ...spec, env }, never)).toMatchObject({ exitCode: 127 });
        expect(await launcher.run({ ...spec, env, command: { argv: ['true'] } }, never)).toMatchObject({
          exitCode: 0,
        });
        const inside = { ...spec, command: { argv: ['./closed/x'] } };
        expect(await launcher.run(inside, never)).toEqual(notStarted(126, 'permission denied: ./closed/x'));
      },
    );

    test('a directory in the place of a command is 126', async () => {
      const { spec, dir } = argv(['./folder']);
      mkdirSync(join(dir, 'folder'));
      expect(await launcher.run(spec, never)).toEqual(notStarted(126, 'is a directory: ./folder'));
    });

    test('a script whose interpreter does not exist is 126', async () => {
      const { spec, dir } = argv(['./script']);
      writeFileSync(join(dir, 'script'), '#!/no/such/interpreter\n', { mode: 0o755 });
      const exit = await launcher.run(spec, never);
      expect(exit).toMatchObject({ cause: 'not_started', exitCode: 126 });
      expect(exit.message).toContain('bad interpreter: ./script');
    });

    test('a missing directory is 126, and is not blamed on the command', async () => {
      for (const command of [{ shell: 'true' }, { argv: ['true'] }, { argv: ['no-such-command'] }]) {
        const { spec } = argv([], { command, cwd: '/no/such/place' });
        expect(await launcher.run(spec, never)).toEqual(notStarted(126, 'no such directory: /no/such/place'));
      }
    });

    test('a file in the place of the directory is 126', async () => {
      const { spec, dir } = shell('true');
      const cwd = join(dir, 'file');
      writeFileSync(cwd, '');
      expect(await launcher.run({ ...spec, cwd }, never)).toEqual(notStarted(126, `not a directory: ${cwd}`));
    });

    test.skipIf(isRoot)(`a directory that may not be entered is 126${forRoot}`, async () => {
      const { spec, dir } = shell('true');
      const cwd = join(dir, 'closed');
      mkdirSync(cwd);
      chmodSync(cwd, 0o600);
      expect(await launcher.run({ ...spec, cwd }, never)).toEqual(
        notStarted(126, `permission denied: ${cwd}`),
      );
    });

    test('an environment or argument that is too long is 126', async () => {
      const long = 'x'.repeat(3 * 1024 * 1024);
      const { spec } = shell('true');
      for (const tooLong of [
        { ...spec, env: { ...spec.env, LONG: long } },
        { ...spec, command: { argv: ['true', long] } },
      ]) {
        expect(await launcher.run(tooLong, never)).toEqual(notStarted(126, 'argument list too long'));
      }
    });

    test('a NUL byte anywhere is 126', async () => {
      const { spec } = shell('true');
      for (const bad of [
        { ...spec, command: { shell: 'a\0b' } },
        { ...spec, command: { argv: ['true', 'a\0b'] } },
        { ...spec, env: { ...spec.env, A: 'a\0b' } },
        { ...spec, cwd: '/a\0b' },
      ]) {
        const exit = await launcher.run(bad, never);
        expect(exit).toMatchObject({ cause: 'not_started', exitCode: 126 });
        expect(exit.message).toContain('NUL');
      }
    });

    test('a process that could not be noted is not started', async () => {
      const { spec, dir } = shell('echo ran > ran');
      writeFileSync(join(dir, 'file'), '');
      const exit = await launcher.run(
        { ...spec, noteFile: join(dir, 'file', 'note'), noteDraft: join(dir, 'file', 'draft') },
        never,
      );
      expect(exit).toMatchObject({ cause: 'no_resources', exitCode: null });
      expect(existsSync(join(dir, 'ran'))).toBe(false);
    });
  });
}
