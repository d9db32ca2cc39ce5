import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Launcher } from '../../src/launcher/launcher.js';
import { killQuietly, waitUntil } from '../support/processes.js';
import { argv, never, printedBytes, shell } from './runs.js';

const MIB = 1024 * 1024;
const EVERY_BYTE = "perl -e 'binmode STDOUT; print map { chr } 0..255'";

interface Heard {
  stdout: string;
  stderr: string;
}

function listener(): { heard: Heard; onOutput: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void } {
  const heard: Heard = { stdout: '', stderr: '' };
  return { heard, onOutput: (stream, chunk) => (heard[stream] += Buffer.from(chunk).toString('latin1')) };
}

export function exerciseOutput(launcher: Launcher): void {
  describe('output', () => {
    test('both streams are in one log, in the order of their writes', async () => {
      const trial = shell('echo a; sleep 0.05; echo b >&2; sleep 0.05; echo c');
      await launcher.run(trial.spec, never);
      expect(trial.output()).toBe('a\nb\nc\n');
    });

    test('its file is for nobody else', async () => {
      const trial = shell('head -c 20000 /dev/zero');
      await launcher.run(trial.spec, never);
      expect(statSync(trial.spec.outputFile).mode & 0o777).toBe(0o600);
      expect(statSync(dirname(trial.spec.outputFile)).mode & 0o777).toBe(0o700);
    });

    test('it is in the file while the process runs', async () => {
      const trial = shell('echo first; echo $$ > pid; sleep 600');
      const caller = new AbortController();
      const running = launcher.run(trial.spec, caller.signal);
      await waitUntil(() => trial.output() === 'first\n', { what: 'the first line' });
      caller.abort({ graceMs: 0 });
      await running;
    });

    test('every byte arrives as it was', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n)).toString('latin1');
      const { heard, onOutput } = listener();
      const plain = shell(EVERY_BYTE);
      const listened = shell(EVERY_BYTE, { onOutput });
      await launcher.run(plain.spec, never);
      await launcher.run(listened.spec, never);
      expect([plain.output('latin1'), listened.output('latin1'), heard.stdout]).toEqual([
        bytes,
        bytes,
        bytes,
      ]);
    });

    test('100 MiB pass without growing this process', async () => {
      const { spec } = argv(['head', '-c', String(100 * MIB), '/dev/zero']);
      const before = process.memoryUsage().rss;
      expect(await launcher.run(spec, never)).toMatchObject({ cause: 'exited', exitCode: 0 });
      expect(printedBytes(spec)).toBe(100 * MIB);
      expect(process.memoryUsage().rss - before).toBeLessThan(50 * MIB);
    });

    test('100 MiB pass a listener whole, without growing this process', async () => {
      let bytes = 0;
      const { spec } = argv(['head', '-c', String(100 * MIB), '/dev/zero'], {
        onOutput: (_stream, chunk) => (bytes += chunk.length),
      });
      const before = process.memoryUsage().rss;
      expect(await launcher.run(spec, never)).toMatchObject({ cause: 'exited', exitCode: 0 });
      expect(bytes).toBe(100 * MIB);
      expect(printedBytes(spec)).toBe(100 * MIB);
      expect(process.memoryUsage().rss - before).toBeLessThan(80 * MIB);
    });

    test('a listener hears the streams apart, and the file has both', async () => {
      const { heard, onOutput } = listener();
      const trial = shell('echo out; echo err >&2; echo out2', { onOutput });
      expect(await launcher.run(trial.spec, never)).toMatchObject({ exitCode: 0, message: null });
      expect(heard).toEqual({ stdout: 'out\nout2\n', stderr: 'err\n' });
      expect(trial.output().split('\n').toSorted()).toEqual(['', 'err', 'out', 'out2']);
    });

    test('a listener hears what is printed while the process runs', async () => {
      const { heard, onOutput } = listener();
      const trial = shell('echo first; sleep 600', { onOutput });
      const caller = new AbortController();
      const running = launcher.run(trial.spec, caller.signal);
      await waitUntil(() => heard.stdout === 'first\n', { what: 'the first line' });
      caller.abort({ graceMs: 0 });
      await running;
    });

    test('a listener that fails ends neither the process nor the file', async () => {
      const onOutput = (): void => {
        throw new Error('the terminal is gone');
      };
      const trial = shell('echo a; sleep 0.1; echo b', { onOutput });
      expect(await launcher.run(trial.spec, never)).toMatchObject({ cause: 'exited', exitCode: 0 });
      expect(trial.output()).toBe('a\nb\n');
    });

    test('a process that left the group and holds the pipe does not hold up the end', async () => {
      const { heard, onOutput } = listener();
      // It prints for ever, too: the end must not wait for a quiet moment.
      const trial = shell(
        'perl -MPOSIX -e \'POSIX::setsid(); open F, ">pid"; print F "$$\\n"; close F; $|=1; print "x" while 1\' & until test -s pid; do sleep 0.01; done; echo done',
        {
          onOutput,
        },
      );
      expect(await launcher.run(trial.spec, never)).toMatchObject({ cause: 'exited', exitCode: 0 });
      expect(heard.stdout).toContain('done\n');
      killQuietly(Number(trial.said('pid')));
    });

    test('a log directory that cannot be used loses the log, not the job', async () => {
      for (const onOutput of [undefined, () => undefined]) {
        const trial = shell(
          'head -c 20000 /dev/zero; echo ran > ran; exit 6',
          onOutput === undefined ? {} : { onOutput },
        );
        writeFileSync(join(trial.dir, 'file'), '');
        const spec = { ...trial.spec, outputFile: join(trial.dir, 'file', 'out.log') };
        const exit = await launcher.run(spec, never);
        expect(exit).toMatchObject({ cause: 'exited', exitCode: 6 });
        expect(exit.message).toContain('its output was not kept');
        expect(trial.said('ran')).toBe('ran');
      }
    });

    test('a symlink in the place of the file is not followed', async () => {
      const trial = shell('head -c 20000 /dev/zero');
      const target = join(trial.dir, 'target');
      writeFileSync(target, 'precious');
      mkdirSync(dirname(trial.spec.outputFile), { recursive: true });
      symlinkSync(target, trial.spec.outputFile);
      expect(await launcher.run(trial.spec, never)).toMatchObject({ cause: 'exited', exitCode: 0 });
      expect(readFileSync(target, 'utf8')).toBe('precious');
    });

    const reason = launcher.capabilities.pipes ? '' : ' (skipped: it gives no real pipes)';
    test.runIf(launcher.capabilities.pipes)(`a process can open its output by name${reason}`, async () => {
      const trial = shell('echo a; echo b > /dev/stdout; echo c');
      expect(await launcher.run(trial.spec, never)).toMatchObject({ exitCode: 0 });
      expect(trial.output()).toBe('a\nb\nc\n');
    });
  });
}
