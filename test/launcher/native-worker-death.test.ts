import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { bootMs } from '../../src/boot-clock.js';
import { endLeftovers } from '../../src/launcher/leftovers.js';
import { probeSessionLock } from '../../src/store/sqlite/session-lock.js';
import { whyNot } from '../native/build.js';
import { kill, startClient, untilGone } from '../native/clients.js';
import { openLauncher, program } from '../native/launchers.js';
import { isAlive, waitUntil } from '../support/processes.js';
import { never, shell, type TrialRun } from './runs.js';

const DEAF = "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done";

async function pidIn(trial: TrialRun, name = 'pid'): Promise<number> {
  return Number(await waitUntil(() => trial.said(name), { what: name }));
}

function probe(file: string): 'held' | 'free' | 'unknown' {
  const { dev, ino } = statSync(file);
  return probeSessionLock(dirname(file), basename(file), `${dev}:${ino}`);
}

function lockFile(): string {
  const dir = mkdtempSync(join(tmpdir(), 'queuectl-lock-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return join(dir, 'launcher.lock');
}

describe.skipIf(program === null)(`the death of a worker${whyNot(program)}`, () => {
  test('by SIGKILL ends all its runs within 2 s, whatever they do', async () => {
    const polite = shell("trap 'echo bye > bye; exit 0' TERM; echo $$ > pid; while :; do sleep 0.02; done");
    const deaf = shell(DEAF);
    const hidden = shell('setsid env -i sh -c "echo \\$\\$ > pid; exec sleep 600" & sleep 600');
    const trials = [polite, deaf, hidden];
    const client = await startClient(trials.map(({ spec }) => spec));
    const pids = await Promise.all(trials.map((trial) => pidIn(trial)));
    await kill(client);
    expect(await untilGone([...pids, client.launcher], client)).toBeLessThan(2000);
    expect(polite.said('bye')).toBe('bye');
  });

  test('together with its launcher, by SIGKILL, ends the leaders at once, and notes tell of the rest', async () => {
    const trial = shell('sleep 600 & echo $! > other; echo $$ > pid; sleep 600');
    const client = await startClient([trial.spec]);
    const pid = await pidIn(trial);
    process.kill(client.launcher, 'SIGKILL');
    await kill(client);
    expect(await untilGone([pid, client.launcher], client)).toBeLessThan(1000);
    expect(await endLeftovers(trial.spec.noteFile)).toMatchObject({ note: 'read' });
    expect(isAlive(await pidIn(trial, 'other'))).toBe(false);
  });

  test('leaves its lock held until the last process is gone', async () => {
    const file = lockFile();
    const trial = shell(DEAF);
    const client = await startClient([trial.spec], { lockFile: file });
    const pid = await pidIn(trial);
    expect(probe(file)).toBe('held');
    await kill(client);
    const seen: string[] = [];
    await waitUntil(
      () => {
        // Asked in this order: the lock must not be free while the process lives.
        const isFree = probe(file) === 'free';
        const isGone = !isAlive(pid);
        seen.push(`${isFree ? 'free' : 'held'} ${isGone ? 'gone' : 'alive'}`);
        return isFree;
      },
      { what: 'the lock to be free' },
    );
    expect(seen[0]).toBe('held alive');
    expect(seen).not.toContain('free alive');
  });

  test('a second launcher cannot take the lock, and says so', async () => {
    const file = lockFile();
    await openLauncher({ lockFile: file }).ready();
    const second = openLauncher({ lockFile: file });
    await expect(second.ready()).rejects.toThrow('the launcher refused');
    expect(await openLauncher({ lockFile: file }).run(shell('true').spec, never)).toMatchObject({
      cause: 'no_resources',
      exitCode: null,
    });
    expect(probe(file)).toBe('held');
  });

  test('closing a launcher ends its runs and removes the lock', async () => {
    const file = lockFile();
    const launcher = openLauncher({ lockFile: file });
    const trial = shell('echo $$ > pid; exec sleep 600');
    const running = launcher.run(trial.spec, never);
    const pid = await pidIn(trial);
    await launcher.close();
    expect(await running).toMatchObject({ cause: 'stopped', signal: 'SIGTERM' });
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(file)).toBe(false);
  });

  test('a stopped worker does not keep a time limit from ending a run', async () => {
    const trial = shell('echo $$ > pid; exec sleep 600', { timeoutMs: 1500 });
    const client = await startClient([trial.spec]);
    const pid = await pidIn(trial);
    process.kill(client.pid, 'SIGSTOP');
    await untilGone([pid], client);
    expect(client.lines).toEqual([]);
    process.kill(client.pid, 'SIGCONT');
    await waitUntil(() => client.lines.length === 1, { what: 'the news of the end' });
    expect(JSON.parse(client.lines[0] ?? '')).toMatchObject({ cause: 'timed_out', signal: 'SIGTERM' });
  });

  test('a stopped worker does not keep its lease from ending every run in time', async () => {
    const polite = shell("trap 'exit 7' TERM; echo $$ > pid; while :; do sleep 0.02; done");
    const deaf = shell(DEAF);
    const deadline = { termAfterMs: 1500, killAfterMs: 2500 };
    const client = await startClient([polite.spec, deaf.spec], { deadline });
    const pids = await Promise.all([pidIn(polite), pidIn(deaf)]);
    process.kill(client.pid, 'SIGSTOP');
    expect(await untilGone(pids, client)).toBeLessThan(2700);
    process.kill(client.pid, 'SIGCONT');
    await waitUntil(() => client.lines.length === 2, { what: 'the news of the ends' });
    const exits = client.lines.map((line) => JSON.parse(line) as object);
    expect(exits).toContainEqual(expect.objectContaining({ cause: 'lease_over', exitCode: 7 }));
    expect(exits).toContainEqual(expect.objectContaining({ cause: 'lease_over', signal: 'SIGKILL' }));
  });

  test('a renewed lease lets runs go on, and without one in force nothing starts', async () => {
    const launcher = openLauncher();
    await launcher.ready();
    const renew = (termAfterMs: number): void =>
      launcher.setDeadline({ askedAtMs: bootMs(), termAfterMs, killAfterMs: termAfterMs });
    renew(300);
    const running = launcher.run(shell('sleep 0.6; exit 8').spec, never);
    renew(60_000);
    expect(await running).toMatchObject({ cause: 'exited', exitCode: 8 });
    renew(0);
    launcher.setDeadline({ askedAtMs: bootMs() - 20, termAfterMs: 1, killAfterMs: 1 });
    expect(await launcher.run(shell('true').spec, never)).toMatchObject({
      cause: 'lease_over',
      exitCode: null,
    });
    launcher.setDeadline(null);
    expect(await launcher.run(shell('exit 9').spec, never)).toMatchObject({ cause: 'exited', exitCode: 9 });
  });

  test('a program that is not there gives the run back, with the reason', async () => {
    const launcher = openLauncher({ program: '/no/such/launcher' });
    await expect(launcher.ready()).rejects.toThrow('cannot start the launcher: ENOENT');
    expect(await launcher.run(shell('true').spec, never)).toMatchObject({
      cause: 'no_resources',
      message: 'cannot start the launcher: ENOENT',
    });
  });
});
