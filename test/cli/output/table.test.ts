import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxTable } from '../../../src/cli/output/box.js';
import { createStyle } from '../../../src/cli/output/style.js';
import { instantCell, tsvTable } from '../../../src/cli/output/table.js';
import { cutToWidth, textWidth } from '../../../src/cli/output/width.js';

const plain = createStyle(false);
const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é', '漢', '字', '👍', '\u0301', '\t') });

/** What a reader of TSV does. */
function unescape(field: string): string {
  const short: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\' };
  return field.replace(
    /\\(?:x(..)|u\{(\w+)\}|u(....)|(.))/g,
    (_, byte?: string, long?: string, unit?: string, letter = '') => {
      const code = byte ?? long ?? unit;
      return code === undefined ? (short[letter] ?? '') : String.fromCodePoint(Number.parseInt(code, 16));
    },
  );
}

describe('TSV', () => {
  it('gives every text back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 2 }), { maxLength: 4 }),
        (rows) => {
          const lines = tsvTable({ columns: [{ name: 'a' }, { name: 'b' }], rows }).split('\n');
          expect(lines[0]).toBe('a\tb');
          expect(lines.at(-1)).toBe('');
          const read = lines.slice(1, -1).map((line) => line.split('\t').map(unescape));
          expect(read).toEqual(rows.map((row) => row.map((field) => field.toWellFormed())));
        },
      ),
    );
  });

  it('has instants in ISO 8601 UTC, and nothing for what is missing', () => {
    const rows = [[instantCell(0), null]];
    expect(tsvTable({ columns: [{ name: 'at' }, { name: 'x' }], rows })).toBe(
      'at\tx\n1970-01-01T00:00:00.000Z\t\n',
    );
  });
});

describe('a box', () => {
  it('has lines of one width, whatever is in it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(text, { minLength: 3, maxLength: 3 })),
        fc.integer({ min: 30, max: 120 }),
        (rows, width) => {
          const columns = [{ name: 'id' }, { name: 'command' }, { name: 'n', right: true as const }];
          const lines = boxTable({ columns, rows }, width, plain).trimEnd().split('\n');
          const widths = new Set(lines.map(textWidth));
          expect(widths.size).toBe(1);
          expect([...widths][0]).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  it('is drawn so', () => {
    const columns = [{ name: 'id' }, { name: 'command' }];
    expect(
      boxTable(
        {
          columns,
          rows: [
            ['1', '漢字'],
            ['2', 'a\nb'],
          ],
        },
        80,
        plain,
      ),
    ).toBe(
      [
        '┌────┬─────────┐',
        '│ id │ command │',
        '├────┼─────────┤',
        '│ 1  │ 漢字    │',
        '│ 2  │ a\\nb    │',
        '└────┴─────────┘',
        '',
      ].join('\n'),
    );
  });

  it('colours a state and nothing that contains one', () => {
    const columns = [{ name: 'command' }, { name: 'state' }];
    const drawn = boxTable({ columns, rows: [['echo dead', 'dead']] }, 80, createStyle(true));
    expect(drawn).toContain(' echo dead ');
    expect(drawn).toContain('\u001b[31mdead');
  });
});

describe('cutToWidth', () => {
  it('fits, and keeps what fits', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (whole, width) => {
        const cut = cutToWidth(whole, width);
        expect(textWidth(cut)).toBeLessThanOrEqual(width);
        const kept = textWidth(whole) <= width ? whole : cut.slice(0, -1);
        expect(cut.startsWith(kept) && whole.startsWith(kept)).toBe(true);
      }),
    );
  });
});
