import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { readFileRange, readTail } from '../../src/output/read.js';
import { temporaryDir, textOf } from './files.js';

function tenDigits(): string {
  const file = join(temporaryDir(), '1.1.log');
  writeFileSync(file, '0123456789');
  return file;
}

describe('reading output', () => {
  test('a range is what lies between its offsets', async () => {
    const file = tenDigits();
    expect(await textOf(readFileRange(file))).toBe('0123456789');
    expect(await textOf(readFileRange(file, 4))).toBe('456789');
    expect(await textOf(readFileRange(file, 4, 6))).toBe('45');
    expect(await textOf(readFileRange(file, 10))).toBe('');
    expect(await textOf(readFileRange(file, 99))).toBe('');
  });

  test('a tail is the end, and says where it begins', async () => {
    const file = tenDigits();
    expect(await readTail(file, 3)).toEqual({ offset: 7, bytes: Buffer.from('789') });
    expect(await readTail(file, 99)).toEqual({ offset: 0, bytes: Buffer.from('0123456789') });
    expect(await readTail(file, 0)).toEqual({ offset: 10, bytes: Buffer.alloc(0) });
  });

  test('a missing file is an empty one', async () => {
    const file = join(temporaryDir(), 'missing');
    expect(await textOf(readFileRange(file))).toBe('');
    expect(await readTail(file, 10)).toEqual({ offset: 0, bytes: new Uint8Array(0) });
  });

  test('a large file never stands in memory as a whole', async () => {
    const file = join(temporaryDir(), '1.1.log');
    writeFileSync(file, '');
    truncateSync(file, 300 * 1024 * 1024);
    const before = process.memoryUsage().rss;
    let bytes = 0;
    for await (const chunk of readFileRange(file)) {
      expect(chunk.length).toBeLessThanOrEqual(64 * 1024);
      bytes += chunk.length;
    }
    expect(bytes).toBe(300 * 1024 * 1024);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });

  test('chunks may be kept: a later one does not overwrite them', async () => {
    const file = join(temporaryDir(), '1.1.log');
    writeFileSync(file, Buffer.concat([Buffer.alloc(64 * 1024, 'a'), Buffer.alloc(64 * 1024, 'b')]));
    const text = await textOf(readFileRange(file));
    expect(text).toBe('a'.repeat(64 * 1024) + 'b'.repeat(64 * 1024));
  });

  test('a symlink in the place of a log is not followed', async () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'secret'), 'secret');
    symlinkSync('secret', join(dir, '1.1.log'));
    await expect(textOf(readFileRange(join(dir, '1.1.log')))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(readTail(join(dir, '1.1.log'), 5)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('a reader that stops early leaves nothing open', async () => {
    const dir = join(temporaryDir(), 'logs');
    mkdirSync(dir);
    const file = join(dir, '1.1.log');
    writeFileSync(file, Buffer.alloc(200_000));
    // Far more often than a process may have open files.
    for (let n = 0; n < 3000; n += 1) {
      for await (const chunk of readFileRange(file)) {
        expect(chunk.length).toBe(64 * 1024);
        break;
      }
    }
  });
});
