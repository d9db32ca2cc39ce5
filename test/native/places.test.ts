/** Starts that wait for a place, as the program itself keeps them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { waitUntil } from '../support/processes.js';
import { buildLauncher, whyNot } from './build.js';
import { deadline, end, endNow, shared, start, withdraw } from './frames.mjs';
import { type Talk, talkTo } from './talk.js';

const program = buildLauncher('sanitized');

const open = (): Talk => talkTo([program ?? '']);
const STAGE = 'withdrawn';

/** A run that goes on until the test makes the file `go`. */
const HOLD = ['until test -e go; do sleep 0.01; done'];

function waiting(talk: Talk, run: number, argv: string[], places = 1): Buffer {
  return start(talk.dir, {
    run,
    argv,
    places,
    note: `${talk.dir}/note.${run}`,
    output: `${talk.dir}/log.${run}`,
  });
}

function orderOf(talk: Talk, type: 'started' | 'exit'): number[] {
  return talk.events.flatMap((event) => (event.type === type ? [event.run] : []));
}

describe.skipIf(program === null)(`a start that waits${whyNot(program)}`, () => {
  test('is begun in its turn as soon as there is a place, without a word from the worker', async () => {
    const talk = open();
    talk.say(...[1, 2, 3, 4, 5].map((run) => waiting(talk, run, ['echo $$ >> order'])));
    await talk.hear('exit', ({ run }) => run === 5);
    expect(orderOf(talk, 'started')).toEqual([1, 2, 3, 4, 5]);
    expect(orderOf(talk, 'exit')).toEqual([1, 2, 3, 4, 5]);
    const pids = readFileSync(join(talk.dir, 'order'), 'utf8').trim().split('\n').map(Number);
    expect(talk.events.flatMap((event) => (event.type === 'started' ? [event.pid] : []))).toEqual(pids);
    expect(talk.errors).toEqual([]);
  });

  test('never makes more runs than there are places', async () => {
    const talk = open();
    const line =
      'echo >> in; n=$(wc -l < in); m=$(wc -l < out); echo $((n - m)) >> running; sleep 0.02; echo >> out';
    talk.say(start(talk.dir, { run: 99, argv: [': > out'] }));
    await talk.hear('exit', ({ run }) => run === 99);
    talk.say(...Array.from({ length: 12 }, (_, index) => waiting(talk, index + 1, [line], 3)));
    await waitUntil(() => orderOf(talk, 'exit').length === 13, { what: 'all ends' });
    const running = readFileSync(join(talk.dir, 'running'), 'utf8').trim().split('\n').map(Number);
    expect(Math.max(...running)).toBeLessThanOrEqual(3);
  });

  test('is not noted, and nothing of it is done, until then', async () => {
    const talk = open();
    talk.say(waiting(talk, 1, HOLD), waiting(talk, 2, ['true']));
    await talk.hear('started');
    talk.say(start(talk.dir, { run: 3 }));
    await talk.hear('exit', ({ run }) => run === 3);
    expect(existsSync(join(talk.dir, 'note.1'))).toBe(true);
    expect(existsSync(join(talk.dir, 'note.2'))).toBe(false);
  });

  test('counts its timeout from its real start', async () => {
    const talk = open();
    talk.say(waiting(talk, 1, ['sleep 0.4']));
    const late = { note: `${talk.dir}/note.2`, output: `${talk.dir}/log.2`, places: 1, timeoutMs: 300 };
    talk.say(start(talk.dir, { run: 2, argv: ['sleep 0.05'], ...late }));
    expect(await talk.hear('exit', ({ run }) => run === 2)).toMatchObject({ cause: 'exited', exitCode: 0 });
  });

  test('that is withdrawn is said to be so and never begun; what runs goes on', async () => {
    const talk = open();
    talk.say(
      waiting(talk, 1, HOLD),
      waiting(talk, 2, ['echo 2 > 2']),
      waiting(talk, 3, ['echo 3 > 3']),
      withdraw(),
    );
    for (const run of [2, 3])
      expect(await talk.hear('start_failed', (event) => event.run === run)).toMatchObject({ stage: STAGE });
    // A withdrawn number is free again.
    talk.say(waiting(talk, 2, ['echo 2 > again']), start(talk.dir, { run: 9, argv: ['echo > go'] }));
    expect(await talk.hear('exit', ({ run }) => run === 1)).toMatchObject({ cause: 'exited', exitCode: 0 });
    await talk.hear('exit', ({ run }) => run === 2);
    expect(['2', '3', 'again'].map((name) => existsSync(join(talk.dir, name)))).toEqual([false, false, true]);
  });

  for (const [name, command] of [
    ['an end', end],
    ['an end now', endNow],
  ] as const) {
    test(`is withdrawn by ${name}, and by nothing for another`, async () => {
      const talk = open();
      talk.say(waiting(talk, 1, HOLD), waiting(talk, 2, ['true']), waiting(talk, 3, ['true']), command(2));
      expect(await talk.hear('start_failed')).toMatchObject({ run: 2, stage: STAGE });
      talk.say(start(talk.dir, { run: 9, argv: ['echo > go'] }));
      await talk.hear('exit', ({ run }) => run === 3);
      expect(orderOf(talk, 'started').filter((run) => run !== 9)).toEqual([1, 3]);
    });
  }

  test('is never begun once the commands have ended', async () => {
    const talk = open();
    talk.say(waiting(talk, 1, ['exec sleep 600']), waiting(talk, 2, ['echo 2 > 2']));
    await talk.hear('started');
    talk.child.stdin.end();
    expect(await talk.hear('exit')).toMatchObject({ run: 1, cause: 'ended', signal: 15 });
    expect(await talk.ended()).toBe(0);
    expect(orderOf(talk, 'started')).toEqual([1]);
    expect(existsSync(join(talk.dir, '2'))).toBe(false);
    expect(talk.errors).toEqual([]);
  });

  test('is not begun after the lease is over', async () => {
    const talk = open();
    talk.say(waiting(talk, 1, ['exec sleep 600']), waiting(talk, 2, ['echo 2 > 2']));
    await talk.hear('started');
    talk.say(deadline(Number(process.hrtime.bigint() / 1000n), 1, 500));
    expect(await talk.hear('exit')).toMatchObject({ run: 1, cause: 'lease' });
    expect(await talk.hear('start_failed')).toMatchObject({ run: 2, stage: 'lease' });
  });

  test('keeps its number: another start with it is refused', async () => {
    const talk = open();
    talk.say(waiting(talk, 1, HOLD), waiting(talk, 2, ['true']), waiting(talk, 2, ['true']));
    expect(await talk.hear('error')).toMatchObject({ run: 2, code: 3 });
  });

  test('and cannot be begun makes room for the next', async () => {
    const talk = open();
    const lost = { run: 2, places: 1, cwd: '/no/such/directory', note: `${talk.dir}/note.2` };
    talk.say(waiting(talk, 1, ['sleep 0.05']), start(talk.dir, lost), waiting(talk, 3, ['true']));
    expect(await talk.hear('start_failed')).toMatchObject({ run: 2, stage: 'directory' });
    expect(await talk.hear('exit', ({ run }) => run === 3)).toMatchObject({ exitCode: 0 });
  });

  test('more of them than it keeps are given back as trouble of the machine', async () => {
    const talk = open();
    talk.say(
      waiting(talk, 1, HOLD),
      ...Array.from({ length: 1025 }, (_, n) => waiting(talk, n + 2, ['true'])),
    );
    expect(await talk.hear('start_failed')).toMatchObject({ run: 1026, stage: 'machine' });
  });
});

describe.skipIf(program === null)(`the shared environment${whyNot(program)}`, () => {
  test('is added to by each start, whose own words win', async () => {
    const talk = open();
    const env = ['OWN=own', 'BOTH=own', 'EMPTY='];
    talk.say(shared(['PATH=/bin:/usr/bin', 'BOTH=shared', 'BOTHER=shared', 'EMPTY=shared']));
    talk.say(
      start(talk.dir, { flags: 9, env, argv: ['env > env'] }),
      start(talk.dir, { run: 2, argv: ['env > env2'] }),
    );
    for (const id of [1, 2]) await talk.hear('exit', ({ run }) => run === id);
    const seen = readFileSync(join(talk.dir, 'env'), 'utf8').trim().split('\n');
    for (const word of [...env, 'PATH=/bin:/usr/bin', 'BOTHER=shared']) expect(seen).toContain(word);
    expect(seen.filter((word) => /^(BOTH|EMPTY|OWN)=/.test(word)).toSorted()).toEqual(env.toSorted());
    expect(readFileSync(join(talk.dir, 'env2'), 'utf8')).not.toContain('shared');
  });

  test('comes once, and before the first start that needs it', async () => {
    const talk = open();
    talk.say(start(talk.dir, { flags: 9 }));
    expect(await talk.hear('error')).toMatchObject({ run: 1, code: 3 });
    talk.say(shared([]), shared([]));
    expect(await talk.hear('error', ({ run }) => run === 0)).toMatchObject({ code: 3 });
    talk.say(start(talk.dir, { run: 2, flags: 9, env: [] }));
    expect(await talk.hear('exit')).toMatchObject({ run: 2, exitCode: 0 });
    talk.child.stdin.end();
    expect(await talk.ended()).toBe(0);
    expect(talk.errors).toEqual([]);
  });
});
