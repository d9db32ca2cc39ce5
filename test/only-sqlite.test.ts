/** What a run on PostgreSQL leaves out must be there: a test that was given another title would be tried on it again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ONLY_SQLITE } from './support/only-sqlite.js';

test('each test that a run on PostgreSQL leaves out is there', () => {
  for (const { file, titles = [] } of ONLY_SQLITE) {
    const text = readFileSync(join(import.meta.dirname, '..', file), 'utf8');
    for (const title of titles) {
      const begins = text.split(title).slice(0, -1);
      expect(
        begins.some((before) => /test(\.each\(.*\))?\(\s*'$/.test(before)),
        title,
      ).toBe(true);
    }
  }
});
