import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import type { Launcher } from '../../src/launcher/launcher.js';
import { readNote } from '../../src/launcher/run-note.js';
import { isAlive, sessionOf, waitUntil } from '../support/processes.js';
import { argv, never, shell } from './runs.js';

const onLinux = process.platform === 'linux';

/** Given to us by whoever started the tests, without the close-on-exec flag, before any launcher was made. */
const inherited = onLinux ? inheritableDescriptors() : [];

function inheritableDescriptors(): string[] {
  const O_CLOEXEC = 0o2000000;
  return readdirSync('/proc/self/fdinfo').filter((fd) => {
    if (Number(fd) <= 2 || !existsSync(`/proc/self/fdinfo/${fd}`)) return false;
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
    return (Number.parseInt(flags ?? '', 8) & O_CLOEXEC) === 0;
  });
}

export function exerciseProcess(launcher: Launcher): void {
  describe('what a process is given', () => {
    test('its exit code is reported', async () => {
      for (const code of [0, 1, 3, 255]) {
        const { spec } = shell(`exit ${code}`);
        expect(await launcher.run(spec, never)).toEqual({
          cause: 'exited',
          exitCode: code,
          signal: null,
          message: null,
        });
      }
    });

    test('the signal that killed it is reported', async () => {
      for (const signal of ['SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGUSR1']) {
        const { spec } = shell(`kill -${signal.slice(3)} $$; sleep 60`);
        const exit = await launcher.run(spec, never);
        expect(exit).toMatchObject({ cause: 'exited', exitCode: null, signal, message: null });
      }
    });

    test('a shell line is run by a POSIX shell', async () => {
      const trial = shell('for x in a b; do echo "$x"; done | tr a-z A-Z && echo "$0"');
      await launcher.run(trial.spec, never);
      expect(trial.output()).toBe('A\nB\n/bin/sh\n');
    });

    test('an argv reaches the program unchanged, whatever it holds', async () => {
      const words = ['a b', '', "it's", '"q"', '$HOME', '*', '\\', 'line\nbreak', '; exit 7', 'ü€', '-n'];
      const trial = argv(['printf', '<%s>', ...words]);
      expect(await launcher.run(trial.spec, never)).toMatchObject({ exitCode: 0 });
      expect(trial.output()).toBe(words.map((word) => `<${word}>`).join(''));
    });

    test('it runs in the given directory', async () => {
      const trial = argv(['pwd', '-P']);
      await launcher.run(trial.spec, never);
      expect(trial.output()).toBe(`${realpathSync(trial.dir)}\n`);
    });

    test("without a directory it runs in the caller's", async () => {
      const trial = argv(['pwd', '-P'], { cwd: null });
      await launcher.run(trial.spec, never);
      expect(trial.output()).toBe(`${realpathSync(process.cwd())}\n`);
    });

    test('its environment is exactly the given one', async () => {
      const env = { PATH: '/bin:/usr/bin', A: 'x y', EMPTY: '', MULTI: 'one\ntwo', UMLAUT: 'ü' };
      const trial = argv(['env', '-0'], { env });
      await launcher.run(trial.spec, never);
      const entries = Object.entries(env).map(([name, value]) => `${name}=${value}`);
      expect(trial.output().split('\0').filter(Boolean).toSorted()).toEqual(entries.toSorted());
    });

    test('the given environment is not changed', async () => {
      const { spec } = shell('true');
      const before = { ...spec.env };
      await launcher.run(spec, never);
      expect(spec.env).toEqual(before);
    });

    test('its standard input is empty', async () => {
      const trial = argv(['cat']);
      expect(await launcher.run(trial.spec, never)).toMatchObject({ exitCode: 0 });
      expect(trial.output()).toBe('');
    });

    test("the umask is the caller's own", async () => {
      const trial = shell('umask');
      await launcher.run(trial.spec, never);
      expect(Number.parseInt(trial.output(), 8)).toBe(process.umask());
    });

    test.runIf(onLinux)('no descriptor leaks into it', async () => {
      const trial = argv(['ls', '/proc/self/fd']);
      await launcher.run(trial.spec, never);
      // The fourth is ls's own, of the directory it lists.
      const own = trial
        .output()
        .trim()
        .split('\n')
        .filter((fd) => !inherited.includes(fd));
      expect(own).toEqual(['0', '1', '2', '3'].filter((fd) => !inherited.includes(fd)));
    });

    test.runIf(onLinux)('it has a session of its own, and a note by which it can be found', async () => {
      const trial = shell('echo $$ > pid; read go < gate');
      await launcher.run(argv(['mkfifo', 'gate'], { cwd: trial.dir }).spec, never);
      const running = launcher.run(trial.spec, never);
      const pid = Number(await waitUntil(() => trial.said('pid'), { what: 'the pid' }));
      expect(sessionOf(pid)).toBe(pid);
      const note = readNote(trial.spec.noteFile);
      expect(note).toMatchObject({ token: trial.spec.token, pid });
      expect(note).toHaveProperty('pidStartTime', expect.stringMatching(/^\d+$/));
      expect(statSync(trial.spec.noteFile).mode & 0o777).toBe(0o600);
      await launcher.run(shell('echo go > gate', { cwd: trial.dir }).spec, never);
      expect(await running).toMatchObject({ cause: 'exited', exitCode: 0 });
      expect(isAlive(pid)).toBe(false);
    });

    test('a hundred run side by side, each with its own end', async () => {
      const trials = Array.from({ length: 100 }, (_, n) => ({ n, trial: shell(`echo ${n}; exit ${n}`) }));
      const exits = await Promise.all(trials.map(({ trial }) => launcher.run(trial.spec, never)));
      expect(exits.map((exit) => exit.exitCode)).toEqual(trials.map(({ n }) => n));
      expect(trials.map(({ trial }) => trial.output())).toEqual(trials.map(({ n }) => `${n}\n`));
    });
  });
}
