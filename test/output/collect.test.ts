import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { readCollected, removeFile } from '../../src/output/collect.js';
import { temporaryDir } from './files.js';

describe('collecting output', () => {
  test('small output is returned whole, and its file stays until the caller has stored it', () => {
    const file = join(temporaryDir(), '1.1.log');
    const bytes = Buffer.from(Array.from({ length: 16 * 1024 }, (_, n) => n % 256));
    writeFileSync(file, bytes);
    const collected = readCollected(file);
    expect(collected.bytes).toBe(16 * 1024);
    expect(Buffer.from(collected.inline ?? []).equals(bytes)).toBe(true);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    removeFile(file);
    expect(existsSync(file)).toBe(false);
  });

  test('output over the limit stays in its file', () => {
    const file = join(temporaryDir(), '1.1.log');
    writeFileSync(file, Buffer.alloc(16 * 1024 + 1));
    expect(readCollected(file)).toEqual({ bytes: 16 * 1024 + 1, inline: null });
    expect(readCollected(file, 20_000).inline).toHaveLength(16 * 1024 + 1);
  });

  test('an empty file is small output', () => {
    const file = join(temporaryDir(), '1.1.log');
    writeFileSync(file, '');
    expect(readCollected(file)).toEqual({ bytes: 0, inline: Buffer.alloc(0) });
  });

  test('what is not a file of ours is no output, and no failure', () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'secret'), 'secret');
    symlinkSync('secret', join(dir, 'link'));
    mkdirSync(join(dir, 'folder'));
    for (const name of ['missing', 'no/such/folder', 'link', 'folder', 'secret/below']) {
      expect(readCollected(join(dir, name))).toEqual({ bytes: 0, inline: null });
    }
  });

  test('removing what is gone is no failure', () => {
    removeFile(join(temporaryDir(), 'missing'));
  });
});
