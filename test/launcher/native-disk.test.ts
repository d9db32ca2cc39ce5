import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { whyNot } from '../native/build.js';
import { asking, logOf, openLauncher, printed, program } from '../native/launchers.js';
import { blocks, KIB, MIB, total } from '../native/output.js';
import { waitUntil } from '../support/processes.js';
import { argv, never, shell, type TrialRun } from './runs.js';

const asRoot = process.getuid?.() === 0;

async function untilSaid(trial: TrialRun, name: string): Promise<string> {
  return waitUntil(() => trial.said(name), { what: name });
}

/** A small file system of its own within the run's directory. */
function mountDisk(trial: TrialRun, ...options: string[]): string {
  const disk = join(trial.dir, 'disk');
  mkdirSync(disk);
  execFileSync('mount', [...options, 'none', disk]);
  onTestFinished(() => void execFileSync('umount', ['-l', disk]));
  return disk;
}

describe.skipIf(program === null)(`the output of a run${whyNot(program)}`, () => {
  test.runIf(asRoot)(
    `on a full disk is lost from there on, and the run is not${asRoot ? '' : ' (skipped: only root can)'}`,
    async () => {
      const trial = shell(`${blocks(64)}; echo end; exit 3`);
      const disk = mountDisk(trial, '-t', 'tmpfs', '-o', 'size=1m');
      const spec = { ...trial.spec, outputFile: join(disk, 'out.log') };
      const exit = await openLauncher().run(spec, never);
      expect(exit).toMatchObject({
        cause: 'exited',
        exitCode: 3,
        output: { bytes: 4 * MIB + 4, lost: 'ENOSPC' },
      });
      expect(exit.message).toBe('exit code 3; part of its output was not kept: ENOSPC');
      const { shown } = total(await logOf(exit, spec));
      expect(shown).toBeGreaterThan(0.8 * MIB);
      expect(exit.output?.droppedBytes).toBe(4 * MIB + 4 - shown);
    },
  );

  test.runIf(asRoot)(
    'on a file system that knows no holes ends at its cap, and says what is missing',
    async () => {
      const trial = shell(`${blocks(64)}; echo end`, asking({ capBytes: MIB }));
      const disk = join(trial.dir, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'ramfs', 'ramfs', disk]);
      onTestFinished(() => void execFileSync('umount', ['-l', disk]));
      const spec = { ...trial.spec, outputFile: join(disk, 'out.log') };
      const exit = await openLauncher().run(spec, never);
      expect(exit).toMatchObject({ exitCode: 0, message: null, output: { bytes: 4 * MIB + 4, lost: null } });
      const { shown, missing } = total(await logOf(exit, spec));
      expect(shown + missing).toBe(4 * MIB + 4);
      expect(exit.output?.droppedBytes).toBe(missing);
      expect(statSync(spec.outputFile).size).toBeLessThan(1.2 * MIB);
    },
  );

  test.runIf(asRoot)(
    `goes on where a full disk has room again, with a gap for what was lost${asRoot ? '' : ' (skipped: only root can)'}`,
    async () => {
      const trial = shell(
        `echo start; sleep 0.1; ${blocks(32)}; echo full > full; until test -s free; do sleep 0.01; done; echo end`,
      );
      const disk = mountDisk(trial, '-t', 'tmpfs', '-o', 'size=1m');
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(700 * KIB));
      const spec = { ...trial.spec, outputFile: join(disk, 'out.log') };
      const running = openLauncher().run(spec, never);
      await untilSaid(trial, 'full');
      execFileSync('rm', [join(disk, 'ballast')]);
      writeFileSync(join(trial.dir, 'free'), 'free');
      const exit = await running;
      const records = await logOf(exit, spec);
      const { shown, missing } = total(records);
      expect(shown + missing).toBe(exit.output?.bytes);
      expect(missing).toBe(exit.output?.droppedBytes);
      expect((await printed(exit, spec)).endsWith('end\n')).toBe(true);
    },
  );

  test('that cannot be kept is little: it comes along with the end all the same', async () => {
    const trial = shell('echo kept; sleep 0.1; echo too');
    writeFileSync(join(trial.dir, 'file'), '');
    const spec = { ...trial.spec, outputFile: join(trial.dir, 'file', 'out.log') };
    const exit = await openLauncher().run(spec, never);
    expect(exit).toMatchObject({ exitCode: 0, message: null, output: { droppedBytes: 0, hasFile: false } });
    expect(await printed(exit, spec)).toBe('kept\ntoo\n');
  });

  test('replaces what lies in the place of its file, and follows no link', async () => {
    const trial = argv(['head', '-c', '20000', '/dev/zero']);
    const target = join(trial.dir, 'target');
    writeFileSync(target, 'precious');
    mkdirSync(dirname(trial.spec.outputFile), { recursive: true });
    symlinkSync(target, trial.spec.outputFile);
    const launcher = openLauncher();
    for (let n = 0; n < 2; n += 1) {
      const exit = await launcher.run(trial.spec, never);
      expect(exit.output).toMatchObject({ bytes: 20_000, lost: null });
      expect((await printed(exit, trial.spec)).length).toBe(20_000);
    }
    expect(readFileSync(target, 'utf8')).toBe('precious');
    expect(existsSync(trial.spec.outputFile)).toBe(true);
  });
});
