import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { readNote } from '../../src/launcher/run-note.js';
import { whyNot } from '../native/build.js';
import { asking, openLauncher, printed, program } from '../native/launchers.js';
import { launcherPid } from '../support/processes.js';
import { argv, never, shell } from './runs.js';

const asRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };

describe.skipIf(program === null)(`a process of the native launcher${whyNot(program)}`, () => {
  test('sees three descriptors, real pipes among them', async () => {
    const { spec } = argv(['ls', '-l', '/proc/self/fd']);
    const exit = await openLauncher().run(spec, never);
    const lines = (await printed(exit, spec)).trim().split('\n').slice(1);
    // The fourth is ls's own, of the directory it lists.
    expect(lines.map((line) => / (\d+) -> /.exec(line)?.[1])).toEqual(['0', '1', '2', '3']);
    expect(lines[0]).toContain('/dev/null');
    expect(lines[1]).toContain('pipe:[');
    expect(lines[2]).toContain('pipe:[');
  });

  test('can open its streams by name', async () => {
    const { spec } = shell(
      'echo a > /dev/stdout; echo b > /dev/stderr; echo c | tee /dev/stderr > /dev/null',
    );
    const exit = await openLauncher().run(spec, never);
    expect(exit).toMatchObject({ cause: 'exited', exitCode: 0 });
    expect(await printed(exit, spec, 'stdout')).toBe('a\n');
    expect(await printed(exit, spec, 'stderr')).toBe('b\nc\n');
  });

  test('has no signal blocked or ignored', async () => {
    const { spec } = argv(['cat', '/proc/self/status']);
    const status = await printed(await openLauncher().run(spec, never), spec);
    for (const mask of ['SigBlk', 'SigIgn', 'SigCgt'])
      expect(status).toMatch(new RegExp(`^${mask}:\\s*0+$`, 'm'));
  });

  test('that kills itself is reported with the usual name of the signal', async () => {
    for (const signal of ['SIGABRT', 'SIGIO', 'SIGHUP']) {
      const { spec } = shell(`kill -${signal.slice(3)} $$; sleep 60`);
      expect(await openLauncher().run(spec, never)).toMatchObject({
        cause: 'exited',
        exitCode: null,
        signal,
      });
    }
  });

  test('dies of SIGPIPE where nobody reads, without a word', async () => {
    const { spec } = shell('yes | head -n 1; echo "${PIPESTATUS:-}"');
    const exit = await openLauncher().run(spec, never);
    expect(exit).toMatchObject({ exitCode: 0 });
    expect(await printed(exit, spec, 'stderr')).toBe('');
  });

  test('is the better victim when memory runs out', async () => {
    const { spec } = argv(['cat', '/proc/self/oom_score_adj']);
    const own = Number(readFileSync('/proc/self/oom_score_adj', 'latin1'));
    const exit = await openLauncher().run(spec, never);
    expect(Number(await printed(exit, spec))).toBe(Math.min(1000, own + 500));
  });

  test('has the umask and niceness it was given', async () => {
    const { spec } = shell('umask; nice', asking({ umask: 0o27, nice: 7 }));
    const exit = await openLauncher().run(spec, never);
    expect(await printed(exit, spec)).toBe('0027\n7\n');
  });

  test('has the limits it was given', async () => {
    const limits = { memoryBytes: 512 * 2 ** 20, cpuSeconds: 7, openFiles: 33, processes: 4321 };
    const { spec } = argv(['cat', '/proc/self/limits'], asking({ limits }));
    const text = await printed(await openLauncher().run(spec, never), spec);
    expect(text).toMatch(/Max address space +536870912 +536870912/);
    // A second more before KILL.
    expect(text).toMatch(/Max cpu time +7 +8/);
    expect(text).toMatch(/Max open files +33 +33/);
    expect(text).toMatch(/Max processes +4321 +4321/);
  });

  test('that uses up its CPU time is told so by SIGXCPU, and killed a second later if it does not care', async () => {
    const launcher = openLauncher();
    for (const [line, signal] of [
      ['while :; do :; done', 'SIGXCPU'],
      ["trap '' XCPU; while :; do :; done", 'SIGKILL'],
    ] as const) {
      const { spec } = shell(line, { limits: { cpuSeconds: 1 } });
      const exit = await launcher.run(spec, never);
      expect(exit).toMatchObject({ cause: 'exited', exitCode: null, signal });
      expect(exit.usage?.userMs).toBeGreaterThan(500);
    }
  });

  test('may have fewer files open than its launcher has', async () => {
    const launcher = openLauncher();
    const others = new AbortController();
    const busy = Array.from({ length: 20 }, () => launcher.run(shell('sleep 600').spec, others.signal));
    const trial = shell('cat; ulimit -n', { limits: { openFiles: 8 }, stdin: { file: 'input' } });
    writeFileSync(join(trial.dir, 'input'), 'read\n');
    expect(await printed(await launcher.run(trial.spec, never), trial.spec)).toBe('read\n8\n');
    others.abort('now');
    await Promise.all(busy);
  });

  test('is given its input inline, whatever it holds', async () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, n) => n % 256));
    const { spec } = argv(['cat'], asking({ stdin: { bytes } }));
    const exit = await openLauncher().run(spec, never);
    expect(Buffer.from(await printed(exit, spec), 'latin1').equals(bytes)).toBe(true);
  });

  test('is given its input from a file, from its own directory', async () => {
    const trial = argv(['cat'], asking({ stdin: { file: 'input' } }));
    writeFileSync(join(trial.dir, 'input'), 'from a file\n');
    expect(await printed(await openLauncher().run(trial.spec, never), trial.spec)).toBe('from a file\n');
  });

  test('whose input is not there does not start', async () => {
    const { spec } = argv(['cat'], asking({ stdin: { file: 'no-such-file' } }));
    expect(await openLauncher().run(spec, never)).toMatchObject({
      cause: 'not_started',
      exitCode: 126,
      message: 'cannot open its standard input no-such-file: no such file',
    });
  });

  test('whose input is a pipe without a writer holds nobody up', async () => {
    const trial = shell('cat; echo done', asking({ stdin: { file: 'gate' } }));
    await openLauncher().run(argv(['mkfifo', 'gate'], { cwd: trial.dir }).spec, never);
    expect(await printed(await openLauncher().run(trial.spec, never), trial.spec)).toBe('done\n');
  });

  test.runIf(asRoot)(
    `becomes the user it was told to, whose rights then count${asRoot ? '' : ' (skipped: only root can)'}`,
    async () => {
      const trial = shell('id -u; id -G; cat secret', asking({ user: nobody }));
      chmodSync(trial.dir, 0o755);
      writeFileSync(join(trial.dir, 'secret'), 'secret\n', { mode: 0o600 });
      const exit = await openLauncher().run(trial.spec, never);
      expect(exit.exitCode).toBe(1);
      expect(await printed(exit, trial.spec, 'stdout')).toBe('65534\n65534\n');
      expect(await printed(exit, trial.spec, 'stderr')).toContain('Permission denied');
    },
  );

  test.runIf(asRoot)(
    `of another user is noted, too, and ended with the launcher${asRoot ? '' : ' (skipped: only root can)'}`,
    async () => {
      const trial = shell('echo ready; sleep 600', asking({ user: nobody }));
      chmodSync(trial.dir, 0o755);
      const caller = new AbortController();
      const running = openLauncher().run(
        { ...trial.spec, onOutput: () => caller.abort({ graceMs: 0 }) },
        caller.signal,
      );
      expect(await running).toMatchObject({ cause: 'stopped', signal: 'SIGKILL' });
      expect(readNote(trial.spec.noteFile)).toMatchObject({ token: trial.spec.token });
    },
  );

  test('that cannot become its user does not start', async () => {
    const { spec } = shell('true', asking({ user: { uid: 4_294_967_295, gid: 1 } }));
    expect(await openLauncher().run(spec, never)).toMatchObject({ cause: 'not_started', exitCode: 126 });
  });

  test('for which there is no descriptor is given back, and starts later', async () => {
    const launcher = openLauncher();
    await launcher.ready();
    const limit = (files: number): unknown =>
      execFileSync('prlimit', ['--pid', String(launcherPid()), `--nofile=${files}:`]);
    limit(9);
    expect(await launcher.run(shell('exit 3').spec, never)).toEqual({
      cause: 'no_resources',
      exitCode: null,
      signal: null,
      message: 'this process has too many open files',
    });
    limit(1024);
    expect(await launcher.run(shell('exit 3').spec, never)).toMatchObject({ cause: 'exited', exitCode: 3 });
  });

  test.runIf(asRoot)(
    `for which its user may have no process is given back${asRoot ? '' : ' (skipped: only root can)'}`,
    async () => {
      const launcher = openLauncher();
      const user = { uid: 61_235, gid: 61_235 };
      const first = shell('sleep 600 & echo ready; exec sleep 600', asking({ user }));
      const caller = new AbortController();
      const second = await new Promise((resolve) => {
        const onOutput = (): void =>
          resolve(
            launcher.run(
              { ...shell('true', asking({ user, limits: { processes: 1 } })).spec, cwd: '/' },
              never,
            ),
          );
        void launcher.run({ ...first.spec, cwd: '/', onOutput }, caller.signal);
      });
      expect(second).toMatchObject({ cause: 'no_resources', message: 'the limit of processes is reached' });
      caller.abort({ graceMs: 0 });
    },
  );

  test('is accounted for: wall and CPU time and memory, with its children', async () => {
    const burn = 'perl -e \'my $x = "a" x 50_000_000; my $t = time; 1 while times < 0.3\'';
    const { spec } = shell(`${burn}; sleep 0.2`);
    const exit = await openLauncher().run(spec, never);
    expect(exit.exitCode).toBe(0);
    expect((exit.usage?.userMs ?? 0) + (exit.usage?.systemMs ?? 0)).toBeGreaterThan(250);
    expect(exit.wallMs).toBeGreaterThan(450);
    expect(exit.usage?.maxRssKb).toBeGreaterThan(45_000);
  });

  test('that does nothing costs next to nothing', async () => {
    const { spec } = shell('true');
    const exit = await openLauncher().run(spec, never);
    expect(exit.usage?.maxRssKb).toBeLessThan(20_000);
    expect(exit.output).toEqual({
      bytes: 0,
      droppedBytes: 0,
      inline: new Uint8Array(),
      hasFile: false,
      lost: null,
    });
    expect(existsSync(spec.outputFile)).toBe(false);
    expect(existsSync(dirname(spec.outputFile))).toBe(false);
  });

  test('a script without an interpreter line is run by the shell, as execvp would', async () => {
    const trial = argv(['./script', 'word']);
    writeFileSync(join(trial.dir, 'script'), 'echo "$1"\n', { mode: 0o755 });
    const exit = await openLauncher().run(trial.spec, never);
    expect(await printed(exit, trial.spec)).toBe('word\n');
  });

  test("a program is looked up on the run's own PATH, not on ours", async () => {
    const trial = argv(['only-here']);
    const spec = { ...trial.spec, env: { ...trial.spec.env, PATH: `/nowhere:${trial.dir}` } };
    writeFileSync(join(trial.dir, 'only-here'), '#!/bin/sh\necho found\n', { mode: 0o755 });
    expect(await printed(await openLauncher().run(spec, never), spec)).toBe('found\n');
  });
});
