import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { endLeftovers } from '../../src/launcher/leftovers.js';
import { bootId, processStartTime } from '../../src/launcher/process-identity.js';
import { TOKEN_VARIABLE } from '../../src/launcher/run-token.js';
import {
  groupMembers,
  isAlive,
  killQuietly,
  pidsWithEnv,
  processState,
  waitUntil,
} from '../support/processes.js';
import { bundle } from './bundle.js';
import { shell } from './runs.js';

interface Leader {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly startTime: string;
  readonly token: string;
  readonly dir: string;
}

/** A process of its own session, started as a run's leader is, that says in the file `ready` that it is ready. */
async function startLeader(line: string): Promise<Leader> {
  const dir = mkdtempSync(join(tmpdir(), 'queuectl-leftovers-'));
  const token = randomUUID();
  const env = { PATH: process.env['PATH'] ?? '', [TOKEN_VARIABLE]: token };
  const child = spawn('/bin/sh', ['-c', line], { cwd: dir, env, detached: true, stdio: 'ignore' });
  const { pid } = child;
  if (pid === undefined) throw new Error('the leader did not start');
  onTestFinished(() => {
    killQuietly(-pid);
    for (const left of pidsWithEnv(TOKEN_VARIABLE, token)) killQuietly(left);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  await waitUntil(() => existsSync(join(dir, 'ready')), { what: 'the leader to be ready' });
  const startTime = await waitUntil(() => processStartTime(pid), { what: 'its start time' });
  return { child, pid, startTime, token, dir };
}

function writeNote(dir: string, note: Readonly<Record<string, unknown>>): string {
  const file = join(dir, '1.1');
  writeFileSync(file, JSON.stringify(note));
  return file;
}

function fullNote(leader: Leader): Record<string, unknown> {
  return { token: leader.token, pid: leader.pid, pid_start_time: leader.startTime, boot_id: bootId() };
}

const SLEEP = 'touch ready; exec sleep 600';
const HIDDEN = "exec env -i /bin/sh -c 'touch ready; exec sleep 600'";

/** How many there were is not fixed: the look may come while a shell still runs a command of its own. */
const ENDED = { note: 'read', ended: expect.toSatisfy((count: number) => count >= 1) as number };

describe.runIf(process.platform === 'linux')('what a dead worker left', () => {
  test('after a SIGKILL of the worker, the process, its group and what left the group are ended', async () => {
    const trial = shell(
      'sleep 600 & setsid sh -c "setsid sleep 600 & sleep 600" & env -i sleep 600 & echo $$ > pid; wait',
    );
    const program = await bundle(`
      import { createNodeLauncher } from '../../src/launcher/node-launcher.js';
      await createNodeLauncher().run(${JSON.stringify(trial.spec)}, new AbortController().signal);
    `);
    const worker = spawn(process.execPath, [program], { stdio: 'ignore' });
    const pid = Number(await waitUntil(() => trial.said('pid'), { what: 'the job to run' }));
    const { token } = trial.spec;
    const isComplete = (): boolean =>
      pidsWithEnv(TOKEN_VARIABLE, token).length === 5 && groupMembers(pid).length === 3;
    await waitUntil(isComplete, { what: 'all its processes' });
    worker.kill('SIGKILL');
    await waitUntil(() => worker.signalCode, { what: 'the worker to die' });
    expect(isAlive(pid)).toBe(true);
    expect(await endLeftovers(trial.spec.noteFile)).toMatchObject({ note: 'read' });
    expect(pidsWithEnv(TOKEN_VARIABLE, token)).toEqual([]);
    expect(groupMembers(pid)).toEqual([]);
  });

  test('a process started before its pid was noted is found by the token', async () => {
    const leader = await startLeader(SLEEP);
    const note = writeNote(leader.dir, { token: leader.token, pid: null, pid_start_time: null });
    expect(await endLeftovers(note)).toEqual(ENDED);
    expect(isAlive(leader.pid)).toBe(false);
  });

  test('what left the group is found when the leader is long gone', async () => {
    const leader = await startLeader(`setsid sh -c 'touch ready; exec sleep 600' & sleep 600`);
    process.kill(-leader.pid, 'SIGKILL');
    await waitUntil(() => !isAlive(leader.pid), { what: 'the group to die' });
    expect(pidsWithEnv(TOKEN_VARIABLE, leader.token)).toHaveLength(1);
    await endLeftovers(writeNote(leader.dir, fullNote(leader)));
    expect(pidsWithEnv(TOKEN_VARIABLE, leader.token)).toEqual([]);
  });

  test('a leader that cleared its environment is known by boot, pid and start time', async () => {
    const leader = await startLeader(HIDDEN);
    expect(await endLeftovers(writeNote(leader.dir, fullNote(leader)))).toEqual(ENDED);
    expect(isAlive(leader.pid)).toBe(false);
  });

  test('a stranger is not touched: another token, start time or boot', async () => {
    const marked = await startLeader(SLEEP);
    const hidden = await startLeader(HIDDEN);
    const token = randomUUID();
    for (const note of [
      { ...fullNote(marked), token },
      { ...fullNote(marked), token, pid_start_time: '1' },
      { ...fullNote(hidden), pid_start_time: '1' },
      { ...fullNote(hidden), pid_start_time: null },
      { ...fullNote(hidden), boot_id: 'another' },
      { ...fullNote(hidden), boot_id: undefined },
    ]) {
      expect(await endLeftovers(writeNote(marked.dir, note))).toEqual({ note: 'read', ended: 0 });
    }
    expect(isAlive(marked.pid)).toBe(true);
    expect(isAlive(hidden.pid)).toBe(true);
  });

  test('a missing or broken note kills nothing, and is told apart', async () => {
    const leader = await startLeader(SLEEP);
    const file = join(leader.dir, 'note');
    expect(await endLeftovers(file)).toEqual({ note: 'missing', ended: 0 });
    for (const text of ['', '{', 'null', '[]', '{"token":""}', `{"pid":${leader.pid}}`, `{"token":7}`]) {
      writeFileSync(file, text);
      expect(await endLeftovers(file)).toEqual({ note: 'broken', ended: 0 });
    }
    expect(isAlive(leader.pid)).toBe(true);
  });

  test('it may end well before it is killed', async () => {
    const leader = await startLeader(
      "trap 'touch bye; exit' TERM; touch ready; while :; do sleep 0.02; done",
    );
    await endLeftovers(writeNote(leader.dir, fullNote(leader)), { graceMs: 60_000 });
    expect(existsSync(join(leader.dir, 'bye'))).toBe(true);
  });

  test('one that ignores TERM is killed after the grace', async () => {
    const leader = await startLeader("trap '' TERM; touch ready; while :; do sleep 0.02; done");
    await endLeftovers(writeNote(leader.dir, fullNote(leader)), { graceMs: 50 });
    expect(isAlive(leader.pid)).toBe(false);
  });

  test('a successor that it starts when it is told to end is ended, too', async () => {
    const leader = await startLeader(
      "trap 'setsid sleep 600 & exit' TERM; touch ready; while :; do sleep 0.02; done",
    );
    // Time enough for its successor on any machine: this is not about the KILL.
    const { ended } = await endLeftovers(writeNote(leader.dir, fullNote(leader)), { graceMs: 60_000 });
    expect(pidsWithEnv(TOKEN_VARIABLE, leader.token)).toEqual([]);
    expect(ended).toBeGreaterThanOrEqual(2);
  });

  test('a zombie counts as gone', async () => {
    const leader = await startLeader(
      `exec perl -e 'exit if !($c = fork); open F, ">pid"; print F $c; close F; rename "pid", "ready";
        $ENV{${TOKEN_VARIABLE}} = "other"; exec "sleep", "600"'`,
    );
    const zombie = Number(readFileSync(join(leader.dir, 'ready'), 'utf8'));
    await waitUntil(() => processState(zombie) === 'Z', { what: 'the zombie' });
    const note = writeNote(leader.dir, { token: leader.token, pid: zombie, pid_start_time: '1' });
    expect(await endLeftovers(note)).toEqual({ note: 'read', ended: 0 });
    expect(processState(zombie)).toBe('Z');
    expect(isAlive(leader.pid)).toBe(true);
  });

  test('many runs are ended side by side', async () => {
    const leaders = await Promise.all(Array.from({ length: 20 }, async () => startLeader(SLEEP)));
    const notes = leaders.map((leader) => writeNote(leader.dir, fullNote(leader)));
    expect(await Promise.all(notes.map(async (note) => endLeftovers(note)))).toEqual(
      leaders.map(() => ENDED),
    );
    expect(leaders.filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  test('the process that looks never ends itself', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'queuectl-leftovers-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const token = randomUUID();
    const note = writeNote(dir, { token, pid: 1, pid_start_time: processStartTime(1), boot_id: bootId() });
    const program = await bundle(`
      import { endLeftovers } from '../../src/launcher/leftovers.js';
      await endLeftovers(${JSON.stringify(note)});
    `);
    const env = { PATH: process.env['PATH'] ?? '', [TOKEN_VARIABLE]: token };
    const rescuer = spawn(process.execPath, [program], { env, stdio: 'ignore' });
    await waitUntil(() => rescuer.exitCode !== null || rescuer.signalCode !== null, { what: 'its end' });
    expect(rescuer.exitCode).toBe(0);
  });
});
