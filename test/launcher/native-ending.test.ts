import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { TOKEN_VARIABLE } from '../../src/launcher/run-token.js';
import { Stopper } from '../../src/launcher/stop.js';
import { whyNot } from '../native/build.js';
import { asking, openLauncher, printed, program } from '../native/launchers.js';
import {
  isAlive,
  killQuietly,
  launcherPid,
  pidsWithEnv,
  processState,
  waitUntil,
} from '../support/processes.js';
import { startStopwatch } from '../support/stopwatch.js';
import { argv, never, shell, type TrialRun } from './runs.js';

const asRoot = process.getuid?.() === 0;

/** Becomes a daemon as the books say, hides whose it is, closes what it was given, and says who it is. */
const DAEMON = `perl -MPOSIX -e '
  exit if fork; POSIX::setsid(); exit if fork;
  open F, ">", "$ENV{DIR}/daemon.new"; print F "$$\\n"; close F; rename "$ENV{DIR}/daemon.new", "$ENV{DIR}/daemon";
  POSIX::close($_) for 0..99;
  exec {"/usr/bin/env"} "env", "-i", "sleep", "600"'`;

/** Says who it is once only its second thread goes on. */
const THREADS = `
  #include <pthread.h>
  #include <stdio.h>
  #include <string.h>
  #include <unistd.h>
  static void *go_on(void *unused)
  {
    char stat[512] = "";
    while (strstr(stat, ") Z") == NULL) {
      FILE *file = fopen("/proc/self/stat", "r");
      stat[fread(stat, 1, sizeof stat - 1, file)] = 0;
      fclose(file);
      usleep(1000);
    }
    FILE *file = fopen("pid", "w");
    fprintf(file, "%d\\n", (int)getpid());
    fclose(file);
    sleep(600);
    return unused;
  }
  int main(void)
  {
    pthread_t thread;
    pthread_create(&thread, NULL, go_on, NULL);
    pthread_exit(NULL);
  }`;

async function pidIn(trial: TrialRun, name: string): Promise<number> {
  return Number(await waitUntil(() => trial.said(name), { what: name }));
}

/** Waits, in a job, for a file that the test or another process makes. */
function until(name: string): string {
  return `until test -s ${name}; do sleep 0.01; done`;
}

describe.skipIf(program === null)(`what a run leaves behind${whyNot(program)}`, () => {
  test('a daemon of its own session, without our token or descriptors, is ended', async () => {
    const trial = shell(`${DAEMON}; ${until('daemon')}`);
    const exit = await openLauncher().run(trial.spec, never);
    expect(exit).toMatchObject({ cause: 'exited', exitCode: 0, message: '1 left-over process killed' });
    expect(isAlive(await pidIn(trial, 'daemon'))).toBe(false);
  });

  test('the log says that they were killed', async () => {
    const trial = shell('sleep 600 & echo $! > pid');
    const exit = await openLauncher().run(trial.spec, never);
    expect(exit.message).toBe('1 left-over process killed');
    expect(Buffer.from(exit.output?.inline ?? []).toString()).toContain('1 left-over process killed');
  });

  test('such a daemon of a run that goes on is left in peace', async () => {
    const launcher = openLauncher();
    const trial = shell(`${DAEMON}; ${until('go')}`);
    const running = launcher.run(trial.spec, never);
    const daemon = await pidIn(trial, 'daemon');
    // Each end is an occasion to look at all children of the launcher.
    for (let n = 0; n < 3; n += 1) await launcher.run(shell('sleep 600 & true', { graceMs: 0 }).spec, never);
    expect(isAlive(daemon)).toBe(true);
    writeFileSync(join(trial.dir, 'go'), 'go');
    await running;
    expect(isAlive(daemon)).toBe(false);
  });

  test('one whose first thread has ended, too, which shows no environment of its own', async () => {
    const launcher = openLauncher();
    const other = shell(`echo 1 > begun; ${until('go')}`);
    const running = launcher.run(other.spec, never);
    await waitUntil(() => other.said('begun') !== null, { what: 'a run that it might be of' });
    const trial = shell(`setsid ./threads & ${until('pid')}`);
    execFileSync('cc', ['-x', 'c', '-o', join(trial.dir, 'threads'), '-', '-pthread'], { input: THREADS });
    expect(await launcher.run(trial.spec, never)).toMatchObject({ cause: 'exited', exitCode: 0 });
    // While the second goes on, the process looks like a zombie.
    expect(existsSync(`/proc/${await pidIn(trial, 'pid')}`)).toBe(false);
    writeFileSync(join(other.dir, 'go'), 'go');
    await running;
  });

  test('a whole tree of sessions is ended, down to the last', async () => {
    const trial = shell(
      `setsid sh -c 'setsid sh -c "setsid sleep 600 & echo \\$! > c; wait" & echo $! > b; wait' & echo $! > a; ${until('c')}`,
    );
    const exit = await openLauncher().run(trial.spec, never);
    expect(exit).toMatchObject({ cause: 'exited', exitCode: 0 });
    for (const name of ['a', 'b', 'c']) expect(isAlive(await pidIn(trial, name))).toBe(false);
    expect(exit.message).toMatch(/^\d left-over processes killed$/);
  });

  test('of many generations, each in a session of its own, none is alive once the end is told', async () => {
    const launcher = openLauncher();
    // Each becomes the launcher's child as its parent dies: the last may come while the launcher looks at those before.
    const rounds = Array.from({ length: 40 }, async () => {
      const trial = shell(`echo 'n=$1
        if [ $n -gt 0 ]; then setsid sh generation $((n - 1)) & wait
        else echo $$ > last; exec sleep 600
        fi' > generation; setsid sh generation 8 & wait`);
      const stopper = new Stopper();
      const running = launcher.run(trial.spec, stopper.signal);
      await pidIn(trial, 'last');
      stopper.stop({ graceMs: 0 });
      expect(await running).toMatchObject({ cause: 'stopped' });
      expect(pidsWithEnv(TOKEN_VARIABLE, trial.spec.token)).toEqual([]);
    });
    await Promise.all(rounds);
  });

  test('behind hundreds of other children, too, none is overlooked', async () => {
    const launcher = openLauncher();
    const many = shell(
      'n=0; while [ $n -lt 1000 ]; do (setsid sleep 600 &); n=$((n + 1)); done; echo $n > n; exec sleep 600',
    );
    const stopper = new Stopper();
    const others = launcher.run(many.spec, stopper.signal);
    await pidIn(many, 'n');
    const trial = shell('setsid sleep 600 & echo $! > pid');
    await launcher.run(trial.spec, never);
    expect(isAlive(await pidIn(trial, 'pid'))).toBe(false);
    stopper.stop({ graceMs: 0 });
    expect(await others).toMatchObject({ cause: 'stopped' });
    expect(pidsWithEnv(TOKEN_VARIABLE, many.spec.token)).toEqual([]);
  });

  test('an end reaches those of another session with TERM, so that they can end well', async () => {
    const trial = shell(
      `setsid sh -c 'trap "echo bye > bye; exit 0" TERM; echo $$ > pid; while :; do sleep 0.02; done' & trap : TERM; ${until('bye')}; exit 3`,
      { timeoutMs: 1000 },
    );
    expect(await openLauncher().run(trial.spec, never)).toMatchObject({ cause: 'timed_out', exitCode: 3 });
    expect(trial.said('bye')).toBe('bye');
  });

  test('what prints after its leader ended is kept', async () => {
    const trial = shell('(sleep 0.3; echo late) & echo early');
    const exit = await openLauncher().run(trial.spec, never);
    expect(await printed(exit, trial.spec)).toBe('early\nlate\n');
  });

  test('a run that asks for it leaves them alive, and able to print', async () => {
    const launcher = openLauncher();
    const line = `setsid sh -c 'echo $$ > pid; while :; do echo x; date > beat; sleep 0.02; done' & ${until('pid')}`;
    const trial = shell(line, asking({ stragglers: 'leave' }));
    await launcher.ready();
    const stopwatch = startStopwatch(launcherPid() ?? 0);
    expect(await launcher.run(trial.spec, never)).toMatchObject({
      cause: 'exited',
      exitCode: 0,
      message: null,
    });
    expect(stopwatch.elapsedMs()).toBeLessThan(1800);
    const pid = await pidIn(trial, 'pid');
    // It goes on, through the ends of other runs, though its pipe has been filled many times over.
    await launcher.run(shell('sleep 600 & true').spec, never);
    writeFileSync(join(trial.dir, 'beat'), '');
    await waitUntil(() => readFileSync(join(trial.dir, 'beat'), 'latin1').length > 0, {
      what: 'another beat',
    });
    expect(isAlive(pid)).toBe(true);
    killQuietly(pid);
  });

  test('one that is left alone is not taken for a stranger while it becomes another program', async () => {
    const launcher = openLauncher();
    const trial = shell(`setsid sh again & ${until('pid')}`, asking({ stragglers: 'leave' }));
    writeFileSync(join(trial.dir, 'again'), 'test -s pid || echo $$ > pid; exec sh again');
    await launcher.run(trial.spec, never);
    const pid = await pidIn(trial, 'pid');
    // Each end is an occasion to look at it.
    for (let n = 0; n < 40; n += 1) await launcher.run(argv(['true']).spec, never);
    expect(isAlive(pid)).toBe(true);
  });

  test('zombies of a run that goes on are reaped meanwhile', async () => {
    const trial = shell(`(sh -c 'echo $$ > pid' &) ; ${until('go')}`);
    const running = openLauncher().run(trial.spec, never);
    const pid = await pidIn(trial, 'pid');
    await waitUntil(() => processState(pid) === null, { what: 'the zombie to be reaped' });
    writeFileSync(join(trial.dir, 'go'), 'go');
    await running;
  });

  test.runIf(asRoot)(
    'a fork bomb under a limit of processes is ended, and the launcher goes on',
    async () => {
      // A user of its own, so that the limit counts nobody else's processes.
      const user = { uid: 61_234, gid: 61_234 };
      const bomb = shell('b() { b | b & }; b; sleep 600', asking({ user, limits: { processes: 60 } }));
      const launcher = openLauncher();
      const exit = await launcher.run({ ...bomb.spec, cwd: '/', timeoutMs: 700, graceMs: 100 }, never);
      expect(exit).toMatchObject({ cause: 'timed_out' });
      expect(await launcher.run(shell('exit 4').spec, never)).toMatchObject({ cause: 'exited', exitCode: 4 });
      const left = argv(['pgrep', '-u', String(user.uid)]);
      expect(await launcher.run(left.spec, never)).toMatchObject({ exitCode: 1 });
    },
  );

  test('a run that kills its parent is ended, reported, and the next run has a new launcher', async () => {
    const launcher = openLauncher();
    const other = shell('echo $$ > pid; exec sleep 600');
    const neighbour = launcher.run(other.spec, never);
    const pid = await pidIn(other, 'pid');
    const died = launcherPid();
    const trial = shell(`${DAEMON}; ${until('daemon')}; kill -9 $PPID; exec sleep 600`);
    expect(await launcher.run(trial.spec, never)).toMatchObject({
      cause: 'launcher_died',
      exitCode: null,
      message: 'lost: its launcher ended: SIGKILL',
    });
    expect(await neighbour).toMatchObject({ cause: 'launcher_died' });
    expect(isAlive(pid)).toBe(false);
    expect(await launcher.run(shell('exit 5').spec, never)).toMatchObject({ cause: 'exited', exitCode: 5 });
    expect(launcherPid()).not.toBe(died);
    // Nothing in this test can find it any more but its pid: it hid its token, and its launcher is gone.
    killQuietly(await pidIn(trial, 'daemon'));
  });

  test('TERM, INT and HUP do not end the launcher before its worker does', async () => {
    const launcher = openLauncher();
    const trial = shell(`echo $$ > pid; ${until('go')}; exit 6`);
    const running = launcher.run(trial.spec, never);
    await pidIn(trial, 'pid');
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.kill(launcherPid() ?? 0, signal);
    writeFileSync(join(trial.dir, 'go'), 'go');
    expect(await running).toMatchObject({ cause: 'exited', exitCode: 6 });
  });
});
