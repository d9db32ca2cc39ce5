/** What a person sees on a terminal. */
import { expect, test } from 'vitest';
import { createCli, hasProgram } from '../support/cli.js';
import { inTerminal } from './terminal.js';

const ESC = '\x1b';
const LOCAL_TIME = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d';

test('a terminal gets boxes, local times and colour; NO_COLOR, --no-color and TERM=dumb take the colour away', async ({
  skip,
}) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  await cli.enqueueAll([
    { command: 'exit 3', max_retries: 1 },
    { command: 'true', delay: '1h' },
  ]);
  await cli.drain();
  const colored = await inTerminal(cli, 'queuectl list --state dead');
  expect(colored.toString()).toContain(`${ESC}[31mdead`);
  for (const line of [
    'NO_COLOR=1 queuectl',
    'queuectl --no-color',
    'TERM=dumb queuectl',
    'FORCE_COLOR=0 queuectl',
  ]) {
    const plain = (await inTerminal(cli, `${line} list --state dead,scheduled`)).toString().split('\r\n');
    expect(plain.slice(0, 3)).toEqual([
      '--- Jobs (dead, scheduled) ---',
      '┌────┬─────────┬───────────┬──────────┬─────────────────────┐',
      '│ id │ command │ state     │ attempts │ updated_at          │',
    ]);
    expect(plain[4]).toMatch(new RegExp(`^│ 1  │ exit 3  │ dead      │        1 │ ${LOCAL_TIME} │$`));
  }
  expect((await cli.run(['list', '--state', 'dead'], { env: { FORCE_COLOR: '1' } })).stdout).not.toContain(
    ESC,
  );
});

test('a box fits the width of the terminal: what does not fit ends with an ellipsis', async ({ skip }) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  await cli.enqueueAll([{ command: `echo ${'long '.repeat(50)}` }, { command: 'echo 日本語 ü' }]);
  const box = (await inTerminal(cli, 'NO_COLOR=1 queuectl list', { columns: 80 })).toString().split('\r\n');
  expect(box[1]).toHaveLength(80);
  expect(box[4]).toMatch(/^│ 1  │ echo long .*… │ pending │/);
  expect(box[4]).toHaveLength(80);
  expect(box[5]).toMatch(/^│ 2  │ echo 日本語 ü +│ pending │/);
});

test('errors are coloured on a terminal only, and JSON is indented there', async ({ skip }) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const cli = createCli();
  expect((await inTerminal(cli, 'queuectl show 9')).toString()).toBe(
    `${ESC}[31merror:${ESC}[39m no job "9"\r\n${ESC}[2mhint:${ESC}[22m queuectl list --state all shows what there is\r\n`,
  );
  const json = (
    await inTerminal(cli, 'queuectl config get jitter --json; queuectl run -- echo hi')
  ).toString();
  expect(json).toBe('{\r\n  "jitter": 0\r\n}\r\nhi\r\n');
});
