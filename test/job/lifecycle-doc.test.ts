/** docs/job-lifecycle.md says exactly what the table of transitions says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TRANSITIONS } from '../../src/job/state.js';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'job-lifecycle.md');
const HEAD = ['operation', 'from', 'to'];

/** The rows of the one table with that head. */
function documentedRows(): string[][] {
  const lines = readFileSync(PAGE, 'utf8').split('\n').map(cells);
  const head = lines.findIndex((line) => line.join() === HEAD.join());
  if (head < 0) throw new Error(`no table | ${HEAD.join(' | ')} | in ${PAGE}`);
  const body = lines.slice(head + 2);
  const end = body.findIndex((line) => line.length !== HEAD.length);
  return end < 0 ? body : body.slice(0, end);
}

function cells(line: string): string[] {
  const text = line.trim();
  if (!text.startsWith('|') || !text.endsWith('|')) return [];
  return text
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim().replaceAll('`', ''));
}

test('each row of the page is in the code, and each rule of the code is on the page', () => {
  const coded = Object.entries(TRANSITIONS).flatMap(([operation, rules]) =>
    Object.entries(rules).map(([from, to]) =>
      [operation.replace('_', ' '), from, to.map(String).toSorted().join(', ')].join(' | '),
    ),
  );
  const documented = documentedRows().map(([operation = '', from = '', to = '']) =>
    [operation.replace('_', ' '), from, to.split(/,\s*/).toSorted().join(', ')].join(' | '),
  );
  expect(documented.toSorted()).toEqual(coded.toSorted());
});
