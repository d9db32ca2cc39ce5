import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { bootId, processStartTime, thisProcess } from '../../src/launcher/process-identity.js';
import { parsePs, parseStat, readProcess } from '../../src/launcher/process-table.js';
import { isAlive, processState, waitUntil } from '../support/processes.js';

function sleeper(program = 'sleep'): { pid: number; end: () => Promise<unknown> } {
  const child = spawn(program, ['600'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const end = async (): Promise<unknown> => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    return gone;
  };
  return { pid: child.pid ?? 0, end };
}

describe('the identity of a process', () => {
  test('a start time is the same at every look, until the process is gone', async () => {
    const { pid, end } = sleeper();
    const startTime = processStartTime(pid);
    expect(startTime).not.toBeNull();
    expect(processStartTime(pid)).toBe(startTime);
    await end();
    expect(processStartTime(pid)).toBeNull();
  });

  test('this process is described by what others find out about it', () => {
    expect(thisProcess()).toEqual({
      host: hostname(),
      bootId: bootId(),
      pid: process.pid,
      pidStartTime: processStartTime(process.pid),
    });
    expect(bootId()).not.toBe('');
  });

  test('pids that name no process have no start time', () => {
    for (const pid of [0, -1, 2 ** 22 + 1, 2 ** 31]) expect(processStartTime(pid)).toBeNull();
  });

  test.runIf(process.platform === 'linux')('a zombie has no start time', async () => {
    // It ends only once its parent is a program that waits for no child: a shell might have reaped it.
    const untilExec = 'until read -r name < /proc/$$/comm && [ "$name" = sleep ]; do :; done';
    const shell = spawn('sh', ['-c', `(${untilExec}) & echo $!; exec sleep 600`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void shell.kill('SIGKILL'));
    const [line]: unknown[] = await once(shell.stdout, 'data');
    const pid = Number(String(line));
    await waitUntil(() => processState(pid) === 'Z', { what: 'the zombie' });
    expect(processStartTime(pid)).toBeNull();
    expect(isAlive(pid)).toBe(false);
  });

  test.runIf(process.platform === 'linux')('a name with blanks and parentheses misleads nobody', () => {
    const dir = mkdtempSync(join(tmpdir(), 'queuectl-name-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const program = join(dir, 'a) Z 1 (b');
    copyFileSync(execFileSync('sh', ['-c', 'command -v sleep'], { encoding: 'utf8' }).trim(), program);
    const { pid } = sleeper(program);
    expect(readProcess(pid)).toMatchObject({ pid, groupId: readProcess(process.pid)?.groupId });
    expect(processStartTime(pid)).toMatch(/^\d+$/);
  });

  test('a main thread that ended before its other threads is no zombie', () => {
    const stat = (state: string, threads: number): string =>
      `7 (x) ${state} 1 7 7 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 ${threads} 0 4711 0 0`;
    expect(parseStat(stat('Z', 2))).toEqual({ pid: 7, groupId: 7, sessionId: 7, startTime: '4711' });
    expect(parseStat(stat('Z', 1))).toBeNull();
    expect(parseStat(stat('X', 1))).toBeNull();
    expect(parseStat('')).toBeNull();
  });

  test('lines of ps are read as /proc is', () => {
    const lines = [
      '    1     1 Ss   Tue Nov 24 03:31:00 2026',
      ' 4321  4300 S+   Tue Nov  3 13:31:09 2026',
      '  400   400 Z    Tue Nov 24 03:31:01 2026',
      '',
    ];
    expect(parsePs(lines.join('\n'))).toEqual([
      { pid: 1, groupId: 1, sessionId: 1, startTime: 'Tue Nov 24 03:31:00 2026' },
      { pid: 4321, groupId: 4300, sessionId: 4300, startTime: 'Tue Nov  3 13:31:09 2026' },
    ]);
  });
});
