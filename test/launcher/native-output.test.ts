import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { followOutput } from '../../src/output/follow.js';
import { isRecordLog, type OutputRecord } from '../../src/output/records.js';
import { asking, logOf, openLauncher, printed, program, residentKb } from '../native/launchers.js';
import { whyNot } from '../native/build.js';
import { blocks, KIB, MIB, total } from '../native/output.js';
import { launcherPid, waitUntil } from '../support/processes.js';
import { argv, never, shell, type TrialRun } from './runs.js';

function diskBytes(file: string): number {
  return statSync(file).blocks * 512;
}

async function untilSaid(trial: TrialRun, name: string): Promise<string> {
  return waitUntil(() => trial.said(name), { what: name });
}

describe.skipIf(program === null)(`the output of a run${whyNot(program)}`, () => {
  test('comes along with its end where it is little, each piece with its time and stream', async () => {
    const before = Date.now() * 1000;
    const { spec } = shell('echo a; sleep 0.02; echo b >&2; sleep 0.02; echo c');
    const exit = await openLauncher().run(spec, never);
    expect(exit.output).toMatchObject({ bytes: 6, droppedBytes: 0, lost: null });
    const records = await logOf(exit, spec);
    expect(records.map(({ kind }) => kind)).toEqual(['stdout', 'stderr', 'stdout']);
    const times = records.map((record) => (record.kind === 'plain' ? 0 : record.timeUs));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(before);
    expect(times.at(-1)).toBeLessThanOrEqual((Date.now() + 1) * 1000);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(30_000);
  });

  test.each([
    ['at once', ''],
    ['late', 'sleep 0.2; '],
  ])(
    'of a run that goes on and prints %s can be followed; where it is little it comes along, too',
    async (_, pause) => {
      const trial = shell(`${pause}echo early; until test -s go; do sleep 0.01; done; echo late >&2`);
      const running = openLauncher().run(trial.spec, never);
      const heard: string[] = [];
      const end = new AbortController();
      const following = (async () => {
        for await (const record of followOutput(trial.spec.outputFile, end.signal))
          if ('bytes' in record) heard.push(`${record.kind} ${Buffer.from(record.bytes).toString()}`);
      })();
      await waitUntil(() => heard.length === 1, { what: 'the first line' });
      writeFileSync(join(trial.dir, 'go'), 'go');
      const exit = await running;
      end.abort();
      await following;
      expect(heard).toEqual(['stdout early\n', 'stderr late\n']);
      expect(exit.output).toMatchObject({ bytes: 11, hasFile: true });
      expect(Buffer.from(exit.output?.inline ?? []).equals(readFileSync(trial.spec.outputFile))).toBe(true);
      expect(statSync(trial.spec.outputFile).mode & 0o777).toBe(0o600);
      expect(statSync(dirname(trial.spec.outputFile)).mode & 0o777).toBe(0o700);
    },
  );

  test('of 16 KiB comes along, of one byte more it is in its file', async () => {
    const launcher = openLauncher();
    for (const [bytes, isInline] of [
      [16 * KIB, true],
      [16 * KIB + 1, false],
    ] as const) {
      const { spec } = argv(['head', '-c', String(bytes), '/dev/zero']);
      const exit = await launcher.run(spec, never);
      expect(exit.output).toMatchObject({ bytes, droppedBytes: 0 });
      expect(exit.output?.inline !== null).toBe(isInline);
      expect(await printed(exit, spec)).toBe('\0'.repeat(bytes));
    }
  });

  test('in many small pieces is whole, wherever it ends up', async () => {
    const { spec } = shell('i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i; done');
    const exit = await openLauncher().run(spec, never);
    const expected = Array.from({ length: 3000 }, (_, n) => `${n + 1}\n`).join('');
    expect(await printed(exit, spec)).toBe(expected);
    expect(exit.output?.bytes).toBe(expected.length);
  });

  test('may be binary, with what looks like records of ours', async () => {
    const trial = argv(['cat', 'input']);
    const nested = shell('head -c 40000 /dev/urandom; sleep 0.1; echo end');
    const launcher = openLauncher();
    await launcher.run(nested.spec, never);
    const bytes = readFileSync(nested.spec.outputFile);
    expect(isRecordLog(bytes)).toBe(true);
    writeFileSync(join(trial.dir, 'input'), bytes);
    const exit = await launcher.run(trial.spec, never);
    expect(Buffer.from(await printed(exit, trial.spec), 'latin1').equals(bytes)).toBe(true);
  });

  test('beyond its cap keeps its head and its tail, and says what is missing', async () => {
    const { spec } = shell(blocks(160), asking({ capBytes: MIB }));
    const exit = await openLauncher().run(spec, never);
    expect(exit.output?.bytes).toBe(10 * MIB);
    const records = await logOf(exit, spec);
    const { shown, missing } = total(records);
    expect(shown + missing).toBe(10 * MIB);
    expect(exit.output?.droppedBytes).toBe(missing);
    expect(shown).toBeGreaterThan(0.85 * MIB);
    expect(diskBytes(spec.outputFile)).toBeLessThanOrEqual(MIB + 64 * KIB + 8 * KIB);
    const gap = records.findIndex(({ kind }) => kind === 'gap');
    const text = await printed(exit, spec);
    expect(text.startsWith('00000000')).toBe(true);
    expect(text.endsWith('00000159')).toBe(true);
    // Nothing is missing within either half.
    const half = records
      .slice(0, gap)
      .reduce((sum, record) => sum + ('bytes' in record ? record.bytes.length : 0), 0);
    const numbers = (part: string): number[] => [...new Set((part.match(/.{8}/g) ?? []).map(Number))];
    expect(numbers(text.slice(0, half))).toEqual(numbers(text.slice(0, half)).map((_, index) => index));
    const tail = numbers(text.slice(half));
    expect(tail).toEqual(tail.map((_, index) => 160 - tail.length + index));
  });

  test('can be followed past its cap, by a reader that keeps up and by one that does not', async () => {
    const trial = shell(
      `until test -s go; do sleep 0.01; done; ${blocks(64)}; echo half > half; until test -s on; do sleep 0.01; done; ${blocks(400)}`,
      asking({ capBytes: MIB }),
    );
    const running = openLauncher().run(trial.spec, never);
    const end = new AbortController();
    const slow: OutputRecord[] = [];
    const follow = followOutput(trial.spec.outputFile, end.signal);
    writeFileSync(join(trial.dir, 'go'), 'go');
    await untilSaid(trial, 'half');
    // It looks once, in the middle, and then not before the end.
    const first = await follow.next();
    if (first.done !== true) slow.push(first.value);
    writeFileSync(join(trial.dir, 'on'), 'on');
    const exit = await running;
    end.abort();
    for await (const record of follow) slow.push(record);
    const { shown, missing } = total(slow);
    expect(shown + missing).toBe(464 * 64 * KIB);
    expect(missing).toBeGreaterThan(0);
    expect(missing).toBeLessThanOrEqual(exit.output?.droppedBytes ?? 0);
  });

  test('a follower sees every byte once, or is told how many it missed, while the log is cut', async () => {
    const { spec } = shell(blocks(800), asking({ capBytes: 256 * KIB }));
    const end = new AbortController();
    const followed: OutputRecord[] = [];
    const following = (async () => {
      for await (const record of followOutput(spec.outputFile, end.signal)) followed.push(record);
    })();
    const exit = await openLauncher().run(spec, never);
    end.abort();
    await following;
    const { shown, missing } = total(followed);
    expect(exit.output?.bytes).toBe(50 * MIB);
    expect(shown + missing).toBe(50 * MIB);
    // What it shows is in order, and each block is what it says.
    let last = -1;
    for (const record of followed) {
      if (!('bytes' in record)) continue;
      const number = Number(Buffer.from(record.bytes.subarray(0, 8)).toString());
      expect(number).toBeGreaterThanOrEqual(last);
      last = number;
    }
    expect(last).toBe(799);
  });

  test('of a gigabyte without a newline moves nobody, and costs its cap on the disk', async () => {
    const launcher = openLauncher();
    await launcher.ready();
    const pid = launcherPid() ?? 0;
    const before = { launcher: residentKb(pid), worker: process.memoryUsage().rss };
    let most = 0;
    const timer = setInterval(() => (most = Math.max(most, residentKb(pid))), 20);
    onTestFinished(() => clearInterval(timer));
    const { spec } = argv(['head', '-c', String(1024 * MIB), '/dev/zero'], asking({ capBytes: 8 * MIB }));
    const exit = await launcher.run(spec, never);
    expect(exit).toMatchObject({ cause: 'exited', exitCode: 0, output: { bytes: 1024 * MIB, lost: null } });
    expect(Math.max(most, residentKb(pid)) - before.launcher).toBeLessThan(1024);
    expect(process.memoryUsage().rss - before.worker).toBeLessThan(16 * MIB);
    expect(diskBytes(spec.outputFile)).toBeLessThan(9 * MIB);
  });

  test('to a slow listener waits for it, and none of it is lost', async () => {
    const launcher = openLauncher();
    await launcher.ready();
    const pid = launcherPid() ?? 0;
    let bytes = 0;
    let most = 0;
    const { spec } = argv(['head', '-c', String(20 * MIB), '/dev/zero']);
    const onOutput = async (_stream: string, chunk: Uint8Array): Promise<void> => {
      bytes += chunk.length;
      most = Math.max(most, residentKb(pid));
      await new Promise((resolve) => setTimeout(resolve, 1));
    };
    expect(await launcher.run({ ...spec, onOutput }, never)).toMatchObject({ exitCode: 0 });
    expect(bytes).toBe(20 * MIB);
    expect(most).toBeLessThan(8 * KIB);
  });
});
