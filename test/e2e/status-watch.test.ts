/** `status --watch` and `status --check`. */
import { expect, test } from 'vitest';
import { createCli, hasProgram, linesOf } from '../support/cli.js';
import { waitUntil } from '../support/processes.js';
import { expectRefusals } from './refusals.js';
import { openTerminal } from './terminal.js';

const ESC = '\x1b';

test('status --watch draws each change in place, and Ctrl-C leaves the terminal as it was', async ({
  skip,
}) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  await cli.ok('enqueue', '-g', 'mail', '--', 'true');
  const terminal = await openTerminal(cli, 'echo BEFORE; NO_COLOR=1 queuectl status --watch; echo "code $?"');
  await terminal.shows('--- Queue Summary ---');
  await terminal.shows('1 job is pending and no worker is running');
  expect(terminal.screen().join('\n')).not.toContain('BEFORE');
  await cli.ok('pause', 'sms');
  await terminal.shows('│ sms ');
  await cli.drain();
  await waitUntil(() => terminal.screen().some((line) => /│ completed +│ +1 │/.test(line)), {
    what: 'the end of the job to be shown',
  });
  terminal.press('C-c');
  await terminal.shows('code 130');
  // The screen from before is back, with nothing of ours on it but what the shell printed.
  const shown = terminal.screen().filter((line) => line !== '');
  expect(shown).toEqual(['BEFORE', 'code 130', 'THE-END']);
  const sent = (await terminal.ended()).toString();
  for (const [on, off] of [
    ['?1049h', '?1049l'],
    ['?25l', '?25h'],
    ['?7l', '?7h'],
  ])
    expect(sent.lastIndexOf(`${ESC}[${off}`), `${on} is taken back`).toBeGreaterThan(
      sent.lastIndexOf(`${ESC}[${on}`),
    );
});

test('status --watch fits a small terminal, and follows it when it becomes narrower', async ({ skip }) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  const queues = Array.from({ length: 60 }, (_, n) => ({
    command: 'true',
    queue: `${'long-'.repeat(12)}${n}`,
  }));
  await cli.enqueueAll(queues);
  const terminal = await openTerminal(cli, 'NO_COLOR=1 queuectl status --watch', { columns: 100 });
  await terminal.shows('more lines');
  expect(terminal.screen()[0]).toBe('--- Job Summary ---');
  terminal.resize(70);
  await waitUntil(() => terminal.screen().some((line) => /^┌[─┬]+┐$/.test(line) && line.length === 70), {
    what: 'a box of the new width',
  });
  terminal.press('C-c');
  await terminal.ended();
});

test('status --watch --json prints a line for each change, in a pipe, too', async () => {
  const cli = createCli();
  await cli.ok('enqueue', '--', 'true');
  const watch = cli.start(['status', '--watch', '--json', '--fields', 'jobs,workers']);
  await watch.saw('"pending":1');
  await cli.ok('enqueue', '--', 'true');
  await watch.saw('"pending":2');
  const worker = await cli.startWorker();
  await watch.saw('"workers":{"running":1}');
  await watch.saw('"completed":2');
  await worker.kill('SIGKILL');
  await waitUntil(() => linesOf(watch.stdout()).at(-1)?.includes('"workers":{"running":0}'), {
    what: 'the death of the worker to be told',
  });
  const { code, stdout, stderr } = await watch.kill('SIGINT');
  expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
  const lines = linesOf(stdout);
  expect(new Set(lines).size).toBeGreaterThan(3);
  expect(lines.some((line, index) => line === lines[index - 1])).toBe(false);
  for (const line of lines) expect(Object.keys(JSON.parse(line) as object)).toEqual(['jobs', 'workers']);
});

test('what is not shown makes no line', async () => {
  const cli = createCli();
  const watch = cli.start(['status', '--watch', '--json', '--fields', 'workers']);
  await watch.saw('"running":0');
  const other = cli.start(['status', '--watch', '--json', '--fields', 'jobs']);
  for (let n = 1; n <= 3; n++) {
    await cli.ok('enqueue', '--', 'true');
    await other.saw(`"pending":${n}`);
  }
  await cli.startWorker();
  await watch.saw('"running":1');
  const { stdout } = await watch.kill('SIGINT');
  await other.kill('SIGINT');
  expect(linesOf(stdout)).toEqual(['{"workers":{"running":0}}', '{"workers":{"running":1}}']);
});

test('a reader that goes away ends status --watch quietly', async () => {
  const cli = createCli();
  const { code, stderr } = await cli.shell(
    `(queuectl status --watch --json; echo "code $?" >&2) | head -n 1 > first &
     until [ -s first ]; do sleep 0.02; done
     queuectl enqueue -q -- true > stored
     wait`,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'code 0\n' });
});

test('status --check exits with 0 where a worker runs for every queue with ready jobs, else with 3', async () => {
  const cli = createCli();
  const check = async (...flags: string[]): Promise<unknown[]> => {
    const { code, stdout, stderr } = await cli.run(['status', '--check', ...flags]);
    expect(stderr).toBe('');
    return [code, stdout];
  };
  expect(await check()).toEqual([0, 'no job is ready\n']);
  await cli.enqueueAll([
    { command: 'sleep 600', queue: 'mail' },
    { command: 'true', queue: 'mail' },
    { command: 'true', queue: 'sms' },
  ]);
  expect(await check()).toEqual([
    3,
    'no worker runs for the ready jobs of mail, sms: queuectl worker start --queues mail,sms\n',
  ]);
  expect(await check('-q')).toEqual([3, '']);
  const worker = await cli.startWorker(['--queues', 'mail']);
  await worker.saw('Claimed job 1');
  expect(await check()).toEqual([
    3,
    'no worker runs for the ready jobs of sms: queuectl worker start --queues sms\n',
  ]);
  const [code, json] = await check('--json');
  expect([code, JSON.parse(String(json))]).toEqual([
    3,
    {
      ok: false,
      reason: 'no worker runs for the ready jobs of sms: queuectl worker start --queues sms',
      unserved: ['sms'],
    },
  ]);
  await cli.ok('pause', 'sms');
  expect(await check()).toEqual([0, 'a worker runs for every queue that has ready jobs: mail\n']);
  await cli.ok('worker', 'stop');
  expect(await check()).toEqual([
    3,
    'no worker runs for the ready jobs of mail: queuectl worker start --queues mail\n',
  ]);
  await worker.saw('Shutting down');
  await cli.ok('worker', 'stop', '--now', '--wait');
  expect((await worker.ended).code).toBe(0);
});

test('status refuses what it cannot do', async () => {
  const cli = createCli();
  await expectRefusals(cli, [
    { args: ['status', '--watch', '--check'], message: '--watch and --check exclude each other' },
    { args: ['status', '--watsh'], message: `unknown option '--watsh'`, hint: 'did you mean "--watch"?' },
    { args: ['status', '--fields', 'jobs'], message: '--fields needs --json' },
  ]);
  const { code, stdout, stderr } = await cli.run(['status', '--watch']);
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'error: --watch draws on a terminal\nhint: queuectl status --watch --json prints a line a change\n',
  });
});
