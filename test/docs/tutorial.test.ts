/** docs/tutorial.md is a recording: typed again into a terminal, its lines print what it shows. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTerminal } from '../e2e/terminal.js';
import { createCli, hasProgram } from '../support/cli.js';
import { waitUntil } from '../support/processes.js';
import { ROOT } from '../support/user-programs.js';

const PAGE = join(ROOT, 'docs/tutorial.md');
const BLOCK = /(?<=^```console\n).*?(?=^```$)/gms;
/** Where the session takes place, on the page. */
const FOLDER = '/home/ada';
const QUESTION = 'Go on? [y/N]';
/** The page takes well under a minute; a busy machine may take longer. */
const SESSION_MS = 180_000;

/** The commands of a block, each with the lines that it goes on in. */
function commandsOf(block: string): string[] {
  return [...block.matchAll(/^\$ .*(\n> .*)*$/gm)].map(([typed]) => typed);
}

/** A script that shows each command as a person would have typed it, and runs it; nothing of it is our own. */
function scriptOf(blocks: readonly string[]): string {
  const show = (typed: string): string =>
    `cat <<'TYPED'\n${typed}\nTYPED\n${typed.replace(/^[$>] /gm, '')}\n`;
  return blocks.map((block) => commandsOf(block).map(show).join('') + 'echo END-OF-BLOCK').join('\n');
}

/** What the blocks show once they have been typed into one shell, in an empty folder and an empty home. */
async function replay(blocks: readonly string[]): Promise<string[]> {
  const cli = createCli();
  const terminal = await openTerminal(cli, scriptOf(blocks), { columns: 112, rows: 600 });
  const shows = (what: string): Promise<true> =>
    waitUntil(() => terminal.screen().some((line) => line.includes(what)) || null, {
      what: `the session to come to ${what}`,
      timeoutMs: SESSION_MS,
    });
  await shows(QUESTION);
  for (const key of ['y', 'Enter']) terminal.press(key);
  await shows('THE-END');
  const shown = terminal.screen().join('\n').split('END-OF-BLOCK\n').slice(0, -1);
  return shown.map((text) => text.replaceAll(cli.directory, FOLDER));
}

/**
 * A block without what differs from one replay to the next; each stands as a word of its own on both sides: TIME for
 * when something was, FIGURE for how long it took or how much it used, SOME for which of many like jobs is named.
 * As a column may be wider for one number, blanks and the lines of a frame count as one; as causes are listed by
 * when they were last seen, the rows of a hundred jobs come in any order.
 */
function steady(block: string): string[] {
  const lines = block
    .replace(/([ ─])\1+/g, '$1')
    .replace(/\d{4}-\d\d-\d\d [\d:]+/g, 'TIME')
    .replace(/^│.*|^(run_|wait_|cpu|memory|output).*/gm, (line) =>
      line.replace(/(?<=: |│ )(\d+(\.\d+)?(ms|[smKM]))+(?= │|$)/g, 'FIGURE'),
    )
    .replace(/^│ 100 .*/gm, (line) =>
      line.replace(/ \d+ │ TIME/, ' SOME │ TIME').replace(/prices-\d*…/, 'prices-…'),
    )
    .replace(/(?<=jobs: )[\d, ]+(?=…)/g, 'SOME')
    .split('\n');
  const groups = lines.filter((line) => line.startsWith('│ 100 ')).toSorted();
  return lines.map((line) => (line.startsWith('│ 100 ') ? (groups.shift() ?? '') : line));
}

test('the tutorial prints what it shows', { timeout: SESSION_MS }, async ({ skip }) => {
  if (!hasProgram('tmux')) skip('tmux is not installed');
  const page = readFileSync(PAGE, 'utf8');
  const blocks = page.match(BLOCK) ?? [];
  const shown = await replay(blocks);
  // To record it anew: RECORD=1 npx vitest run test/docs/tutorial.test.ts
  if (process.env['RECORD'] === '1') {
    let next = 0;
    writeFileSync(
      PAGE,
      page.replace(BLOCK, () => shown[next++] ?? ''),
    );
    return;
  }
  expect(shown.map(steady)).toEqual(blocks.map(steady));
});
