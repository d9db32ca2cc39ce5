import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { logFile, noteFile } from '../../src/output/log-file.js';
import { removeLogs } from '../../src/output/remove.js';
import { temporaryDir } from './files.js';

function write(file: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'x');
  return file;
}

describe('the files of a run', () => {
  test('each run has its own, named by numbers, a thousand jobs to a directory', () => {
    expect(logFile('/h/logs', 1, 1)).toBe('/h/logs/0/1.1.log');
    expect(logFile('/h/logs', 999, 12)).toBe('/h/logs/0/999.12.log');
    expect(logFile('/h/logs', 1000, 1)).toBe('/h/logs/1/1000.1.log');
    expect(logFile('/h/logs', 12_345_678, 3)).toBe('/h/logs/12345/12345678.3.log');
    expect(noteFile('/h/run', 12, 3)).toBe('/h/run/12.3');
  });

  test("removing a job's logs removes all its runs and nobody else's", async () => {
    const logs = temporaryDir();
    const removed = [1, 2, 13].map((run) => write(logFile(logs, 1, run)));
    const kept = [
      logFile(logs, 11, 1),
      logFile(logs, 2, 1),
      join(logs, '0', '1.x.log'),
      join(logs, '0', '1.1.log.gz'),
    ];
    kept.forEach(write);
    await removeLogs(logs, [1]);
    expect(removed.filter((file) => existsSync(file))).toEqual([]);
    expect(kept.filter((file) => existsSync(file))).toEqual(kept);
  });

  test('many jobs may be given at once, also ones without logs; empty directories go', async () => {
    const logs = temporaryDir();
    for (const seq of [1, 999, 1000, 5000]) write(logFile(logs, seq, 1));
    await removeLogs(logs, [1, 500, 999, 1000, 77_000]);
    expect(readdirSync(logs)).toEqual(['5']);
    await removeLogs(join(logs, 'missing'), [1]);
  });
});
