import { appendFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { collectOutput, removeFile } from '../../src/output/collect.js';
import { LOG_MAGIC } from '../../src/output/records.js';
import { encode, encodeAll, gap, KINDS } from './encode.js';
import { temporaryDir } from './files.js';

describe('collecting output', () => {
  test('small output is returned whole, and its file stays until the caller has stored it', async () => {
    const file = join(temporaryDir(), '1.1.log');
    const bytes = Buffer.from(Array.from({ length: 16 * 1024 }, (_, n) => n % 256));
    writeFileSync(file, bytes);
    const collected = await collectOutput(file);
    expect(collected.bytes).toBe(16 * 1024);
    expect(Buffer.from(collected.inline ?? []).equals(bytes)).toBe(true);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    removeFile(file);
    expect(existsSync(file)).toBe(false);
  });

  test('output over the limit stays in its file', async () => {
    const file = join(temporaryDir(), '1.1.log');
    writeFileSync(file, Buffer.alloc(16 * 1024 + 1));
    expect(await collectOutput(file)).toEqual({ bytes: 16 * 1024 + 1, inline: null });
  });

  test('an empty file is small output', async () => {
    const file = join(temporaryDir(), '1.1.log');
    writeFileSync(file, '');
    expect(await collectOutput(file)).toEqual({ bytes: 0, inline: Buffer.alloc(0) });
  });

  test('what is not a file of ours is no output, and no failure', async () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, 'secret'), 'secret');
    symlinkSync('secret', join(dir, 'link'));
    mkdirSync(join(dir, 'folder'));
    for (const name of ['missing', 'no/such/folder', 'link', 'folder', 'secret/below']) {
      expect(await collectOutput(join(dir, name))).toEqual({ bytes: 0, inline: null });
    }
  });

  test('of records it counts what was printed, and keeps them', async () => {
    const file = join(temporaryDir(), '1.1.log');
    const log = encodeAll([
      { kind: 'stdout', timeUs: 1, bytes: Buffer.alloc(10_000, 'a') },
      { kind: 'stderr', timeUs: 2, bytes: Buffer.alloc(6384, 'b') },
    ]);
    writeFileSync(file, log);
    expect(await collectOutput(file)).toEqual({ bytes: 16 * 1024, inline: log });
    appendFileSync(file, encode(KINDS.stdout, 3, Buffer.from('c')));
    expect(await collectOutput(file)).toEqual({ bytes: 16 * 1024 + 1, inline: null });
    // As one with a great many records is: it would be too much for its row.
    writeFileSync(
      file,
      Buffer.concat([LOG_MAGIC, ...Array(2000).fill(encode(KINDS.stdout, 1, Buffer.from('x')))]),
    );
    expect(await collectOutput(file)).toEqual({ bytes: 2000, inline: null });
  });

  test('of a log that a crash cut short it keeps the whole records', async () => {
    const file = join(temporaryDir(), '1.1.log');
    const whole = encodeAll([{ kind: 'stderr', timeUs: 1, bytes: Buffer.from('whole') }]);
    const last = encode(KINDS.stdout, 2, Buffer.from('half'));
    for (let length = 0; length < last.length; length += 1) {
      writeFileSync(file, Buffer.concat([whole, last.subarray(0, length)]));
      expect(await collectOutput(file)).toEqual({ bytes: 5, inline: whole });
    }
    writeFileSync(file, Buffer.concat([whole, Buffer.alloc(9999)]));
    expect(await collectOutput(file)).toEqual({ bytes: 5, inline: whole });
    writeFileSync(file, LOG_MAGIC);
    expect((await collectOutput(file)).bytes).toBe(0);
  });

  test('what is missing was printed, too', async () => {
    const file = join(temporaryDir(), '1.1.log');
    const head = encodeAll([{ kind: 'stdout', timeUs: 1, bytes: Buffer.from('head') }]);
    const resumeAt = head.length + 28 + 5000;
    const tail = encode(KINDS.stdout, 3, Buffer.from('tail'));
    writeFileSync(file, Buffer.concat([head, gap(1_000_000, resumeAt), Buffer.alloc(5000), tail]));
    expect(await collectOutput(file)).toEqual({ bytes: 1_000_008, inline: null });
  });

  test('removing what is gone is no failure', () => {
    removeFile(join(temporaryDir(), 'missing'));
  });
});
