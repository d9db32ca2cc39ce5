import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { isAlive } from '../support/processes.js';
import { buildLauncher, whyNot } from './build.js';
import { deadline, end, endNow, frame, hello, number, start, text } from './frames.mjs';
import { type Talk, talkTo } from './talk.js';

const ROOT = join(import.meta.dirname, '..', '..');
const plain = buildLauncher();
const sanitized = plain === null ? null : buildLauncher('sanitized');

/** The words of a comment, from its second paragraph on. */
function words(file: string): string {
  const source = readFileSync(join(ROOT, file), 'utf8');
  const comment = source.slice(source.indexOf('/*'), source.indexOf('*/'));
  return comment
    .replaceAll(/^\s*\* ?/gm, '')
    .split('\n\n')
    .slice(1)
    .join('\n\n')
    .trim();
}

test('both sides describe the protocol in the same words', () => {
  expect(words('src/launcher/protocol.ts')).toBe(words('native/protocol.c'));
});

test('both sides describe the log in the same words', () => {
  const [, theirs = ''] = /\n\n(A log is[^]*)$/.exec(`\n\n${words('native/log.c')}`) ?? [];
  expect(words('src/output/records.ts')).toBe(theirs);
});

async function startSleeper(talk: Talk): Promise<number> {
  talk.say(start(talk.dir, { argv: ['exec sleep 600'] }));
  return (await talk.hear('started', ({ run }) => run === 1)).pid;
}

for (const [name, program] of [
  ['', plain],
  [', sanitized', sanitized],
] as const) {
  const reason = program === null ? ' (it cannot be built here)' : '';
  describe.skipIf(program === null)(`the program${name}${reason}`, () => {
    const open = (options?: { greet?: boolean }): Talk => talkTo([program ?? ''], options);

    test('answers a hello, and ends with the commands', async () => {
      const talk = open();
      expect(await talk.hear('hello')).toMatchObject({ version: 3, pid: talk.child.pid });
      talk.child.stdin.end();
      expect(await talk.ended()).toBe(0);
      expect(talk.errors).toEqual([]);
    });

    test('reports a start, output and an end', async () => {
      const talk = open();
      talk.say(start(talk.dir, { flags: 5, argv: ['echo out; echo err >&2; exit 3'] }));
      expect(await talk.hear('exit')).toMatchObject({ run: 1, cause: 'exited', exitCode: 3, signal: 0 });
      const { pid, startTime } = await talk.hear('started');
      expect(pid).toBeGreaterThan(1);
      expect(startTime).toMatch(/^\d+$/);
      const outputs = talk.events.filter((event) => event.type === 'output');
      const said = (name: string): string =>
        outputs.map(({ stream, bytes }) => (stream === name ? Buffer.from(bytes).toString() : '')).join('');
      expect([said('stdout'), said('stderr')]).toEqual(['out\n', 'err\n']);
    });

    test('a run that may open fewer files than the three it has keeps its own output', async () => {
      const talk = open();
      talk.say(start(talk.dir, { flags: 5, files: 1, argv: ['true'] }));
      // It cannot load its library, and says so: in its own output, not in the launcher's.
      expect(await talk.hear('exit')).toMatchObject({ cause: 'exited', exitCode: 127 });
      const outputs = talk.events.filter((event) => event.type === 'output');
      expect(outputs.map(({ bytes }) => Buffer.from(bytes).toString()).join('')).not.toBe('');
      talk.child.stdin.end();
      expect(await talk.ended()).toBe(0);
      expect(talk.errors).toEqual([]);
    });

    test('passes on a signal of any kind, and kills after the grace', async () => {
      const talk = open();
      talk.say(start(talk.dir, { argv: ["trap 'echo > usr1' USR1; while :; do sleep 0.01; done"] }));
      await talk.hear('started');
      talk.say(end(1, 10, 300));
      expect(await talk.hear('exit')).toMatchObject({ cause: 'ended' });
    });

    test('ends a run at once where it is told so, and forgives an end that comes too late', async () => {
      const talk = open();
      const pid = await startSleeper(talk);
      talk.say(endNow(1));
      expect(await talk.hear('exit')).toMatchObject({ cause: 'ended', signal: 9 });
      expect(isAlive(pid)).toBe(false);
      talk.say(endNow(1), end(1), end(77), start(talk.dir, { run: 2 }));
      expect(await talk.hear('exit', ({ run }) => run === 2)).toMatchObject({ exitCode: 0 });
      expect(talk.events.some(({ type }) => type === 'error')).toBe(false);
    });

    test('takes frames in pieces of any length', async () => {
      const talk = open({ greet: false });
      for (const byte of Buffer.concat([hello(), start(talk.dir, { argv: ['exit 9'] })]))
        talk.child.stdin.write(Buffer.from([byte]));
      expect(await talk.hear('exit')).toMatchObject({ exitCode: 9 });
    });

    test('refuses a type it does not know, and goes on', async () => {
      const talk = open();
      talk.say(frame(99, number(1, 4)), frame(0), start(talk.dir));
      expect(await talk.hear('error')).toMatchObject({ run: 0, code: 2 });
      expect(await talk.hear('exit')).toMatchObject({ exitCode: 0 });
    });

    test('refuses each wrong field by itself, with a reason, and goes on', async () => {
      const talk = open();
      const whole = start(talk.dir).subarray(5);
      const wrong: [string, Buffer][] = [
        ['the number 0', start(talk.dir, { run: 0 })],
        ['flags of the future', start(talk.dir, { flags: 1 << 10 })],
        ['flags of the past', start(talk.dir, { flags: 1 + 2 + 8 })],
        ['two inputs', start(talk.dir, { flags: 32 + 64, stdin: 'a\0' })],
        ['an input file without a NUL', start(talk.dir, { flags: 32, stdin: 'a' })],
        ['an input file of no name', start(talk.dir, { flags: 32 })],
        ['an input file with a NUL within', start(talk.dir, { flags: 32, stdin: 'a\0b\0' })],
        ['two lines for the shell', start(talk.dir, { argv: ['a', 'b'] })],
        ['no line for the shell', start(talk.dir, { argv: [] })],
        ['no argv', start(talk.dir, { flags: 0, argv: [] })],
        ['an empty token', start(talk.dir, { token: '' })],
        ['a token that would break out of the note', start(talk.dir, { token: 'a","pid":1' })],
        ['a long token', start(talk.dir, { token: 'a'.repeat(129) })],
        ['no note', start(talk.dir, { note: '' })],
        ['no draft of it', start(talk.dir, { draft: '' })],
        ['no output', start(talk.dir, { output: '' })],
        ['a long name', start(talk.dir, { note: `/${'a'.repeat(4096)}` })],
        ['a small cap', start(talk.dir, { cap: 1000 })],
        ['a umask', start(talk.dir, { umask: 0o1000 })],
        ['niceness', start(talk.dir, { nice: 20 })],
        ['a user of -1', start(talk.dir, { uid: -1 })],
        ['a byte too many', frame(2, whole, Buffer.from([0]))],
        ['a byte too few', frame(2, whole.subarray(0, -1))],
        ['nothing at all', frame(2)],
        ['an end of nothing', frame(3)],
        ['signal 0', end(1, 0)],
        ['signal 65', end(1, 65)],
        ['half an end', frame(3, number(1, 4), number(15, 4))],
        ['an end and more', frame(4, number(1, 4), number(1, 1))],
        ['half a deadline', frame(5, number(1, 8))],
        ['KILL before TERM', deadline(0, 2, 1)],
        ['a deadline from the future', deadline(2 ** 52, 1, 2)],
      ];
      talk.say(...wrong.map(([, bytes]) => bytes), start(talk.dir, { run: 5 }));
      await talk.hear('exit', ({ run }) => run === 5);
      const errors = talk.events.filter((event) => event.type === 'error');
      expect(errors.map(({ code }) => code)).toEqual(wrong.map(() => 3));
      for (const { message } of errors) expect(message).not.toBe('');
      expect(talk.events.filter(({ type }) => type === 'started')).toHaveLength(1);
      expect(talk.errors).toEqual([]);
    });

    test('a start that is cut anywhere is refused', async () => {
      const talk = open();
      const whole = start(talk.dir).subarray(5);
      for (let length = 0; length < whole.length; length += 1) talk.say(frame(2, whole.subarray(0, length)));
      talk.say(start(talk.dir, { run: 5 }));
      await talk.hear('exit', ({ run }) => run === 5);
      expect(talk.events.filter(({ type }) => type === 'error')).toHaveLength(whole.length);
    });

    test('a number in use is refused, and its run goes on', async () => {
      const talk = open();
      const pid = await startSleeper(talk);
      talk.say(start(talk.dir));
      expect(await talk.hear('error')).toMatchObject({ run: 1, code: 3 });
      expect(isAlive(pid)).toBe(true);
    });

    const garbage: [string, Buffer, boolean][] = [
      ['a command before the hello', end(1), false],
      ['a second hello', hello(), true],
      ['another version', hello(99), false],
      ['a lock that cannot be taken', hello(3, '/no/such/dir/lock'), false],
      ['a hello with more in it', frame(1, number(2, 2), text(''), number(1, 1)), false],
      ['an empty frame', number(0, 4), true],
      ['a frame over the largest', number(8 * 1024 * 1024 + 1, 4), true],
      ['a frame of 4 GiB', number(2 ** 32 - 1, 4), true],
    ];
    for (const [what, bytes, greet] of garbage) {
      test(`${what} is garbage: every run is ended, then the launcher`, async () => {
        const talk = open({ greet });
        const pid = greet ? await startSleeper(talk) : null;
        talk.say(bytes);
        expect(await talk.hear('error')).toMatchObject({ run: 0, code: 1 });
        if (pid !== null) expect(await talk.hear('exit')).toMatchObject({ cause: 'ended', signal: 15 });
        expect(await talk.ended()).toBe(0);
        expect(pid !== null && isAlive(pid)).toBe(false);
        expect(talk.errors).toEqual([]);
      });
    }

    test('a frame that is cut off by the end is forgotten, and every run is ended', async () => {
      const talk = open();
      const pid = await startSleeper(talk);
      talk.child.stdin.end(start(talk.dir, { run: 2 }).subarray(0, 50));
      expect(await talk.hear('exit')).toMatchObject({ cause: 'ended', signal: 15 });
      expect(await talk.ended()).toBe(0);
      expect(isAlive(pid)).toBe(false);
    });

    test('the largest frame is taken', async () => {
      const talk = open();
      const env = Array.from({ length: 80 }, (_, n) => `V${n}=${'x'.repeat(100_000)}`);
      talk.say(start(talk.dir, { env, flags: 0 }));
      // Too long for the system, not for us.
      expect(await talk.hear('start_failed')).toMatchObject({ errno: 7, stage: 'exec' });
    });

    test('more runs than it has room for are given back, and it goes on', async () => {
      const talk = open();
      talk.say(
        ...Array.from({ length: 1030 }, (_, n) => start(talk.dir, { run: n + 1, argv: ['exec sleep 600'] })),
      );
      await talk.hear('start_failed');
      expect(await talk.hear('start_failed')).toMatchObject({ stage: 'machine' });
      talk.child.stdin.end();
      expect(await talk.ended()).toBe(0);
    }, 120_000);
  });
}

const hasValgrind = existsSync('/usr/bin/valgrind');
test.skipIf(!hasValgrind || plain === null)(
  `under valgrind it is clean${hasValgrind ? '' : ' (valgrind is not installed)'}`,
  async () => {
    const tool = ['valgrind', '--quiet', '--error-exitcode=99', '--leak-check=full', '--trace-children=no'];
    const talk = talkTo([...tool, plain ?? '']);
    talk.say(
      start(talk.dir, { flags: 5, argv: ['echo out; echo err >&2; sleep 0.1; head -c 100000 /dev/zero'] }),
      start(talk.dir, { run: 2, argv: ['exec sleep 600'] }),
      start(talk.dir, { run: 3, flags: 64, argv: ['cat'], stdin: 'input', cap: 262_144 }),
      start(talk.dir, { run: 0 }),
      frame(99),
    );
    expect(await talk.hear('exit', ({ run }) => run === 1)).toMatchObject({ exitCode: 0 });
    expect(await talk.hear('exit', ({ run }) => run === 3)).toMatchObject({ exitCode: 0, printedBytes: 5 });
    talk.say(end(2));
    await talk.hear('exit', ({ run }) => run === 2);
    talk.child.stdin.end();
    expect(await talk.ended()).toBe(0);
    expect(talk.errors.join('')).toBe('');
  },
);

test.skipIf(sanitized === null)(`five seconds of random frames do not break it${whyNot(sanitized)}`, () => {
  execFileSync(process.execPath, [join(import.meta.dirname, 'fuzz.mjs'), '5'], { stdio: 'pipe' });
});
