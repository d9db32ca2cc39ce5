import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enqueueLines } from '../../src/cli/enqueue-lines.js';
import { openQueue } from '../../src/open-queue.js';
import type { Queue } from '../../src/queue.js';

let home: string;
let queue: Queue;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'queuectl-lines-'));
  queue = await openQueue(home, { env: {} });
});

afterEach(async () => {
  await queue.close();
  rmSync(home, { recursive: true });
});

async function* asSource(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** Stores the lines; the ids in the order in which they were told. */
async function enqueue(
  lines: readonly string[],
  onConflict: 'error' | 'ignore' = 'error',
): Promise<string[]> {
  const ids: string[] = [];
  await enqueueLines(queue, asSource(lines.join('\n')), {
    onConflict,
    defaults: { cwd: '/' },
    onStored: (results) => ids.push(...results.map((result) => result.id)),
  });
  return ids;
}

async function stored(): Promise<string[]> {
  return (await queue.list({ limit: 10_000 })).map((job) => job.id);
}

function jobs(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `{"command":"true","id":"j${index + 1}"}`);
}

describe('enqueueLines', () => {
  it('stores every line, in order, over many transactions', async () => {
    const ids = await enqueue(jobs(2500));
    expect(ids).toEqual(Array.from({ length: 2500 }, (_, index) => `j${index + 1}`));
    expect((await stored()).toSorted()).toEqual(ids.toSorted());
  });

  it('a job runs where its line says, else where the caller is', async () => {
    await enqueue(['{"command":"true"}', '{"command":"true","cwd":"/tmp"}']);
    expect((await queue.list()).map((job) => job.cwd)).toEqual(['/', '/tmp']);
  });

  it.each([
    ['no command', '{"priority":1}', /line 1501: job has no "command"/],
    ['no JSON', '{"command"', /invalid JSON at line 1501, column 11/],
    ['an id that is stored already', '{"command":"true","id":"j7"}', /line 1501: job "j7" exists already/],
  ])('%s: the jobs before the bad line are stored, none after it', async (_, bad, message) => {
    const attempt = enqueue([...jobs(1500), bad, '{"command":"true","id":"after"}']);
    await expect(attempt).rejects.toMatchObject({ code: 'partial', message: expect.stringMatching(message) });
    expect((await stored()).toSorted()).toEqual(
      Array.from({ length: 1500 }, (_, index) => `j${index + 1}`).toSorted(),
    );
  });

  it('the first of several bad lines is the one that is named', async () => {
    await expect(enqueue(['{"comand":"x"}', '{"command"'])).rejects.toMatchObject({
      code: 'usage',
      message: 'line 1: unknown field "comand"',
    });
  });

  it('a bad first line changes nothing and keeps its own code', async () => {
    await enqueue(['{"command":"true","id":"a"}']);
    await expect(enqueue(['{"command":"true","id":"a"}', '{"command":"true"}'])).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await stored()).toEqual(['a']);
  });

  it('stored ids may be passed over', async () => {
    await enqueue(['{"command":"true","id":"a"}']);
    await enqueue(['{"command":"true","id":"a"}', '{"command":"true","id":"b"}'], 'ignore');
    expect(await stored()).toEqual(['a', 'b']);
  });
});
