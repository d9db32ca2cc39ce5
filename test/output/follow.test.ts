import { appendFileSync, mkdirSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { followOutput } from '../../src/output/follow.js';
import { LOG_MAGIC } from '../../src/output/records.js';
import type { OutputSelection } from '../../src/output/selection.js';
import { waitUntil } from '../support/processes.js';
import { encode, KINDS } from './encode.js';
import { temporaryDir } from './files.js';

interface Follower {
  /** All that was yielded so far. */
  text: string;
  /** Aborts, and resolves with the whole text. */
  end(): Promise<string>;
}

function follow(file: string, selection?: OutputSelection): Follower {
  const caller = new AbortController();
  onTestFinished(() => caller.abort());
  const follower: Follower = {
    text: '',
    end: async () => {
      caller.abort();
      await done;
      return follower.text;
    },
  };
  const done = (async () => {
    for await (const record of followOutput(file, caller.signal, selection))
      if ('bytes' in record) follower.text += Buffer.from(record.bytes).toString('latin1');
  })();
  return follower;
}

async function untilText(follower: Follower, text: string): Promise<void> {
  await waitUntil(() => follower.text === text, { what: `the text ${JSON.stringify(text)}` });
}

describe('following output', () => {
  test('what is there and what is appended is yielded once, in order', async () => {
    const file = join(temporaryDir(), '1.1.log');
    writeFileSync(file, 'a');
    const follower = follow(file);
    await untilText(follower, 'a');
    for (const letter of 'bcdef') {
      appendFileSync(file, letter);
      await untilText(follower, `abcdef`.slice(0, 'abcdef'.indexOf(letter) + 1));
    }
    expect(await follower.end()).toBe('abcdef');
  });

  test('it can begin with the last lines', async () => {
    const file = join(temporaryDir(), '1.1.log');
    writeFileSync(file, 'one\ntwo\nthree');
    const follower = follow(file, { last: { lines: 2 } });
    await untilText(follower, 'two\nthree');
    appendFileSync(file, 'x\nfour');
    expect(await follower.end()).toBe('two\nthreex\nfour');
  });

  test('records are followed like text, whole ones as they come, and of one stream where that is asked for', async () => {
    const file = join(temporaryDir(), '1.1.log');
    const [both, errors, latest] = [
      follow(file),
      follow(file, { stream: 'stderr' }),
      follow(file, { sinceMs: 2, last: { lines: 1 } }),
    ];
    writeFileSync(file, LOG_MAGIC.subarray(0, 3));
    appendFileSync(file, LOG_MAGIC.subarray(3));
    appendFileSync(file, encode(KINDS.stdout, 1000, Buffer.from('out')));
    await untilText(both, 'out');
    const err = encode(KINDS.stderr, 2000, Buffer.from('err'));
    appendFileSync(file, err.subarray(0, 13));
    appendFileSync(file, err.subarray(13));
    await Promise.all([untilText(both, 'outerr'), untilText(errors, 'err'), untilText(latest, 'err')]);
    appendFileSync(file, encode(KINDS.stdout, 1500, Buffer.from('late')));
    expect(await Promise.all([both.end(), errors.end(), latest.end()])).toEqual([
      'outerrlate',
      'err',
      'errlate',
    ]);
  });

  test('a file that does not exist yet is followed from its creation, its directories too', async () => {
    const dir = temporaryDir();
    for (const file of [join(dir, '1.1.log'), join(dir, 'logs', '0', '1.1.log')]) {
      const follower = follow(file);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, 'a');
      await untilText(follower, 'a');
      appendFileSync(file, 'b');
      await untilText(follower, 'ab');
      expect(await follower.end()).toBe('ab');
    }
  });

  test.runIf(process.platform === 'linux')('a person notices no delay', async () => {
    const file = join(temporaryDir(), '1.1.log');
    writeFileSync(file, '');
    const follower = follow(file);
    const delays: number[] = [];
    for (let n = 1; n <= 30; n += 1) {
      const startedAt = performance.now();
      appendFileSync(file, 'x');
      await waitUntil(() => follower.text.length === n, { what: `the ${n}th letter` });
      delays.push(performance.now() - startedAt);
    }
    const median = delays.toSorted((a, b) => a - b)[15];
    expect(median).toBeLessThan(50);
  });

  test('at the abort, all that the file holds is yielded', async () => {
    const file = join(temporaryDir(), '1.1.log');
    for (let round = 0; round < 20; round += 1) {
      writeFileSync(file, '');
      const follower = follow(file);
      appendFileSync(file, 'x'.repeat(200_000));
      expect((await follower.end()).length).toBe(200_000);
    }
  });

  test('aborted before it began, it still yields what is there', async () => {
    const file = join(temporaryDir(), '1.1.log');
    writeFileSync(file, 'all');
    expect(await follow(file).end()).toBe('all');
    expect(await follow(join(temporaryDir(), 'missing')).end()).toBe('');
  });

  test('a writer that never rests does not keep it from ending', async () => {
    const file = join(temporaryDir(), '1.1.log');
    writeFileSync(file, 'x');
    const caller = new AbortController();
    let bytes = 0;
    for await (const record of followOutput(file, caller.signal)) {
      if (!('bytes' in record)) continue;
      bytes += record.bytes.length;
      // More is appended for each chunk than is read, for ever.
      appendFileSync(file, Buffer.alloc(record.bytes.length + 1));
      if (bytes > 100_000) caller.abort();
    }
    expect(bytes).toBeGreaterThan(100_000);
  });

  test('a file that is removed while it is followed is read to its end', async () => {
    const file = join(temporaryDir(), '1.1.log');
    writeFileSync(file, 'a');
    const follower = follow(file);
    await untilText(follower, 'a');
    appendFileSync(file, 'b');
    unlinkSync(file);
    expect(await follower.end()).toBe('ab');
  });

  test('a file that is cut is followed from its new start', async () => {
    const file = join(temporaryDir(), '1.1.log');
    writeFileSync(file, 'before');
    const follower = follow(file);
    await untilText(follower, 'before');
    truncateSync(file, 0);
    appendFileSync(file, 'new');
    await untilText(follower, 'beforenew');
    await follower.end();
  });
});
