import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Launcher } from '../../src/launcher/launcher.js';
import { isAlive, launcherPid, waitUntil } from '../support/processes.js';
import { startStopwatch } from '../support/stopwatch.js';
import { never, pidOf, shell } from './runs.js';

const DEAF = "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done";
/** Ends well when it is asked to. */
const POLITE = "trap 'echo bye > bye; exit 0' TERM; echo $$ > pid; while :; do sleep 0.02; done";

/** Who ends a run, beside this process. */
function doers(): number[] {
  return [launcherPid() ?? []].flat();
}

export function exerciseEnding(launcher: Launcher): void {
  describe('the end of a run', () => {
    test('a time limit ends a process, and gives it the chance to end well', async () => {
      const trial = shell(POLITE, { timeoutMs: 500 });
      const exit = await launcher.run(trial.spec, never);
      // It ended with 0, but only because it was told to: still a timeout.
      expect(exit).toEqual({
        cause: 'timed_out',
        exitCode: 0,
        signal: null,
        message: 'timed out after 500ms',
      });
      expect(trial.said('bye')).toBe('bye');
    });

    test('a process that ignores TERM is killed after the grace', async () => {
      const trial = shell(DEAF, { timeoutMs: 400, graceMs: 100 });
      const exit = await launcher.run(trial.spec, never);
      expect(exit).toMatchObject({ cause: 'timed_out', exitCode: null, signal: 'SIGKILL' });
      expect(isAlive(await pidOf(trial))).toBe(false);
    });

    test('a stopped process is ended, too', async () => {
      const trial = shell("trap 'exit 9' TERM; echo $$ > pid; kill -STOP $$; sleep 60", { timeoutMs: 300 });
      expect(await launcher.run(trial.spec, never)).toMatchObject({ cause: 'timed_out', exitCode: 9 });
    });

    test('a time limit of a year does not fire now', async () => {
      const { spec } = shell('sleep 0.2; exit 4', { timeoutMs: 365 * 86_400_000 });
      expect(await launcher.run(spec, never)).toMatchObject({ cause: 'exited', exitCode: 4 });
    });

    test('the caller can stop it, and it may end well', async () => {
      const trial = shell(POLITE);
      const caller = new AbortController();
      const running = launcher.run(trial.spec, caller.signal);
      await pidOf(trial);
      caller.abort();
      expect(await running).toEqual({ cause: 'stopped', exitCode: 0, signal: null, message: null });
      expect(trial.said('bye')).toBe('bye');
    });

    test('stopped by the caller, a process that ignores TERM is killed after the grace', async () => {
      const trial = shell(DEAF, { graceMs: 100 });
      const caller = new AbortController();
      const running = launcher.run(trial.spec, caller.signal);
      await pidOf(trial);
      caller.abort();
      expect(await running).toMatchObject({ cause: 'stopped', signal: 'SIGKILL' });
    });

    test('stopped without grace, it is killed at once', async () => {
      const trial = shell(POLITE, { graceMs: 600_000 });
      const caller = new AbortController();
      const running = launcher.run(trial.spec, caller.signal);
      const pid = await pidOf(trial);
      caller.abort({ graceMs: 0 });
      expect(await running).toMatchObject({ cause: 'stopped', signal: 'SIGKILL' });
      expect(isAlive(pid)).toBe(false);
      expect(trial.said('bye')).toBeNull();
    });

    test('a caller that can wait less than the grace says so', async () => {
      const trial = shell("trap 'echo asked > asked' TERM; echo $$ > pid; while :; do sleep 0.02; done", {
        graceMs: 600_000,
      });
      const caller = new AbortController();
      const running = launcher.run(trial.spec, caller.signal);
      await pidOf(trial);
      caller.abort({ graceMs: 300 });
      expect(await running).toMatchObject({ cause: 'stopped', signal: 'SIGKILL' });
      expect(trial.said('asked')).toBe('asked');
    });

    test('in the grace of its time limit, a stop without grace kills at once and the time limit stays the cause', async () => {
      const trial = shell("trap 'echo > asked' TERM; while :; do sleep 0.02; done", {
        timeoutMs: 300,
        graceMs: 600_000,
      });
      const caller = new AbortController();
      const running = launcher.run(trial.spec, caller.signal);
      await waitUntil(() => existsSync(join(trial.dir, 'asked')), { what: 'TERM to arrive' });
      caller.abort({ graceMs: 0 });
      expect(await running).toMatchObject({ cause: 'timed_out', signal: 'SIGKILL' });
    });

    test('stopped before it started, it does not start', async () => {
      const trial = shell('echo ran > ran');
      expect(await launcher.run(trial.spec, AbortSignal.abort())).toMatchObject({
        cause: 'stopped',
        exitCode: null,
        signal: null,
      });
      expect(existsSync(join(trial.dir, 'ran'))).toBe(false);
      expect(existsSync(trial.spec.noteFile)).toBe(false);
    });

    test('stopped in the turn of its start, it is ended', async () => {
      const { spec } = shell('sleep 600');
      const caller = new AbortController();
      const running = launcher.run(spec, caller.signal);
      caller.abort();
      expect((await running).cause).toBe('stopped');
    });

    test('an exit in good time counts, though the news of it comes after the time limit', async () => {
      const { spec } = shell('exit 3', { timeoutMs: 300 });
      const running = launcher.run(spec, never);
      // The event loop stalls past the limit, as under a heavy query: the timer will be served first.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
      expect(await running).toMatchObject({ cause: 'exited', exitCode: 3 });
    });
  });

  describe('processes that outlive their leader', () => {
    test('they may go on for a moment, and are ended then', async () => {
      const stopwatch = startStopwatch(...doers());
      const trial = shell('(echo $(exec sh -c "echo \\$PPID") > pid; exec sleep 600) & exit 0');
      const exit = await launcher.run(trial.spec, never);
      expect(trial.ageMs('pid') - stopwatch.waitedMs()).toBeLessThan(3000);
      expect(exit).toMatchObject({ cause: 'exited', exitCode: 0, message: '1 left-over process killed' });
      expect(isAlive(await pidOf(trial))).toBe(false);
    });

    test('they can finish what they do, and are not waited for longer than that', async () => {
      const trial = shell('(sleep 0.3; echo late) & echo early');
      expect(await launcher.run(trial.spec, never)).toMatchObject({ exitCode: 0, message: null });
      expect(trial.output()).toBe('early\nlate\n');
    });

    test('one that ignores TERM does not hold up the end', async () => {
      const trial = shell('sh -c \'trap "" TERM; echo $$ > pid; while :; do sleep 0.05; done\' & exit 5');
      const exit = await launcher.run(trial.spec, never);
      expect(exit).toMatchObject({ cause: 'exited', exitCode: 5 });
      expect(exit.message).toMatch(/^exit code 5; \d+ left-over process(es)? killed$/);
      expect(isAlive(await pidOf(trial))).toBe(false);
    });

    test('one that hides the token is ended, too', async () => {
      const trial = shell("env -i sh -c 'echo $$ > pid; exec sleep 600' & exit 0");
      expect(await launcher.run(trial.spec, never)).toMatchObject({ cause: 'exited', exitCode: 0 });
      expect(isAlive(await pidOf(trial))).toBe(false);
    });

    // A launcher that outlives nothing ends the zombie's parent, too, which is left over as any other.
    const endsAll = launcher.capabilities.outlivesNothing;
    const reason = endsAll ? ' (skipped: this launcher ends the parent of the zombie, too)' : '';
    test.skipIf(endsAll)(`a zombie does not hold up the end${reason}`, async () => {
      const stopwatch = startStopwatch(...doers());
      // Its parent leaves the group and never asks for its end, as process 1 does in many containers.
      const trial = shell(
        `perl -MPOSIX -e 'exit if !($c = fork); POSIX::setsid(); sleep 600 if !open F, ">pid";
          select undef, undef, undef, 0.01 until \`ps -o stat= -p $c\` =~ /Z/;
          print F "$c\\n"; close F; sleep 600' & until test -s pid; do sleep 0.01; done`,
      );
      expect(await launcher.run(trial.spec, never)).toMatchObject({ cause: 'exited', exitCode: 0 });
      expect(trial.ageMs('pid') - stopwatch.waitedMs()).toBeLessThan(1800);
    });

    test('after a time limit they get no courtesy', async () => {
      const stopwatch = startStopwatch(...doers());
      const deaf = 'sh -c \'trap "" TERM; echo $$ > pid; while :; do sleep 0.05; done\'';
      const trial = shell(`${deaf} & trap 'echo > asked; exit 0' TERM; while :; do sleep 0.02; done`, {
        timeoutMs: 500,
        graceMs: 600_000,
      });
      expect(await launcher.run(trial.spec, never)).toMatchObject({ cause: 'timed_out', exitCode: 0 });
      expect(trial.ageMs('asked') - stopwatch.waitedMs()).toBeLessThan(1800);
      expect(isAlive(await pidOf(trial))).toBe(false);
    });

    test('the caller can cut their time short', async () => {
      const stopwatch = startStopwatch(...doers());
      const trial = shell('sleep 600 & echo $! > pid; exit 0');
      const caller = new AbortController();
      const running = launcher.run(trial.spec, caller.signal);
      const pid = await pidOf(trial);
      caller.abort();
      expect(['exited', 'stopped']).toContain((await running).cause);
      expect(trial.ageMs('pid') - stopwatch.waitedMs()).toBeLessThan(1800);
      expect(isAlive(pid)).toBe(false);
    });
  });
}
