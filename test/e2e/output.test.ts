/** What jobs print: how much and whatever it is. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCli, hasProgram, peakMemory } from '../support/cli.js';
import { waitUntil } from '../support/processes.js';
import { inTerminal } from './terminal.js';

const HUGE = 100 * 1024 * 1024;

test('a job prints 100 MB: all of it is kept, and the worker does not grow', async () => {
  const cli = createCli();
  // One job in the worker, one in the foreground: the latter passes through a process of ours.
  const printHuge = `head -c ${HUGE} /dev/zero | tr '\\0' x`;
  const expected = createHash('sha256').update(Buffer.alloc(HUGE, 'x')).digest('hex');
  await cli.ok('config', 'set', 'max_output', '200MiB');
  await cli.ok('enqueue', '--', printHuge);
  const worker = await cli.startWorker();
  const before = peakMemory(worker.pid);
  await worker.saw('Job 1 completed successfully.');
  expect(peakMemory(worker.pid) - before).toBeLessThan(50);
  await worker.kill('SIGTERM');
  expect(await cli.json('show', '1')).toMatchObject({ runs: [{ output_bytes: HUGE }] });
  const { stdout } = await cli.shell(
    `queuectl logs 1 | sha256sum; queuectl logs -n 1 1 | wc -c; queuectl show 1 | wc -c`,
  );
  const [sum, last, shown] = stdout.split('\n');
  expect(sum).toMatch(expected);
  expect(Number(last)).toBe(HUGE);
  expect(Number(shown)).toBeLessThan(10_000);
});

/** An escape, a title, a bell, a C1 control, a turned line, bytes that are not UTF-8. */
const NASTY = `printf 'red \\033[31m title \\033]0;x\\007 back\\b c1 \\302\\233 turned \\342\\200\\256 bytes \\377\\n'`;

/** The characters that could act on a terminal; lines of ours end with CR LF. */
function harmfulIn(bytes: Buffer): string[] {
  return bytes.toString().match(/(?![\r\n])[\p{Cc}\u202a-\u202e]/gu) ?? [];
}

test('binary output is raw in a pipe', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', NASTY);
  await cli.drain();
  const { bytes } = await cli.run(['logs', '1']);
  expect(bytes.toString('latin1')).toBe(
    'red \x1b[31m title \x1b]0;x\x07 back\b c1 \xc2\x9b turned \xe2\x80\xae bytes \xff\n',
  );
});

test('binary output is harmless on a terminal, in logs, show and dlq list; --raw alone lets it through', async ({
  skip,
}) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  await cli.ok('enqueue', '--max-retries', '1', '--', `${NASTY}; exit 1`);
  await cli.drain();
  const shown = await inTerminal(cli, 'queuectl logs 1');
  expect(shown.toString()).toContain(
    'red \\x1b[31m title \\x1b]0;x\\x07 back\\x08 c1 \\x9b turned \\u202e bytes \ufffd\r\n',
  );
  for (const line of [
    'NO_COLOR=1 queuectl show 1',
    'queuectl logs -f 1',
    'NO_COLOR=1 queuectl dlq list',
    'NO_COLOR=1 queuectl list --state dead',
  ]) {
    const bytes = await inTerminal(cli, line);
    expect({ line, harmful: harmfulIn(bytes) }).toEqual({ line, harmful: [] });
  }
  expect((await inTerminal(cli, 'queuectl logs --raw 1')).toString('latin1')).toContain('red \x1b[31m title');
});

test('a command with escapes in it cannot act on the terminal of who lists it, nor of the worker', async ({
  skip,
}) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  await cli.enqueueAll([{ command: `: '\u001b[31m\u009b\u202e\n'` }]);
  const bytes = await inTerminal(cli, 'NO_COLOR=1 queuectl list; queuectl worker start --until-empty');
  expect(bytes.toString()).toContain(`Claimed job 1: : '\\x1b[31m\\x9b\\u202e\\n'`);
  expect(harmfulIn(bytes)).toEqual([]);
});

test('what left-over processes of a job print after it is not waited for without end', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'echo before; (while :; do echo after; sleep 0.1; done) &');
  await cli.drain();
  const output = await cli.ok('logs', '1');
  expect(output.startsWith('before\nafter\n')).toBe(true);
  await waitUntil(async () => (await cli.ok('logs', '1')) === output, {
    what: 'the end',
  });
});
