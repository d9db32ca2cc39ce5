import { describe, expect, test } from 'vitest';

import type { Exit, Launcher } from '../../src/launcher/launcher.js';
import { signalNumber, Stopper } from '../../src/launcher/stop.js';
import { isAlive, waitUntil } from '../support/processes.js';
import { pidOf, shell, type TrialRun } from './runs.js';

const LONG_MS = 600_000;
/** Says which signals it got, and goes on. */
const STUBBORN = `
  for name in TERM INT USR1; do trap "echo $name >> asked" $name; done
  echo $$ > pid; while :; do sleep 0.02; done`;

interface Stopped {
  readonly trial: TrialRun;
  readonly stopper: Stopper;
  readonly running: Promise<Exit>;
  /** The signals that have come, once there are so many. */
  readonly asked: (count: number) => Promise<string[]>;
}

async function start(launcher: Launcher, line: string, graceMs: number): Promise<Stopped> {
  const trial = shell(line, { graceMs });
  const stopper = new Stopper();
  const running = launcher.run(trial.spec, stopper.signal);
  await pidOf(trial);
  const asked = (count: number): Promise<string[]> =>
    waitUntil(
      () => {
        const names = trial.said('asked')?.split('\n') ?? [];
        return names.length >= count ? names : null;
      },
      { what: `${count} signals` },
    );
  return { trial, stopper, running, asked };
}

export function exerciseStops(launcher: Launcher): void {
  describe('a caller that asks for the end of a run', () => {
    test.each(['SIGINT', 'SIGUSR1'])('chooses the signal: %s', async (name) => {
      const { stopper, running, asked } = await start(launcher, STUBBORN, 200);
      stopper.stop({ signal: signalNumber(name) });
      expect(await running).toMatchObject({ cause: 'stopped', signal: 'SIGKILL' });
      expect(await asked(1)).toEqual([name.slice(3)]);
    });

    test('a signal that ends the process is how it ended', async () => {
      const { stopper, running } = await start(launcher, 'echo $$ > pid; exec sleep 600', LONG_MS);
      stopper.stop({ signal: signalNumber('SIGUSR2') });
      expect(await running).toMatchObject({ cause: 'stopped', exitCode: null, signal: 'SIGUSR2' });
    });

    test('KILL as the signal needs no grace', async () => {
      const { stopper, running, trial } = await start(launcher, STUBBORN, LONG_MS);
      stopper.stop({ signal: signalNumber('SIGKILL'), graceMs: LONG_MS });
      expect(await running).toMatchObject({ cause: 'stopped', signal: 'SIGKILL' });
      expect(trial.said('asked')).toBeNull();
    });

    test('may wait longer than the grace of the spec', async () => {
      const line = `
        trap 'echo TERM > asked; until test -e go; do sleep 0.02; done; exit 7' TERM
        echo $$ > pid; while :; do sleep 0.02; done`;
      const { stopper, running, asked, trial } = await start(launcher, line, 1);
      stopper.stop({ graceMs: LONG_MS });
      await asked(1);
      // Longer than the spec's own would have let it live.
      await waitUntil(() => trial.said('asked') !== null && trial.ageMs('asked') > 300, {
        what: 'the grace of the spec to be over',
      });
      trial.say('go');
      expect(await running).toMatchObject({ cause: 'stopped', exitCode: 7 });
    });

    test.each([0, 100])(
      'may hasten the end, to %i ms from then, without a second signal',
      async (graceMs) => {
        const { stopper, running, asked, trial } = await start(launcher, STUBBORN, LONG_MS);
        stopper.stop();
        expect(await asked(1)).toEqual(['TERM']);
        stopper.stop({ signal: signalNumber('SIGUSR1'), graceMs });
        expect(await running).toMatchObject({ cause: 'stopped', signal: 'SIGKILL' });
        expect(trial.said('asked')).toBe('TERM');
        expect(isAlive(await pidOf(trial))).toBe(false);
      },
    );

    test('cannot put it off', async () => {
      const { stopper, running, asked } = await start(launcher, STUBBORN, LONG_MS);
      stopper.stop({ graceMs: 500 });
      await asked(1);
      stopper.stop({ graceMs: LONG_MS });
      expect(await running).toMatchObject({ cause: 'stopped', signal: 'SIGKILL' });
    });

    test('twice before the start: nothing starts', async () => {
      const stopper = new Stopper();
      stopper.stop();
      stopper.stop({ graceMs: 0 });
      const trial = shell('echo ran > ran');
      expect(await launcher.run(trial.spec, stopper.signal)).toMatchObject({ cause: 'stopped' });
      expect(trial.said('ran')).toBeNull();
    });

    test('twice in the turn of its start, both are heard', async () => {
      const { spec } = shell('exec sleep 600', { graceMs: LONG_MS });
      const stopper = new Stopper();
      const running = launcher.run(spec, stopper.signal);
      // Its default is to be ignored.
      stopper.stop({ signal: signalNumber('SIGURG') });
      stopper.stop({ graceMs: 0 });
      expect(await running).toMatchObject({ cause: 'stopped', signal: 'SIGKILL' });
    });
  });
}
